/** Several changes of one user at once, on condition that nobody else changed them meanwhile. */
import { sql, type Transaction } from 'kysely'
import type { Identity } from '../model/identity.ts'
import type { TenantName } from '../model/ids.ts'
import type { Note } from './changes.ts'
import { missingUser, StoreError } from './store-error.ts'
import type { Tables } from './tables.ts'
import { checkEmail, replaceRoles, updateStatus } from './users.ts'
import { checkVersion } from './version.ts'

/** What is not there, or `undefined`, is left as it is; `null` takes it away. */
export interface UserChanges {
  readonly status?: Identity['status'] | undefined
  readonly roles?: readonly string[] | undefined
  readonly listRoles?: readonly string[] | undefined
  readonly plan?: string | null | undefined
  readonly email?: string | null | undefined
  readonly note?: string | undefined
}

interface NamedUser {
  readonly tenant: TenantName
  readonly name: string
}

/** Throws a `StoreError`: `missing`, `stale`, or `conflict` where the address is somebody else's or the user is no person. */
export async function updateUser(
  trx: Transaction<Tables>,
  user: NamedUser,
  changes: UserChanges,
  ifVersion: number | undefined,
  atMs: number,
  note: Note,
): Promise<void> {
  const { tenant, name } = user
  const found = await trx
    .selectFrom('users')
    .select(['id', 'kind', 'version', 'plan', 'email', 'note'])
    .where('tenant', '=', tenant)
    .where('name', '=', name)
    .executeTakeFirst()
  if (found === undefined) throw missingUser(tenant, name)
  checkVersion(found.version, ifVersion)
  const { status, roles, listRoles, plan, email, note: text } = changes
  if (email !== undefined && email !== null && found.kind !== 'person') {
    throw new StoreError('conflict', 'only people have an e-mail address')
  }
  await checkEmail(trx, email ?? undefined, found.id)
  if (status !== undefined) await updateStatus(trx, user, status, atMs, note)
  if (roles !== undefined || listRoles !== undefined) await replaceRoles(trx, user, { roles, listRoles }, atMs, note)
  const before = { plan: found.plan, email: found.email, note: found.note }
  const after = {
    plan: plan === undefined ? before.plan : plan,
    email: email === undefined ? before.email : email,
    note: text ?? before.note,
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return
  await trx
    .updateTable('users')
    .set({ ...after, updated_at: atMs, version: sql`version + 1` })
    .where('id', '=', found.id)
    .execute()
  note({ action: 'user.update', tenant, name, before, after })
}
