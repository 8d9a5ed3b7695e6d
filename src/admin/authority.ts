/** What somebody may do in the admin API, and what they may give to others. Pure. */
import type { AdminPermission } from '../model/admin-permission.ts'
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
  const { grants } = authority
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

/** Everything that somebody holds, as something to be given: `now`, and of that what they hold for good. */
export function wantedOf(now: Grants, forGood: Grants): Wanted {
  const lists = new Map<string, WantedList>()
  for (const need of ['get', 'manage'] as const) {
    for (const list of now[need].keys()) {
      const until = forGood[need].has(list) || now.validUntilMs === Infinity ? undefined : now.validUntilMs
      lists.set(`${need} ${list}`, { list, get: need === 'get', manage: need === 'manage', until })
    }
  }
  return { permissions: now.permissions.keys(), admin: now.admin.keys(), lists: lists.values() }
}
