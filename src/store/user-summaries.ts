/** Users as they are listed: with roles and lists of their own, without tokens. */
import type { Kysely, Selectable } from 'kysely'
import type { DirectGrant, Identity } from '../model/identity.ts'
import { listIdFrom, userIdFrom, type UserId } from '../model/ids.ts'
import { chunks } from './chunks.ts'
import type { Tables } from './tables.ts'

export interface UserSummary {
  readonly tenant: string
  readonly name: string
  readonly kind: Identity['kind']
  readonly roles: readonly string[]
  readonly listRoles: readonly string[]
  readonly id: UserId
  readonly plan: string | undefined
  readonly email: string | undefined
  readonly note: string
  /** Counts changes, from 1. */
  readonly version: number
  readonly status: Identity['status']
  /** In the order of the lists. */
  readonly listGrants: readonly DirectGrant[]
  readonly createdAt: number
  readonly updatedAt: number
}

/** Rows of `users` with what belongs to them. */
export async function toSummaries(
  db: Kysely<Tables>,
  rows: readonly Selectable<Tables['users']>[],
): Promise<readonly UserSummary[]> {
  const ids = rows.map((row) => row.id)
  const roles = await rolesByUser(db, 'user_roles_of', ids)
  const listRoles = await rolesByUser(db, 'list_roles_of', ids)
  const grants = await grantsByUser(db, ids)
  return rows.map((row) => ({
    tenant: row.tenant,
    id: userIdFrom(row.id),
    name: row.name,
    kind: row.kind,
    status: row.status,
    roles: roles.get(row.id) ?? [],
    listRoles: listRoles.get(row.id) ?? [],
    listGrants: grants.get(row.id) ?? [],
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    plan: row.plan ?? undefined,
    email: row.email ?? undefined,
    note: row.note,
    version: row.version,
  }))
}

async function rolesByUser(
  db: Kysely<Tables>,
  table: 'user_roles_of' | 'list_roles_of',
  ids: readonly number[],
): Promise<ReadonlyMap<number, readonly string[]>> {
  const found = new Map<number, string[]>()
  for (const chunk of chunks(ids)) {
    const rows = await db.selectFrom(table).selectAll().where('user_id', 'in', chunk).orderBy('role').execute()
    for (const { user_id: id, role } of rows) found.set(id, [...(found.get(id) ?? []), role])
  }
  return found
}

async function grantsByUser(
  db: Kysely<Tables>,
  ids: readonly number[],
): Promise<ReadonlyMap<number, readonly DirectGrant[]>> {
  const found = new Map<number, DirectGrant[]>()
  for (const chunk of chunks(ids)) {
    const rows = await db
      .selectFrom('list_grants')
      .select(['user_id', 'list', 'get', 'manage', 'until'])
      .where('user_id', 'in', chunk)
      .where('withheld_by', 'is', null)
      .orderBy('list')
      .execute()
    for (const row of rows) {
      const list = listIdFrom(row.list)
      const of = found.get(row.user_id) ?? []
      if (list !== undefined)
        of.push({ list, get: row.get === 1, manage: row.manage === 1, until: row.until ?? undefined })
      found.set(row.user_id, of)
    }
  }
  return found
}
