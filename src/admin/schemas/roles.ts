/** User roles and list roles of the admin API. */
import { Type, type Static } from 'typebox'
import { adminPermissionNames } from '../../model/admin-permission.ts'
import { closed, line, listId, managedIn, nullable, permissionName, roleName, time, timeIn, version } from './common.ts'

const place = nullable(Type.String({ description: '`file:line` of a role that is managed in a file' }))
const shared = {
  name: roleName,
  description: Type.String(),
  managed_in: managedIn,
  at: place,
  version,
  holders: Type.Integer({ minimum: 0, description: 'how many users hold it' }),
  updated_at: nullable(time),
}

const adminPermission = Type.Enum([...adminPermissionNames])
const description = line('what it is for', 1000)

export const userRole = closed({
  ...shared,
  permissions: Type.Array(permissionName),
  admin: Type.Array(adminPermission, { description: 'what it opens in the admin API' }),
  unknown_permissions: Type.Array(Type.String(), {
    description: 'permissions that the policy does not know: they give nothing',
  }),
})
export type UserRole = Static<typeof userRole>

const userRoleContent = {
  description: Type.Optional(description),
  permissions: Type.Array(permissionName, { maxItems: 500, uniqueItems: true }),
  admin: Type.Optional(Type.Array(adminPermission, { uniqueItems: true })),
}
export const newUserRole = closed({ name: roleName, ...userRoleContent })
export const userRoleChange = closed(userRoleContent)
export const userRoleList = closed({ results: Type.Array(userRole) })

const grant = closed({ list: listId, get: Type.Boolean(), manage: Type.Boolean(), until: nullable(time) })
const grantIn = closed({
  list: listId,
  get: Type.Boolean(),
  manage: Type.Boolean(),
  until: Type.Optional(nullable(timeIn)),
})

export const listRole = closed({ ...shared, grants: Type.Array(grant) })
export type ListRole = Static<typeof listRole>

const listRoleContent = {
  description: Type.Optional(description),
  grants: Type.Array(grantIn, { maxItems: 10_000 }),
}
export const newListRole = closed({ name: roleName, ...listRoleContent })
export const listRoleChange = closed(listRoleContent)
export const listRoleList = closed({ results: Type.Array(listRole) })

/** Who lost a role that was deleted. */
export const lostBy = closed({ holders: Type.Array(Type.String(), { description: 'users that held it' }) })

export const permissions = closed({
  groups: Type.Array(
    closed({
      group: Type.String(),
      permissions: Type.Array(
        closed({
          permission: Type.String(),
          opens: Type.Array(Type.String(), { description: 'routes that it lets its holders use' }),
          supersedes: nullable(Type.Enum(['get', 'manage'], { description: 'the list roles that it makes needless' })),
        }),
      ),
    }),
  ),
  admin: Type.Array(closed({ permission: Type.String(), opens: Type.String() })),
})
