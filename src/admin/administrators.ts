/** Keeps somebody who can administer the gateway: the last of them cannot lock everybody out, themselves included. */
import { ownerRole, type AdminPermission } from '../model/admin-permission.ts'
import type { Administration, AdministratorGuard, SignedPerson } from '../model/author.ts'
import { refused } from '../model/failure.ts'
import type { PolicySet } from '../policy/rule.ts'
import type { Live } from '../snapshot.ts'

/** Whoever holds these can give everything else to themselves and to others. */
const needed: readonly AdminPermission[] = ['users:manage', 'roles:manage', 'tenants:all']

/** The roles of the files, and the tenants that there are: people of others cannot sign in. */
export interface Settled {
  readonly files: Pick<PolicySet, 'userRoles'>
  readonly isTenant: (name: string) => boolean
}

export function hasAdministrator({ people, adminOf }: Administration, { files, isTenant }: Settled): boolean {
  const opens = ({ tenant, roles }: SignedPerson, permission: AdminPermission): boolean =>
    roles.some(
      (role) =>
        role === ownerRole ||
        // A role of the files wins over one of that name in the store.
        (files.userRoles.get(role)?.admin ?? adminOf(tenant, role)).includes(permission),
    )
  return people.some((person) => isTenant(person.tenant) && needed.every((permission) => opens(person, permission)))
}

/** Where there was none before, nothing is lost. */
export const keepsAdministrator =
  (live: Live): AdministratorGuard =>
  (before, after) => {
    const settled = settledIn(live)
    if (hasAdministrator(before, settled) && !hasAdministrator(after, settled)) throw refused('last-administrator')
  }

export function settledIn(live: Live): Settled {
  const { policies, tenants } = live.current()
  return { files: policies, isTenant: (name) => tenants.some(({ config }) => config.name === name) }
}
