/** Users: made, changed, listed, removed. Each change is written inside the transaction that it is given. */
import { sql, type Kysely, type Transaction } from 'kysely'
import type { DirectGrant, Identity } from '../model/identity.ts'
import { listIdFrom, userIdFrom, type TenantName, type UserId } from '../model/ids.ts'
import { roleState, userState } from './audit-state.ts'
import type { Note } from './changes.ts'
import { chunks } from './chunks.ts'
import { missingUser, StoreError } from './store-error.ts'
import type { Tables } from './tables.ts'

export interface NewUser {
  readonly tenant: TenantName
  /** `^[A-Za-z0-9_.@-]{1,200}$`: see model/user-name.ts. */
  readonly name: string
  readonly kind: Identity['kind']
  readonly roles: readonly string[]
  readonly listRoles: readonly string[]
}

/** What `undefined` is left as it is. */
export interface NewRoles {
  readonly roles: readonly string[] | undefined
  readonly listRoles: readonly string[] | undefined
}

export interface UserSummary extends Omit<NewUser, 'tenant'> {
  readonly tenant: string
  readonly id: UserId
  readonly status: Identity['status']
  /** In the order of the lists. */
  readonly listGrants: readonly DirectGrant[]
  readonly createdAt: number
  readonly updatedAt: number
}

export interface UserFilter {
  readonly tenant?: TenantName
  /** Names that begin with this. */
  readonly prefix?: string
  /** The last user of the page before. */
  readonly after?: { readonly tenant: string; readonly name: string }
  /** At most this many. */
  readonly limit: number
}

export async function insertUser(trx: Transaction<Tables>, user: NewUser, atMs: number, note: Note): Promise<UserId> {
  const inserted = await trx
    .insertInto('users')
    .values({
      tenant: user.tenant,
      name: user.name,
      kind: user.kind,
      status: 'enabled',
      created_at: atMs,
      updated_at: atMs,
    })
    .onConflict((conflict) => conflict.columns(['tenant', 'name']).doNothing())
    .returning('id')
    .executeTakeFirst()
  if (inserted === undefined) {
    throw new StoreError(
      'conflict',
      `there is already a user \`${user.name}\` in tenant \`${user.tenant}\` - use another name, or \`sallyport user set-roles\``,
    )
  }
  await insertRoles(trx, 'user_roles_of', inserted.id, user.roles)
  await insertRoles(trx, 'list_roles_of', inserted.id, user.listRoles)
  const { tenant, name, kind } = user
  const after = { kind, status: 'enabled', ...(await roleState(trx, inserted.id)) }
  note({ action: 'user.create', tenant, name, before: undefined, after })
  return userIdFrom(inserted.id)
}

async function insertRoles(
  trx: Transaction<Tables>,
  table: 'user_roles_of' | 'list_roles_of',
  userId: number,
  roles: readonly string[],
): Promise<void> {
  const rows = [...new Set(roles)].map((role) => ({ user_id: userId, role }))
  for (const chunk of chunks(rows)) await trx.insertInto(table).values(chunk).execute()
}

/** The user's id; throws a `StoreError` of kind `missing` when there is no such user. */
export async function userId(db: Kysely<Tables>, tenant: TenantName, name: string): Promise<number> {
  const row = await db
    .selectFrom('users')
    .select('id')
    .where('tenant', '=', tenant)
    .where('name', '=', name)
    .executeTakeFirst()
  if (row === undefined) throw missingUser(tenant, name)
  return row.id
}

export async function updateStatus(
  trx: Transaction<Tables>,
  { tenant, name }: { readonly tenant: TenantName; readonly name: string },
  status: Identity['status'],
  atMs: number,
  note: Note,
): Promise<void> {
  const id = await userId(trx, tenant, name)
  const { numUpdatedRows } = await trx
    .updateTable('users')
    .set({ status, updated_at: atMs })
    .where('id', '=', id)
    .where('status', '!=', status)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return
  const before = { status: status === 'enabled' ? 'disabled' : 'enabled' }
  note({ action: `user.${status}`, tenant, name, before, after: { status } })
}

export async function replaceRoles(
  trx: Transaction<Tables>,
  { tenant, name }: { readonly tenant: TenantName; readonly name: string },
  { roles, listRoles }: NewRoles,
  atMs: number,
  note: Note,
): Promise<void> {
  const id = await userId(trx, tenant, name)
  const before = await roleState(trx, id)
  if (roles !== undefined) {
    await trx.deleteFrom('user_roles_of').where('user_id', '=', id).execute()
    await insertRoles(trx, 'user_roles_of', id, roles)
  }
  if (listRoles !== undefined) {
    await trx.deleteFrom('list_roles_of').where('user_id', '=', id).execute()
    await insertRoles(trx, 'list_roles_of', id, listRoles)
  }
  await trx.updateTable('users').set({ updated_at: atMs }).where('id', '=', id).execute()
  note({ action: 'user.set-roles', tenant, name, before, after: await roleState(trx, id) })
}

export async function removeUser(
  trx: Transaction<Tables>,
  tenant: TenantName,
  name: string,
  note: Note,
): Promise<void> {
  const id = await userId(trx, tenant, name)
  const before = await userState(trx, id)
  await trx.deleteFrom('users').where('id', '=', id).execute()
  note({ action: 'user.delete', tenant, name, before, after: undefined })
}

/** In the order of tenant and name. */
export async function selectUsers(db: Kysely<Tables>, filter: UserFilter): Promise<readonly UserSummary[]> {
  const { tenant, prefix, after, limit } = filter
  let query = db.selectFrom('users').selectAll().orderBy('tenant').orderBy('name').limit(limit)
  if (tenant !== undefined) query = query.where('tenant', '=', tenant)
  // Not LIKE: SQLite's ignores the case, and `_` stands in many names.
  if (prefix !== undefined) query = query.where(sql`substr(name, 1, ${prefix.length})`, '=', prefix)
  if (after !== undefined) {
    query = query.where((eb) =>
      eb.or([eb('tenant', '>', after.tenant), eb.and([eb('tenant', '=', after.tenant), eb('name', '>', after.name)])]),
    )
  }
  const rows = await query.execute()
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
