/** One-time links: the one that sets the first administrator up, and those with which people set a password. */
import type { Kysely, Transaction } from 'kysely'
import { userIdFrom, type TenantName, type UserId } from '../model/ids.ts'
import type { Note } from './changes.ts'
import { mustBePerson, writePassword } from './people.ts'
import { StoreError } from './store-error.ts'
import type { Tables } from './tables.ts'
import { insertUser } from './users.ts'

const ofNobody = { tenant: '', name: '', subject: 'gateway', isQuiet: true } as const

/** Times are epoch milliseconds. */
export interface NewLink {
  readonly sha256: Buffer
  readonly expiresAt: number
}

export type Link =
  | { readonly purpose: 'setup'; readonly expiresAt: number }
  | { readonly purpose: 'password'; readonly user: UserId; readonly expiresAt: number }

/** Takes the place of any set-up link there was. */
export async function writeSetupLink(
  trx: Transaction<Tables>,
  { sha256, expiresAt }: NewLink,
  atMs: number,
  note: Note,
): Promise<void> {
  await trx
    .deleteFrom('links')
    .where((eb) => eb.or([eb('purpose', '=', 'setup'), eb('expires_at', '<=', atMs)]))
    .execute()
  const row = { sha256, purpose: 'setup' as const, user_id: null, created_at: atMs, expires_at: expiresAt }
  await trx.insertInto('links').values(row).execute()
  // Whoever holds it can administer everything.
  note({ action: 'gateway.setup-link', ...ofNobody, before: undefined, after: undefined })
}

/** Takes the place of any link that the person had. */
export async function writePasswordLink(
  trx: Transaction<Tables>,
  user: UserId,
  { sha256, expiresAt }: NewLink,
  atMs: number,
  note: Note,
): Promise<void> {
  const { tenant, name } = await mustBePerson(trx, user)
  await trx.deleteFrom('links').where('user_id', '=', user).execute()
  const row = { sha256, purpose: 'password' as const, user_id: user, created_at: atMs, expires_at: expiresAt }
  await trx.insertInto('links').values(row).execute()
  note({ action: 'person.link', tenant, name, before: undefined, after: undefined, isQuiet: true })
}

/** The link with this hash, while it holds. */
export async function findLink(db: Kysely<Tables>, sha256: Buffer, nowMs: number): Promise<Link | undefined> {
  const row = await db
    .selectFrom('links')
    .select(['purpose', 'user_id', 'expires_at'])
    .where('sha256', '=', sha256)
    .where('expires_at', '>', nowMs)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const { purpose, user_id: user, expires_at: expiresAt } = row
  if (purpose === 'setup') return { purpose, expiresAt }
  return user === null ? undefined : { purpose, user: userIdFrom(user), expiresAt }
}

export interface FirstAdministrator {
  readonly tenant: TenantName
  readonly name: string
  readonly role: string
  readonly phc: string
}

/** Uses a set-up link up: makes the person, with their role and password, or nothing. */
export async function redeemSetup(
  trx: Transaction<Tables>,
  sha256: Buffer,
  { tenant, name, role, phc }: FirstAdministrator,
  atMs: number,
  note: Note,
): Promise<UserId> {
  const link = await findLink(trx, sha256, atMs)
  if (link?.purpose !== 'setup') throw new StoreError('missing', 'this link was used, or is over')
  const id = await insertUser(trx, { tenant, name, kind: 'person', roles: [role], listRoles: [] }, atMs, note)
  await writePassword(trx, id, phc, undefined, atMs, note)
  await trx.deleteFrom('links').where('purpose', '=', 'setup').execute()
  return id
}

/** Uses a link up: sets the password, and ends every session that there was. */
export async function redeemPassword(
  trx: Transaction<Tables>,
  sha256: Buffer,
  phc: string,
  atMs: number,
  note: Note,
): Promise<UserId> {
  const link = await findLink(trx, sha256, atMs)
  if (link?.purpose !== 'password') throw new StoreError('missing', 'this link was used, or is over')
  await writePassword(trx, link.user, phc, undefined, atMs, note)
  return link.user
}
