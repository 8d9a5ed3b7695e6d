/** The retired lists of each tenant: nothing that was granted before holds on them. */
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

export type RetiredByTenant = ReadonlyMap<string, ReadonlySet<ListId>>

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

export const retiredByTenant = (rows: readonly RetiredList[]): RetiredByTenant =>
  new Map(
    [...Map.groupBy(rows, ({ tenant }) => tenant)].map(
      ([tenant, lists]) => [tenant, new Set(lists.map(({ list }) => list))] as const,
    ),
  )
