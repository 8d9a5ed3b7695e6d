/** Users: made, changed, listed, removed. Each change is written inside the transaction that it is given. */
import { sql, type Kysely, type Transaction } from 'kysely'
import type { Identity } from '../model/identity.ts'
import { userIdFrom, type TenantName, type UserId } from '../model/ids.ts'
import { roleState, userState } from './audit-state.ts'
import type { Note } from './changes.ts'
import { chunks } from './chunks.ts'
import { missingUser, StoreError } from './store-error.ts'
import type { Tables } from './tables.ts'
import { toSummaries, type UserSummary } from './user-summaries.ts'
import { checkVersion } from './version.ts'

export interface NewUser {
  readonly tenant: TenantName
  /** `^[A-Za-z0-9_.@-]{1,200}$`: see model/user-name.ts. */
  readonly name: string
  readonly kind: Identity['kind']
  readonly roles: readonly string[]
  readonly listRoles: readonly string[]
  /** The rate plan of their own. */
  readonly plan?: string | undefined
  /** In lower case; of people only. */
  readonly email?: string | undefined
  readonly note?: string | undefined
}

/** What `undefined` is left as it is. */
export interface NewRoles {
  readonly roles: readonly string[] | undefined
  readonly listRoles: readonly string[] | undefined
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
  await checkEmail(trx, user.email)
  const inserted = await trx
    .insertInto('users')
    .values({
      tenant: user.tenant,
      name: user.name,
      kind: user.kind,
      status: 'enabled',
      created_at: atMs,
      updated_at: atMs,
      plan: user.plan ?? null,
      email: user.email ?? null,
      note: user.note ?? '',
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
  const { tenant, name, kind, plan, email } = user
  const after = {
    kind,
    status: 'enabled',
    ...(await roleState(trx, inserted.id)),
    plan,
    email,
    note: user.note === '' ? undefined : user.note,
  }
  note({ action: 'user.create', tenant, name, before: undefined, after })
  return userIdFrom(inserted.id)
}

/** Throws a `StoreError` of kind `conflict` where somebody else has this address. */
export async function checkEmail(db: Kysely<Tables>, email: string | undefined, except?: number): Promise<void> {
  if (email === undefined) return
  let query = db.selectFrom('users').select('id').where('email', '=', email)
  if (except !== undefined) query = query.where('id', '!=', except)
  if ((await query.executeTakeFirst()) === undefined) return
  throw new StoreError('conflict', 'somebody else has this e-mail address')
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

/** Something that is shown of the users is another now. */
export async function countChange(trx: Transaction<Tables>, ids: Iterable<number>, atMs: number): Promise<void> {
  for (const chunk of chunks(ids)) {
    await trx
      .updateTable('users')
      .set({ updated_at: atMs, version: sql`version + 1` })
      .where('id', 'in', chunk)
      .execute()
  }
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
    .set({ status, updated_at: atMs, version: sql`version + 1` })
    .where('id', '=', id)
    .where('status', '!=', status)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return
  // Not only refused from now on: what was open must not open again when they are enabled.
  if (status === 'disabled') {
    await trx.deleteFrom('sessions').where('user_id', '=', id).execute()
    await trx.deleteFrom('links').where('user_id', '=', id).execute()
  }
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
  await countChange(trx, [id], atMs)
  note({ action: 'user.set-roles', tenant, name, before, after: await roleState(trx, id) })
}

export async function removeUser(
  trx: Transaction<Tables>,
  tenant: TenantName,
  name: string,
  ifVersion: number | undefined,
  note: Note,
): Promise<void> {
  const id = await userId(trx, tenant, name)
  const { version } = await trx.selectFrom('users').select('version').where('id', '=', id).executeTakeFirstOrThrow()
  checkVersion(version, ifVersion)
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
  return toSummaries(db, await query.execute())
}
