/** What user roles and list roles have in common: where they are managed, who holds them, how they are deleted. */
import type { Static } from 'typebox'
import type { Tenant } from '../../context.ts'
import { refused } from '../../model/failure.ts'
import { formatPlace, type Place } from '../../model/problem.ts'
import type { ManagedIn } from '../../policy/roles-in-force.ts'
import { keepsAdministrator } from '../administrators.ts'
import { endpoint, type Current, type Endpoint } from '../endpoint.ts'
import type { AdminParts } from '../parts.ts'
import { shownMaybe } from '../present.ts'
import { closed, roleName, tenantName } from '../schemas/common.ts'
import { lostBy } from '../schemas/roles.ts'

export const tenantPath = closed({ tenant: tenantName })
export const rolePath = closed({ tenant: tenantName, role: roleName })

export type RoleParams = Static<typeof rolePath>

/** What is shown of any role. */
export interface RoleHead {
  readonly name: string
  readonly description: string
  readonly managedIn: ManagedIn
  readonly at: Place | undefined
  readonly version: number
  readonly updatedAt: number | undefined
}

export const headJson = (head: RoleHead, holders: ReadonlyMap<string, number>) => ({
  name: head.name,
  description: head.description,
  managed_in: head.managedIn,
  at: head.at === undefined ? null : formatPlace(head.at),
  version: head.version,
  holders: holders.get(head.name) ?? 0,
  updated_at: shownMaybe(head.updatedAt),
})

/** What is managed in files is changed there, in a pull request. */
export function mustBeInStore(head: Pick<RoleHead, 'name' | 'managedIn' | 'at'>): void {
  if (head.managedIn === 'store') return
  const where = head.at === undefined ? 'always there' : `managed in ${formatPlace(head.at)}`
  throw refused('conflict', { message: `${head.name} is ${where}: it is read-only here` })
}

export const nameTaken = (name: string): Error => refused('conflict', { message: `there is already a role ${name}` })
export const noRole = (name: string): Error => refused('not-found', { message: `there is no role ${name}` })

export function deleteEndpoint(
  parts: AdminParts,
  kind: 'user' | 'list',
  findHead: (tenant: Tenant, name: string) => RoleHead,
  current: Current<RoleParams>,
): Endpoint {
  const guard = keepsAdministrator(parts.live)
  return endpoint({
    id: kind === 'user' ? 'deleteUserRole' : 'deleteListRole',
    route: `DELETE /api/tenants/:tenant/${kind}-roles/:role`,
    tag: 'roles',
    summary: `Delete a ${kind} role, also from everybody who holds it; tells who did`,
    needs: 'roles:manage',
    params: rolePath,
    answer: lostBy,
    failures: ['conflict', 'last-administrator'],
    ifMatch: 'required',
    current,
    handle: async ({ tenant, params, by }) => {
      mustBeInStore(findHead(tenant, params.role))
      const key = { tenant: tenant.config.name, kind, name: params.role }
      return { data: { holders: [...(await parts.store.managed.deleteRole(key, { ...by, guard }))] } }
    },
  })
}
