/** Who makes a change, as the audit trail names them. */

export interface Author {
  /** `cli:eve`, `user:ann`, `gateway`. */
  readonly actor: string
  /** The address from which they asked. */
  readonly origin?: string | undefined
  /** The id of the request, as the log has it. */
  readonly requestId?: string | undefined
}

/** An author of whom nothing but the name is known is that name. */
export type By = string | Author

export const authorOf = (by: By): Author => (typeof by === 'string' ? { actor: by } : by)
