/** What goes wrong with the store, in words for the person who runs it. */

/**
 * `unusable`: the file cannot be opened as a store. `unavailable`: it could, and now cannot be read or written.
 * `missing`: no such user or token. `conflict`: it is there already, or in use. `stale`: it was changed since its author saw it.
 * `reused`: an idempotency key of another request.
 */
export type StoreErrorKind = 'unusable' | 'unavailable' | 'missing' | 'conflict' | 'stale' | 'reused'

export interface NamedUser {
  readonly tenant: string
  readonly name: string
}

/** The message names the file (or the user) and the remedy; one line, no secret. */
export class StoreError extends Error {
  readonly kind: StoreErrorKind
  /** With `conflict` of an import: the users that exist already. */
  readonly conflicts: readonly NamedUser[]

  constructor(
    kind: StoreErrorKind,
    message: string,
    options: ErrorOptions & { conflicts?: readonly NamedUser[] } = {},
  ) {
    super(message, options)
    this.name = 'StoreError'
    this.kind = kind
    this.conflicts = options.conflicts ?? []
  }
}

export const missingUser = (tenant: string, name: string): StoreError =>
  new StoreError('missing', `there is no user \`${name}\` in tenant \`${tenant}\` - see \`sallyport user list\``)

/** Result codes of SQLite (sqlite.org/rescode.html), the low byte, in words with a remedy. */
const sqliteReasons: Readonly<Record<number, string>> = {
  5: 'is locked by another process - end what holds it, or try again',
  8: 'cannot be written - give this process write access to the file and its folder',
  10: 'cannot be read or written by the operating system - check the disk',
  11: 'is damaged - put a backup in its place',
  13: 'cannot grow, the disk is full - make room',
  14: 'cannot be opened - check that the path is right and that this process may read and write it',
  26: 'is not a Sallyport store - name another file in store.file, or put a backup in its place',
}

/** `error` in words about `file`; an error that is not SQLite's stays as it is. */
export function explainSqlite(error: unknown, file: string, kind: 'unusable' | 'unavailable'): unknown {
  const code = sqliteCode(error)
  if (code === undefined) return error
  if (code === 19) return new StoreError('conflict', `${file}: this is there already`, { cause: error })
  const reason = sqliteReasons[code] ?? 'cannot be used at the moment - see the cause in the log'
  return new StoreError(kind, `${file}: ${reason}`, { cause: error })
}

/** The primary result code of an error of node:sqlite, else `undefined`. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  return error.errcode & 0xff
}
