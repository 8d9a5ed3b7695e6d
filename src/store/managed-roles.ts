/** Roles that are managed here: made, changed, removed. Each change is written inside the transaction that it is given. */
import { sql, type Transaction } from 'kysely'
import type { TenantName } from '../model/ids.ts'
import { documentedTime } from '../model/time.ts'
import type { Note } from './changes.ts'
import { chunks } from './chunks.ts'
import type { ListRoleWords, UserRoleWords } from './managed.ts'
import { StoreError } from './store-error.ts'
import type { Tables } from './tables.ts'
import { checkVersion } from './version.ts'

export interface RoleKey {
  readonly tenant: TenantName
  readonly kind: 'user' | 'list'
  readonly name: string
}

export type RoleWords = UserRoleWords | ListRoleWords

export interface RoleContent {
  readonly description: string
  readonly words: RoleWords
}

type Trx = Transaction<Tables>

/** Throws a `StoreError` of kind `conflict` where there is one of that name. */
export async function insertRole(trx: Trx, key: RoleKey, content: RoleContent, atMs: number, note: Note) {
  const { description, words } = content
  const row = { ...key, description, definition: JSON.stringify(words), version: 1, created_at: atMs, updated_at: atMs }
  const inserted = await trx
    .insertInto('managed_roles')
    .values(row)
    .onConflict((conflict) => conflict.columns(['tenant', 'kind', 'name']).doNothing())
    .returning('name')
    .executeTakeFirst()
  if (inserted === undefined) throw new StoreError('conflict', `there is already a ${key.kind} role \`${key.name}\``)
  noteRole(key, 'create', undefined, content, note)
}

/** Throws `missing` where there is none, `stale` where it is not of the version that its author has seen. */
export async function updateRole(
  trx: Trx,
  key: RoleKey,
  content: RoleContent,
  ifVersion: number | undefined,
  atMs: number,
  note: Note,
): Promise<void> {
  const found = await findRole(trx, key, ifVersion)
  const { tenant, kind, name } = key
  await trx
    .updateTable('managed_roles')
    .set({
      description: content.description,
      definition: JSON.stringify(content.words),
      version: found.version + 1,
      updated_at: atMs,
    })
    .where('tenant', '=', tenant)
    .where('kind', '=', kind)
    .where('name', '=', name)
    .execute()
  noteRole(key, 'update', found, content, note)
}

/** Takes it from everybody who holds it: should a role of that name come again, it is theirs no more. Tells who they were. */
export async function removeRole(
  trx: Trx,
  key: RoleKey,
  ifVersion: number | undefined,
  atMs: number,
  note: Note,
): Promise<readonly string[]> {
  const found = await findRole(trx, key, ifVersion)
  const { tenant, kind, name } = key
  const table = kind === 'user' ? 'user_roles_of' : 'list_roles_of'
  const removed = await trx
    .deleteFrom(table)
    .where('role', '=', name)
    .where('user_id', 'in', trx.selectFrom('users').select('id').where('tenant', '=', tenant))
    .returning('user_id')
    .execute()
  const holders: string[] = []
  for (const chunk of chunks(removed.map(({ user_id: id }) => id))) {
    const users = await trx
      .updateTable('users')
      .set({ updated_at: atMs, version: sql`version + 1` })
      .where('id', 'in', chunk)
      .returning('name')
      .execute()
    for (const user of users) holders.push(user.name)
  }
  holders.sort()
  const details = { [kind === 'user' ? 'role' : 'list_role']: name }
  for (const holder of holders)
    note({ action: 'user.lost-role', tenant, name: holder, details, before: details, after: undefined })
  await trx
    .deleteFrom('managed_roles')
    .where('tenant', '=', tenant)
    .where('kind', '=', kind)
    .where('name', '=', name)
    .execute()
  noteRole(key, 'delete', found, undefined, note)
  return holders
}

async function findRole(trx: Trx, { tenant, kind, name }: RoleKey, ifVersion: number | undefined) {
  const row = await trx
    .selectFrom('managed_roles')
    .select(['description', 'definition', 'version'])
    .where('tenant', '=', tenant)
    .where('kind', '=', kind)
    .where('name', '=', name)
    .executeTakeFirst()
  if (row === undefined) throw new StoreError('missing', `there is no managed ${kind} role \`${name}\``)
  checkVersion(row.version, ifVersion)
  return { description: row.description, words: JSON.parse(row.definition) as RoleWords, version: row.version }
}

function noteRole(
  { tenant, kind, name }: RoleKey,
  act: 'create' | 'update' | 'delete',
  before: RoleContent | undefined,
  after: RoleContent | undefined,
  note: Note,
): void {
  const subject = `${kind === 'user' ? 'user role' : 'list role'} ${name}`
  const action = `${kind}-role.${act}`
  note({ action, tenant, name: '', subject, before: before && roleState(before), after: after && roleState(after) })
}

function roleState({ description, words }: RoleContent) {
  if ('permissions' in words) return { description, permissions: words.permissions, admin: words.admin }
  const lists = words.grants.map(({ until, ...grant }) => ({
    ...grant,
    until: until === undefined ? undefined : documentedTime(until),
  }))
  return { description, lists }
}
