/** Who could administer the gateway: for the guard that keeps the last of them. */
import type { Transaction } from 'kysely'
import type { Administration, SignedPerson } from '../model/author.ts'
import { booksOf, selectManaged } from './managed.ts'
import type { Tables } from './tables.ts'

/** Enabled people who have a password, or have signed in through an identity provider. */
export async function readAdministration(trx: Transaction<Tables>): Promise<Administration> {
  const rows = await trx
    .selectFrom('users')
    .innerJoin('user_roles_of', 'user_roles_of.user_id', 'users.id')
    .leftJoin('passwords', 'passwords.user_id', 'users.id')
    .leftJoin('oidc_subjects', 'oidc_subjects.user_id', 'users.id')
    .select(['users.id', 'users.tenant', 'users.name', 'user_roles_of.role'])
    .where('users.kind', '=', 'person')
    .where('users.status', '=', 'enabled')
    .where((eb) => eb.or([eb('passwords.phc', 'is not', null), eb('oidc_subjects.subject', 'is not', null)]))
    .execute()
  const people = [...Map.groupBy(rows, ({ id }) => id).values()].flatMap((held): SignedPerson[] => {
    const [first] = held
    return first === undefined ? [] : [{ tenant: first.tenant, name: first.name, roles: held.map(({ role }) => role) }]
  })
  const books = booksOf(await selectManaged(trx))
  return { people, adminOf: (tenant, role) => books.get(tenant)?.userRoles.get(role)?.admin ?? [] }
}
