/** What a caller holds, resolved from role names once per identity and policy version. */
import type { AdminPermission } from '../model/admin-permission.ts'
import type { DirectGrant } from '../model/identity.ts'
import { listIdFrom, type ListId } from '../model/ids.ts'
import type { ListNeed, Permission } from '../model/permission.ts'
import type { ListRole, ListScope, UserRole } from './rule.ts'

/** Everything granted to one caller: each grant with the name of the role that gives it. Frozen. */
export interface Grants {
  readonly permissions: ReadonlyMap<Permission, string>
  /** What the admin API opens to them. */
  readonly admin: ReadonlyMap<AdminPermission, string>
  readonly get: ReadonlyMap<ListId, string>
  readonly manage: ReadonlyMap<ListId, string>
  /** Epoch milliseconds at which the first `until` runs out; the grants must be made anew then. */
  readonly validUntilMs: number
}

/** Roles of files and of the store alike. */
export interface Roles {
  readonly userRoles: ReadonlyMap<string, HeldUserRole>
  readonly listRoles: ReadonlyMap<string, HeldListRole>
}

export type HeldUserRole = Pick<UserRole, 'permissions' | 'admin'>
export type HeldListRole = Pick<ListRole, 'grants'>

/** What somebody holds: names of roles, and lists of their own. */
export interface Held {
  readonly roles: readonly string[]
  readonly listRoles: readonly string[]
  /** Lists held directly, beside list roles. */
  readonly listGrants?: readonly DirectGrant[]
}

/** What the log and `explain` call a list that is held directly. */
export const ownGrant = 'own grant'

/** A list that was deleted must grant nothing when its id comes again: list roles give nothing on `retired` lists. */
const nothingRetired: ReadonlySet<ListId> = new Set()

/**
 * The grants of somebody at `nowMs`. A role name that nothing defines grants nothing. Direct grants hold on retired lists
 * too: those of before went with the list, so what there is was given to whoever made it anew.
 */
export function grantsOf(
  held: Held,
  roles: Roles,
  nowMs: number,
  retired: ReadonlySet<ListId> = nothingRetired,
): Grants {
  const get = new Map<ListId, string>()
  const manage = new Map<ListId, string>()
  let validUntilMs = Infinity
  const add = (list: ListId, grant: Omit<DirectGrant, 'list'>, name: string): void => {
    if (grant.until !== undefined) {
      if (grant.until <= nowMs) return
      validUntilMs = Math.min(validUntilMs, grant.until)
    }
    if (grant.get && !get.has(list)) get.set(list, name)
    if (grant.manage && !manage.has(list)) manage.set(list, name)
  }
  for (const name of held.listRoles) {
    for (const grant of roles.listRoles.get(name)?.grants ?? []) {
      const list = listIdFrom(grant.list)
      if (list !== undefined && !retired.has(list)) add(list, grant, name)
    }
  }
  for (const grant of held.listGrants ?? []) add(grant.list, grant, ownGrant)
  return Object.freeze({ ...opened(held, roles), get, manage, validUntilMs })
}

/** Each permission with the first of the roles that hold it. */
function opened({ roles: names }: Held, { userRoles }: Roles): Pick<Grants, 'permissions' | 'admin'> {
  const permissions = new Map<Permission, string>()
  const admin = new Map<AdminPermission, string>()
  for (const name of names) {
    const role = userRoles.get(name)
    for (const permission of role?.permissions ?? []) {
      if (!permissions.has(permission)) permissions.set(permission, name)
    }
    for (const permission of role?.admin ?? []) {
      if (!admin.has(permission)) admin.set(permission, name)
    }
  }
  return { permissions, admin }
}

/** The lists granted for this kind of access, each with its list role. */
export function listsGranted(grants: Grants, need: ListNeed): ReadonlyMap<ListId, string> {
  switch (need) {
    case 'get':
      return grants.get
    case 'manage':
      return grants.manage
    case 'either':
      return grants.get.size > 0 ? grants.get : grants.manage
  }
}

/** The held permission that supersedes list roles for this kind of access, or one of `unless`; `undefined` if none is held. */
export function superseding(
  grants: Grants,
  scope: ListScope,
  need: ListNeed,
  unless: readonly Permission[] = [],
): Permission | undefined {
  const { get, manage } = scope
  const all = need === 'either' ? [get.all, manage.all] : [scope[need].all]
  return all.find((permission) => grants.permissions.has(permission)) ?? firstHeld(grants, unless)
}

export function firstHeld(grants: Grants, permissions: readonly Permission[]): Permission | undefined {
  return permissions.find((permission) => grants.permissions.has(permission))
}

/** The first of `permissions` if every one of them is held, else `undefined`. */
export function allHeld(grants: Grants, permissions: readonly Permission[]): Permission | undefined {
  return permissions.every((permission) => grants.permissions.has(permission)) ? permissions[0] : undefined
}
