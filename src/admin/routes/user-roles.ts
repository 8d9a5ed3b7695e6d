/** User roles: sets of permissions, of files and of the store. */
import type { Tenant } from '../../context.ts'
import { adminPermissionNames, ownerRole, type AdminPermission } from '../../model/admin-permission.ts'
import { keepsAdministrator } from '../administrators.ts'
import { endpoint, type Current, type Endpoint } from '../endpoint.ts'
import { checkGivable } from '../giving.ts'
import { invalid } from '../inputs.ts'
import type { AdminParts } from '../parts.ts'
import { newUserRole, userRole, userRoleChange, userRoleList } from '../schemas/roles.ts'
import {
  deleteEndpoint,
  headJson,
  mustBeInStore,
  nameTaken,
  noRole,
  rolePath,
  tenantPath,
  type RoleHead,
  type RoleParams,
} from './roles.ts'

interface FoundRole extends RoleHead {
  readonly permissions: readonly string[]
  readonly admin: readonly AdminPermission[]
}

export function userRoleEndpoints(parts: AdminParts): readonly Endpoint[] {
  const { store, live } = parts
  const guard = keepsAdministrator(live)
  const find = (tenant: Tenant, name: string): FoundRole => {
    const role = allRoles(parts, tenant).get(name)
    if (role === undefined) throw noRole(name)
    return role
  }
  const show = async (tenant: Tenant, name: string) => {
    const role = find(tenant, name)
    return {
      data: roleJson(role, tenant, await store.managed.countHolders(tenant.config.name, 'user')),
      version: role.version,
    }
  }
  const current: Current<RoleParams> = { of: userRole, show: ({ tenant, params }) => show(tenant, params.role) }
  return [
    endpoint({
      id: 'listUserRoles',
      route: 'GET /api/tenants/:tenant/user-roles',
      tag: 'roles',
      summary: 'User roles: of the files, of the store, and the one that is always there',
      needs: 'roles:get',
      params: tenantPath,
      answer: userRoleList,
      handle: async ({ tenant }) => {
        const holders = await store.managed.countHolders(tenant.config.name, 'user')
        return {
          data: { results: [...allRoles(parts, tenant).values()].map((role) => roleJson(role, tenant, holders)) },
        }
      },
    }),
    endpoint({
      id: 'getUserRole',
      route: 'GET /api/tenants/:tenant/user-roles/:role',
      tag: 'roles',
      summary: 'One user role',
      needs: 'roles:get',
      params: rolePath,
      answer: userRole,
      handle: async ({ tenant, params }) => show(tenant, params.role),
    }),
    endpoint({
      id: 'createUserRole',
      route: 'POST /api/tenants/:tenant/user-roles',
      tag: 'roles',
      summary: 'A new user role in the store',
      needs: 'roles:manage',
      params: tenantPath,
      body: newUserRole,
      answer: userRole,
      status: 201,
      failures: ['conflict', 'grant-exceeds'],
      isOnce: true,
      handle: async ({ tenant, body, caller, by }) => {
        const { name, description = '', permissions, admin = [] } = body
        const before = allRoles(parts, tenant).get(name)
        if (before !== undefined && before.managedIn !== 'store') throw nameTaken(name)
        checkPermissions(tenant, permissions)
        checkGivable(caller.authority, tenant, { permissions, admin, lists: [] })
        const key = { tenant: tenant.config.name, kind: 'user', name } as const
        await store.managed.createRole(key, { description, words: { permissions, admin } }, by)
        return show(tenant, name)
      },
    }),
    endpoint({
      id: 'updateUserRole',
      route: 'PUT /api/tenants/:tenant/user-roles/:role',
      tag: 'roles',
      summary: 'Change a user role, for everybody who holds it',
      needs: 'roles:manage',
      params: rolePath,
      body: userRoleChange,
      answer: userRole,
      failures: ['conflict', 'grant-exceeds', 'last-administrator'],
      ifMatch: 'required',
      current,
      handle: async ({ tenant, params, body, caller, by }) => {
        const before = find(tenant, params.role)
        mustBeInStore(before)
        const { description = '', permissions, admin = [] } = body
        const gained = {
          permissions: permissions.filter((each) => !before.permissions.includes(each)),
          admin: admin.filter((each) => !before.admin.includes(each)),
        }
        checkPermissions(tenant, gained.permissions)
        checkGivable(caller.authority, tenant, { ...gained, lists: [] })
        const key = { tenant: tenant.config.name, kind: 'user', name: params.role } as const
        await store.managed.updateRole(key, { description, words: { permissions, admin } }, { ...by, guard })
        return show(tenant, params.role)
      },
    }),
    deleteEndpoint(parts, 'user', find, current),
  ]
}

/** As `rolesInForce` has them, with where each is managed. */
function allRoles({ live, store }: AdminParts, tenant: Tenant): ReadonlyMap<string, FoundRole> {
  const { userRoles } = live.current().policies
  const owner: FoundRole = {
    name: ownerRole,
    description: 'everything that there is, in every tenant',
    managedIn: 'built-in',
    at: undefined,
    version: 0,
    updatedAt: undefined,
    permissions: [...tenant.policy.permissions],
    admin: adminPermissionNames,
  }
  const managed = [...store.managed.book(tenant.config.name).userRoles.values()].map((role): FoundRole => ({
    ...role,
    managedIn: 'store',
    at: undefined,
  }))
  const files = [...userRoles.values()].map((role): FoundRole => ({
    ...role,
    description: '',
    managedIn: 'file',
    version: 0,
    updatedAt: undefined,
  }))
  return new Map([owner, ...managed, ...files].map((role) => [role.name, role]))
}

const roleJson = (role: FoundRole, { policy }: Tenant, holders: ReadonlyMap<string, number>) => ({
  ...headJson(role, holders),
  permissions: [...role.permissions],
  admin: [...role.admin],
  unknown_permissions: role.permissions.filter((each) => !policy.permissions.has(each)),
})

function checkPermissions({ policy }: Tenant, permissions: readonly string[]): void {
  const problems = permissions.flatMap((permission, at) =>
    policy.permissions.has(permission)
      ? []
      : [{ path: `permissions[${at}]`, problem: `the policy ${policy.name} does not know ${permission}` }],
  )
  if (problems.length > 0) throw invalid(...problems)
}
