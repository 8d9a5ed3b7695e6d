/** What all requests of a tenant ask, kept in memory: retired lists, managed roles and plans. Read when it changes. */
import type { Kysely } from 'kysely'
import type { ListId, TenantName } from '../model/ids.ts'
import type { ManagedBook } from '../model/managed.ts'
import { bookOf, booksOf, selectManaged, type ManagedBooks, type ManagedRows } from './managed.ts'
import { retiredByTenant, selectRetired, type RetiredByTenant, type RetiredList } from './retired.ts'
import type { Tables } from './tables.ts'

export interface SharedRows {
  readonly retired: readonly RetiredList[]
  readonly managed: ManagedRows
}

export interface SharedMemory {
  retired(tenant: TenantName): ReadonlySet<ListId>
  book(tenant: TenantName): ManagedBook
  /** What a transaction of this process has just committed. */
  replace(rows: SharedRows): void
  /** Reads what other processes committed. Rejects, and changes nothing, while the store is away. */
  load(read: Kysely<Tables>): Promise<void>
}

export const selectShared = async (db: Kysely<Tables>): Promise<SharedRows> => ({
  retired: await selectRetired(db),
  managed: await selectManaged(db),
})

/** One object for all tenants without any: callers compare it to see whether something changed. */
const none: ReadonlySet<ListId> = new Set()

export function sharedMemory(): SharedMemory {
  let retired: RetiredByTenant = new Map()
  let books: ManagedBooks = new Map()
  let version = 0

  const replace = (rows: SharedRows): void => {
    const next = { retired: retiredByTenant(rows.retired), books: booksOf(rows.managed) }
    retired = next.retired
    books = next.books
    version += 1
  }
  return {
    retired: (tenant) => retired.get(tenant) ?? none,
    book: (tenant) => bookOf(books, tenant),
    replace,
    load: async (read) => {
      for (;;) {
        const before = version
        const rows = await selectShared(read)
        // INVARIANT: what was read before a commit of this process never takes the place of what was committed.
        if (before === version) return replace(rows)
      }
    },
  }
}
