/** What somebody may do in the admin API, and what they may give to others. Pure. */
import { ownerRole, type AdminPermission } from '../model/admin-permission.ts'
import type { Identity } from '../model/identity.ts'
import { listIdFrom, type TenantName } from '../model/ids.ts'
import type { Permission } from '../model/permission.ts'
import type { Grants } from '../policy/grants.ts'
import type { ListScope } from '../policy/rule.ts'

export interface Authority {
  readonly identity: Identity
  /** What they hold now, in their own tenant. */
  readonly grants: Grants
  /** What they will hold then, epoch milliseconds; `Infinity`: for good. */
  readonly grantsAt: (epochMs: number) => Grants
}

/** Whether they see the tenant at all: their own, or any with `tenants:all`. */
export const sees = ({ identity, grants }: Authority, tenant: TenantName): boolean =>
  identity.tenant === tenant || grants.admin.has('tenants:all')

export const may = (authority: Authority, permission: AdminPermission, tenant: TenantName): boolean =>
  sees(authority, tenant) && authority.grants.admin.has(permission)

/** Rights to be given. */
export interface Wanted {
  readonly permissions: Iterable<Permission>
  readonly admin: Iterable<AdminPermission>
  readonly lists: Iterable<WantedList>
}

export interface WantedList {
  readonly list: number
  readonly get: boolean
  readonly manage: boolean
  readonly until?: number | undefined
}

/** What of the wanted is beyond the giver. */
export interface Excess {
  readonly permissions: readonly string[]
  readonly lists: readonly number[]
}

/**
 * What somebody would give in `tenant` and does not hold; `undefined` where they hold all of it. Nobody gives what they do not hold, nor
 * for longer. Lists are ids of the tenant's own backend: in another tenant only the `all` permissions count.
 */
export function excess(authority: Authority, tenant: TenantName, scope: ListScope, wanted: Wanted): Excess | undefined {
  const { grants, identity } = authority
  // Of every tenant's policy: what is in another one's vocabulary too.
  if (identity.roles.includes(ownerRole)) return undefined
  const permissions = [...wanted.permissions].filter((permission) => !grants.permissions.has(permission))
  const admin = [...wanted.admin].filter((permission) => !grants.admin.has(permission))
  const lists = [...wanted.lists].filter((list) => !holdsList(authority, tenant, scope, list)).map(({ list }) => list)
  if (permissions.length + admin.length + lists.length === 0) return undefined
  return { permissions: [...permissions, ...admin], lists: [...new Set(lists)] }
}

function holdsList(authority: Authority, tenant: TenantName, scope: ListScope, wanted: WantedList): boolean {
  const list = listIdFrom(wanted.list)
  if (list === undefined) return false
  const then = wanted.until === undefined ? Infinity : wanted.until - 1
  const grants = authority.grantsAt(then)
  const isOwn = authority.identity.tenant === tenant
  return (['get', 'manage'] as const).every(
    (need) => !wanted[need] || grants.permissions.has(scope[need].all) || (isOwn && grants[need].has(list)),
  )
}

/** What of `after` goes beyond `before`: another list, another kind of access, or the same for longer. */
export function gainedLists(before: readonly WantedList[], after: readonly WantedList[]): readonly WantedList[] {
  const known = new Map(before.map((grant) => [grant.list, grant]))
  return after.flatMap((grant) => {
    const had = known.get(grant.list)
    const lasts = had !== undefined && (had.until ?? Infinity) >= (grant.until ?? Infinity)
    const get = grant.get && !(lasts && had.get)
    const manage = grant.manage && !(lasts && had.manage)
    return get || manage ? [{ ...grant, get, manage }] : []
  })
}
