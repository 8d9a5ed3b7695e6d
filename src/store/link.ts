/** The connections to the store's file, for as long as that file is still the one at its path. */
import { stat } from 'node:fs/promises'
import { openConnections, type Connections } from './connections.ts'
import { StoreError } from './store-error.ts'

export interface Link {
  /** Throws a `StoreError` of kind `unavailable` while the file is away. */
  connections(): Connections
  /**
   * Looks at the path: `same`, or `replaced` when another file stands there now and was opened.
   * Rejects while there is none that can be used.
   */
  check(): Promise<'same' | 'replaced'>
  close(): void
}

/** A page of SQLite is no smaller: a file that is was emptied. */
const smallestPageBytes = 512

export async function openLink(file: string): Promise<Link> {
  let current = await openConnections(file)
  let opened = await stat(file)
  let away: StoreError | undefined

  const look = async (): Promise<'same' | 'replaced'> => {
    const found = await stat(file).catch(() => undefined)
    // An open file can be read after it was removed: whoever removed it meant that it should not.
    if (found === undefined || found.size < smallestPageBytes) {
      throw new StoreError('unavailable', `${file}: is gone or empty - put it back`)
    }
    if (found.ino === opened.ino && found.dev === opened.dev) return 'same'
    const next = await openConnections(file)
    const old = current
    current = next
    opened = found
    // SQLite leaves the companions of a file alone that is no longer at its path (pager.c, databaseIsUnmoved).
    old.close()
    return 'replaced'
  }

  return {
    connections: () => {
      if (away !== undefined) throw away
      return current
    },
    check: async () => {
      try {
        const found = await look()
        away = undefined
        return found
      } catch (error) {
        away = new StoreError('unavailable', error instanceof Error ? error.message : String(error), { cause: error })
        throw away
      }
    },
    close: () => {
      away = new StoreError('unavailable', `${file}: this store is closed`)
      current.close()
    },
  }
}
