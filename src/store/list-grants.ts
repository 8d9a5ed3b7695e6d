/** Lists that users hold directly: given and taken. Each change is written inside the transaction that it is given. */
import type { Transaction } from 'kysely'
import type { DirectGrant } from '../model/identity.ts'
import type { ListId, TenantName } from '../model/ids.ts'
import { grantColumns, grantState } from './audit-state.ts'
import type { Note } from './changes.ts'
import { StoreError } from './store-error.ts'
import type { Tables } from './tables.ts'
import { countChange, userId } from './users.ts'
import { checkVersion } from './version.ts'

interface NamedUser {
  readonly tenant: TenantName
  readonly name: string
  /** The version of the user that its author has seen. */
  readonly ifVersion?: number | undefined
}

/** `sinceMs`: the list was made by a request that began then. Throws a `StoreError` of kind `conflict` where it was deleted after that. */
export async function upsertGrant(
  trx: Transaction<Tables>,
  user: NamedUser,
  { list, get, manage, until }: DirectGrant,
  atMs: number,
  note: Note,
  sinceMs?: number,
): Promise<void> {
  const { tenant, name } = user
  const id = await userIdOf(trx, user)
  if (sinceMs !== undefined) {
    const deleted = await trx
      .selectFrom('retired_lists')
      .select('at')
      .where('tenant', '=', tenant)
      .where('list', '=', list)
      .where('at', '>', sinceMs)
      .executeTakeFirst()
    if (deleted !== undefined) throw new StoreError('conflict', `the list ${list} was deleted meanwhile`)
  }
  const before = await trx
    .selectFrom('list_grants')
    .select(grantColumns)
    .where('user_id', '=', id)
    .where('list', '=', list)
    .executeTakeFirst()
  const given = { get: get ? 1 : 0, manage: manage ? 1 : 0, until: until ?? null, created_at: atMs, withheld_by: null }
  await trx
    .insertInto('list_grants')
    .values({ user_id: id, list, ...given })
    .onConflict((conflict) => conflict.columns(['user_id', 'list']).doUpdateSet(given))
    .execute()
  await countChange(trx, [id], atMs)
  const after = grantState({ list, ...given })
  note({ action: 'list.grant', tenant, name, before: before && grantState(before), after })
}

/** Throws a `StoreError` of kind `missing` when the user holds no such grant. */
export async function removeGrant(
  trx: Transaction<Tables>,
  user: NamedUser,
  list: ListId,
  atMs: number,
  note: Note,
): Promise<void> {
  const { name, tenant } = user
  const id = await userIdOf(trx, user)
  const removed = await trx
    .deleteFrom('list_grants')
    .where('user_id', '=', id)
    .where('list', '=', list)
    .returning(grantColumns)
    .executeTakeFirst()
  if (removed === undefined) {
    throw new StoreError(
      'missing',
      `\`${name}\` holds no grant of their own on list ${list} - see \`sallyport user show ${name}\`; list roles stand in roles.yaml`,
    )
  }
  await countChange(trx, [id], atMs)
  note({ action: 'list.ungrant', tenant, name, before: grantState(removed), after: undefined })
}

async function userIdOf(trx: Transaction<Tables>, { tenant, name, ifVersion }: NamedUser): Promise<number> {
  const id = await userId(trx, tenant, name)
  if (ifVersion === undefined) return id
  const { version } = await trx.selectFrom('users').select('version').where('id', '=', id).executeTakeFirstOrThrow()
  checkVersion(version, ifVersion)
  return id
}
