/** Who signs in through an identity provider: bound to its subject the first time, known by it from then on. */
import type { Kysely, Transaction } from 'kysely'
import { userIdFrom, type UserId } from '../model/ids.ts'
import type { Note } from './changes.ts'
import { mustBePerson } from './people.ts'
import { StoreError } from './store-error.ts'
import type { Tables } from './tables.ts'

export interface Subject {
  readonly issuer: string
  readonly subject: string
}

export async function findSubject(db: Kysely<Tables>, { issuer, subject }: Subject): Promise<UserId | undefined> {
  const row = await db
    .selectFrom('oidc_subjects')
    .select('user_id')
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst()
  return row === undefined ? undefined : userIdFrom(row.user_id)
}

/** The enabled person with this address, in lower case. */
export async function findByEmail(db: Kysely<Tables>, email: string): Promise<UserId | undefined> {
  const row = await db
    .selectFrom('users')
    .select('id')
    .where('email', '=', email)
    .where('kind', '=', 'person')
    .executeTakeFirst()
  return row === undefined ? undefined : userIdFrom(row.id)
}

/** Throws a `StoreError` of kind `conflict` where the person is bound to another subject of the issuer: an address that changed hands. */
export async function bindSubject(
  trx: Transaction<Tables>,
  { issuer, subject }: Subject,
  user: UserId,
  atMs: number,
  note: Note,
): Promise<void> {
  const { tenant, name } = await mustBePerson(trx, user)
  const other = await trx
    .selectFrom('oidc_subjects')
    .select('subject')
    .where('issuer', '=', issuer)
    .where('user_id', '=', user)
    .executeTakeFirst()
  if (other !== undefined) {
    throw new StoreError('conflict', `\`${name}\` is bound to another account of this identity provider`)
  }
  await trx.insertInto('oidc_subjects').values({ issuer, subject, user_id: user, created_at: atMs }).execute()
  note({ action: 'person.oidc-bound', tenant, name, details: { issuer }, before: undefined, after: undefined })
}

/** The next sign-in binds anew. */
export async function unbindSubjects(trx: Transaction<Tables>, user: UserId, note: Note): Promise<void> {
  const { tenant, name } = await mustBePerson(trx, user)
  const { numDeletedRows } = await trx.deleteFrom('oidc_subjects').where('user_id', '=', user).executeTakeFirst()
  if (numDeletedRows > 0n) note({ action: 'person.oidc-unbound', tenant, name, before: undefined, after: undefined })
}
