/** State as the audit trail writes it down, before and after a change. Tokens by id and label: never a token or its hash. */
import type { Transaction } from 'kysely'
import type { ListId, TenantName } from '../model/ids.ts'
import { documentedTime } from '../model/time.ts'
import { chunks } from './chunks.ts'
import type { Tables } from './tables.ts'

const time = (epochMs: number | null | undefined): string | undefined =>
  epochMs === null || epochMs === undefined ? undefined : documentedTime(epochMs)

interface TokenRow {
  readonly id: number
  readonly label: string
  readonly not_before: number | null
  readonly expires_at: number | null
  readonly revoked_at: number | null
}

export const tokenState = (row: TokenRow) => ({
  token: row.id,
  label: row.label,
  not_before: time(row.not_before),
  expires_at: time(row.expires_at),
  revoked_at: time(row.revoked_at),
})

export interface GrantRow {
  readonly list: number
  readonly get: number
  readonly manage: number
  readonly until: number | null
  readonly withheld_by: string | null
}

export const grantColumns = ['list', 'get', 'manage', 'until', 'withheld_by'] as const

/** `withheld`: the grant has no effect while the list is deleted, or after a deletion of unknown end. */
export const grantState = ({ list, get, manage, until, withheld_by: withheldBy }: GrantRow) => ({
  list,
  get: get === 1,
  manage: manage === 1,
  until: time(until),
  withheld: withheldBy === null ? undefined : true,
})

export const grantsState = (rows: readonly GrantRow[]) => ({
  list_grants: rows.toSorted((one, other) => one.list - other.list).map(grantState),
})

export async function roleState(trx: Transaction<Tables>, userId: number) {
  const names = async (table: 'user_roles_of' | 'list_roles_of'): Promise<readonly string[]> => {
    const rows = await trx.selectFrom(table).select('role').where('user_id', '=', userId).orderBy('role').execute()
    return rows.map((row) => row.role)
  }
  return { roles: await names('user_roles_of'), list_roles: await names('list_roles_of') }
}

/** Everything that goes with a user. */
export async function userState(trx: Transaction<Tables>, userId: number) {
  const user = await trx
    .selectFrom('users')
    .select(['kind', 'status'])
    .where('id', '=', userId)
    .executeTakeFirstOrThrow()
  const grants = await trx.selectFrom('list_grants').select(grantColumns).where('user_id', '=', userId).execute()
  const tokens = await trx
    .selectFrom('tokens')
    .select(['id', 'label', 'not_before', 'expires_at', 'revoked_at'])
    .where('user_id', '=', userId)
    .orderBy('id')
    .execute()
  return { ...user, ...(await roleState(trx, userId)), ...grantsState(grants), tokens: tokens.map(tokenState) }
}

/** Whether list roles grant nothing on a list: `gone`, or `unsure` while its deletion has no known end. */
export type Retired = false | 'unsure' | 'gone'

export async function retiredState(
  trx: Transaction<Tables>,
  tenant: TenantName,
  lists: Iterable<ListId>,
): Promise<(list: ListId) => { readonly retired: Retired }> {
  const marked = new Map<number, Retired>()
  for (const chunk of chunks(lists)) {
    const rows = await trx
      .selectFrom('retired_lists')
      .select(['list', 'pending_by'])
      .where('tenant', '=', tenant)
      .where('list', 'in', chunk)
      .execute()
    for (const row of rows) marked.set(row.list, row.pending_by === null ? 'gone' : 'unsure')
  }
  return (list) => ({ retired: marked.get(list) ?? false })
}
