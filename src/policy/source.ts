/** A file of the folder as it was read. */
export interface PolicySource {
  /** As in `Place`: `policies/listmonk.yaml`. */
  readonly file: string
  readonly text: string
}
