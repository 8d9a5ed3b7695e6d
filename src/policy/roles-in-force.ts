/** The roles of a tenant: those of the files, those that are managed in the store, and the one that is always there. Pure. */
import { adminPermissionNames, ownerRole } from '../model/admin-permission.ts'
import type { ManagedBook } from '../model/managed.ts'
import type { HeldListRole, HeldUserRole, Roles } from './grants.ts'
import type { Policy, PolicySet } from './rule.ts'

/** Where a role, or a plan, is managed: `file` wins over `store` where both have the name. */
export type ManagedIn = 'built-in' | 'file' | 'store'

type FileRoles = Pick<PolicySet, 'userRoles' | 'listRoles'>

/** `policy`: the tenant's, whose permissions the owner holds. */
export function rolesInForce(files: FileRoles, policy: Policy | undefined, book: ManagedBook): Roles {
  const owner = { permissions: [...(policy?.permissions ?? [])], admin: adminPermissionNames }
  return Object.freeze({
    userRoles: new Map<string, HeldUserRole>([...book.userRoles, ...files.userRoles, [ownerRole, owner]]),
    listRoles: new Map<string, HeldListRole>([...book.listRoles, ...files.listRoles]),
  })
}
