/** The retired lists of each tenant, in memory: asked on every request, read when they change. */
import type { Kysely } from 'kysely'
import { listIdFrom, type ListId, type TenantName } from '../model/ids.ts'
import type { Tables } from './tables.ts'

export interface RetiredList {
  readonly tenant: string
  readonly list: ListId
  /** Epoch milliseconds. */
  readonly at: number
  /** `unsure`: the deletion is under way, or its answer never came. */
  readonly state: 'gone' | 'unsure'
}

export interface RetiredLists {
  of(tenant: TenantName): ReadonlySet<ListId>
  /** What a transaction of this process has just committed. */
  replace(rows: readonly RetiredList[]): void
  /** Reads what other processes committed. Rejects, and changes nothing, while the store is away. */
  load(read: Kysely<Tables>): Promise<void>
}

/** In the order of tenant and list. */
export async function selectRetired(db: Kysely<Tables>, tenant?: TenantName): Promise<readonly RetiredList[]> {
  let query = db.selectFrom('retired_lists').selectAll().orderBy('tenant').orderBy('list')
  if (tenant !== undefined) query = query.where('tenant', '=', tenant)
  const rows = await query.execute()
  return rows.flatMap((row) => {
    const list = listIdFrom(row.list)
    if (list === undefined) return []
    return [{ tenant: row.tenant, list, at: row.at, state: row.pending_by === null ? 'gone' : 'unsure' } as const]
  })
}

/** One object for all tenants without any: callers compare it to see whether something changed. */
const none: ReadonlySet<ListId> = new Set()

export function retiredLists(): RetiredLists {
  let byTenant: ReadonlyMap<string, ReadonlySet<ListId>> = new Map()
  let version = 0

  const replace = (rows: readonly RetiredList[]): void => {
    const next = Map.groupBy(rows, ({ tenant }) => tenant)
    byTenant = new Map([...next].map(([tenant, lists]) => [tenant, new Set(lists.map(({ list }) => list))] as const))
    version += 1
  }
  return {
    of: (tenant) => byTenant.get(tenant) ?? none,
    replace,
    load: async (read) => {
      for (;;) {
        const before = version
        const rows = await selectRetired(read)
        // INVARIANT: what was read before a commit of this process never takes the place of what was committed.
        if (before === version) return replace(rows)
      }
    },
  }
}
