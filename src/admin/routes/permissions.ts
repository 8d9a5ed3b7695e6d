/** Every permission that can be given, in groups, with what each opens. */
import { adminPermissions } from '../../model/admin-permission.ts'
import type { Policy } from '../../policy/rule.ts'
import { endpoint, type Endpoint } from '../endpoint.ts'
import { permissions } from '../schemas/roles.ts'
import { tenantPath } from './roles.ts'

export function permissionEndpoints(): readonly Endpoint[] {
  return [
    endpoint({
      id: 'listPermissions',
      route: 'GET /api/tenants/:tenant/permissions',
      tag: 'roles',
      summary: 'Every permission that a user role can hold, in groups, with the routes that it opens',
      needs: 'roles:get',
      params: tenantPath,
      answer: permissions,
      handle: async ({ tenant }) => ({
        data: {
          groups: groupsOf(tenant.policy),
          admin: Object.entries(adminPermissions).map(([permission, opens]) => ({ permission, opens })),
        },
      }),
    }),
  ]
}

/** By what stands before the colon: `subscribers:get` is of `subscribers`. */
function groupsOf({ permissions: all, rules, scope }: Policy) {
  const groups = Map.groupBy(all, (permission) => permission.split(':')[0] ?? permission)
  return [...groups].map(([group, members]) => ({
    group,
    permissions: members.map((permission) => ({
      permission,
      opens: rules
        .filter(({ allow, when }) => {
          const direct = allow.kind === 'any-of' && allow.permissions.includes(permission)
          return direct || when.some((each) => each.allow.includes(permission))
        })
        .map(({ id }) => id),
      supersedes: (['get', 'manage'] as const).find((need) => scope[need].all === permission) ?? null,
    })),
  }))
}
