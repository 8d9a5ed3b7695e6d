/** How everything in the store reads and changes: with its errors in words, recorded, and told to who remembers. */
import type { Transaction } from 'kysely'
import { termsOf, type By } from '../model/author.ts'
import type { Clock } from '../model/time.ts'
import type { ChangeFeed } from './change-feed.ts'
import { recorded, type Note } from './changes.ts'
import type { Connections } from './connections.ts'
import { selectShared, type SharedMemory } from './shared.ts'
import { explainSqlite } from './store-error.ts'
import type { Tables } from './tables.ts'

/** What is done in one transaction; `atMs` is the time of all of it, epoch milliseconds. */
export type Work<T> = (trx: Transaction<Tables>, atMs: number, note: Note) => Promise<T>

export interface Desk {
  readonly clock: Clock
  using<T>(work: (connections: Connections) => Promise<T>): Promise<T>
  change<T>(by: By, work: Work<T>): Promise<T>
  /** Changes what is kept in memory for all requests: retired lists, managed roles and plans. */
  changeShared<T>(by: By, work: Work<T>): Promise<T>
}

export interface DeskParts {
  readonly file: string
  readonly clock: Clock
  readonly connections: () => Connections
  readonly feed: ChangeFeed
  readonly shared: SharedMemory
}

export function openDesk({ file, clock, connections, feed, shared }: DeskParts): Desk {
  const using: Desk['using'] = async (work) => {
    try {
      return await work(connections())
    } catch (error) {
      throw explainSqlite(error, file, 'unavailable')
    }
  }
  return {
    clock,
    using,
    change: (by, work) =>
      using(async (open) => {
        const stamp = { terms: termsOf(by), atMs: clock.epochMs() }
        const { result, committed } = await recorded(open, stamp, (trx, note) => work(trx, stamp.atMs, note))
        if (committed !== undefined) feed.committed(committed)
        return result
      }),
    // What is shared is read inside the transaction: after the commit there is nothing left that could fail.
    changeShared: (by, work) =>
      using(async (open) => {
        const stamp = { terms: termsOf(by), atMs: clock.epochMs() }
        let rows: Awaited<ReturnType<typeof selectShared>> | undefined
        const { result, committed } = await recorded(open, stamp, async (trx, note) => {
          const done = await work(trx, stamp.atMs, note)
          rows = await selectShared(trx)
          return done
        })
        if (rows !== undefined) shared.replace(rows)
        if (committed !== undefined) feed.committed(committed)
        return result
      }),
  }
}
