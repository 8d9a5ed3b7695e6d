/** Keeps somebody who can administer the gateway: the last of them cannot lock everybody out, themselves included. */
import { ownerRole, type AdminPermission } from '../model/admin-permission.ts'
import type { Administration, AdministratorGuard, SignedPerson } from '../model/author.ts'
import { refused } from '../model/failure.ts'
import type { PolicySet } from '../policy/rule.ts'

/** Whoever holds these can give everything else to themselves and to others. */
const needed: readonly AdminPermission[] = ['users:manage', 'roles:manage', 'tenants:all']

export function hasAdministrator({ people, adminOf }: Administration, files: Pick<PolicySet, 'userRoles'>): boolean {
  const opens = ({ tenant, roles }: SignedPerson, permission: AdminPermission): boolean =>
    roles.some(
      (role) =>
        role === ownerRole ||
        // A role of the files wins over one of that name in the store.
        (files.userRoles.get(role)?.admin ?? adminOf(tenant, role)).includes(permission),
    )
  return people.some((person) => needed.every((permission) => opens(person, permission)))
}

/** Where there was none before, nothing is lost. */
export const keepsAdministrator =
  (files: () => Pick<PolicySet, 'userRoles'>): AdministratorGuard =>
  (before, after) => {
    if (hasAdministrator(before, files()) && !hasAdministrator(after, files())) throw refused('last-administrator')
  }
