/** Something that changes the body of an answer while it streams by. */
export interface BodyFilter {
  /** What can go out; empty when everything is held back. */
  write(chunk: Buffer): Buffer
  /** The rest, once all has come. */
  end(): Buffer | Promise<Buffer>
}
