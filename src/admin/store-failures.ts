/** What the store says, as failures of the admin API. Pure. */
import { Failure, refused } from '../model/failure.ts'
import { StoreError } from '../store/store-error.ts'

/** The failure that `error` is to the caller; anything that is not the store's is as it was. */
export function failureOf(error: unknown): unknown {
  if (error instanceof Failure || !(error instanceof StoreError)) return error
  switch (error.kind) {
    case 'missing':
      return refused('not-found', { message: shown(error.message), cause: error })
    case 'conflict':
      // SQLite's own word of a constraint names the file.
      return refused(
        'conflict',
        error.cause === undefined ? { message: shown(error.message), cause: error } : { cause: error },
      )
    case 'stale':
      return refused('precondition-failed', { cause: error })
    case 'reused':
      return refused('key-reused', { cause: error })
    case 'unavailable':
    case 'unusable':
      return refused('store-unavailable', { cause: error, retryAfterSeconds: 1 })
  }
}

/** Its messages are for the command line too: what follows the dash names commands. */
const shown = (message: string): string => message.split(' - ')[0]?.replaceAll('`', '') ?? message
