/** What one user may do and where it comes from, what they were refused lately, and lists of their own. */
import { Type } from 'typebox'
import { grantsOf } from '../../policy/grants.ts'
import { done, endpoint, type Endpoint } from '../endpoint.ts'
import { checkAbove, checkGivable } from '../giving.ts'
import { instantIn, invalid } from '../inputs.ts'
import type { AdminParts } from '../parts.ts'
import { refusalJson, shownMaybe } from '../present.ts'
import { closed, tenantName, userName } from '../schemas/common.ts'
import { grantChange, refusal, rights } from '../schemas/users.ts'
import { listIn, listText } from './lists.ts'
import { currentUser, identityOf, userPath } from './users.ts'

const grantPath = closed({ tenant: tenantName, user: userName, list: Type.String(listText) })

export function userRightEndpoints(parts: AdminParts): readonly Endpoint[] {
  const { store, directory, traffic, clock } = parts
  const current = currentUser(parts)
  return [
    endpoint({
      id: 'getUserRights',
      route: 'GET /api/tenants/:tenant/users/:user/rights',
      tag: 'users',
      summary: 'What a user may do now: permissions, and lists by get and manage, each with the role that gives it',
      needs: 'users:get',
      params: userPath,
      answer: rights,
      handle: async ({ tenant, params }) => {
        const identity = await identityOf(parts, tenant, params.user)
        const roles = directory.rolesOf(tenant)
        const retired = store.retired(tenant.config.name)
        const grants = grantsOf(identity, roles, clock.epochMs(), retired)
        const named = identity.listRoles.flatMap((name) => roles.listRoles.get(name)?.grants ?? [])
        const lists = new Set<number>([...grants.get.keys(), ...grants.manage.keys(), ...named.map(({ list }) => list)])
        const { scope } = tenant.policy
        const pairs = <K extends string>(map: ReadonlyMap<K, string>) =>
          [...map].map(([permission, role]) => ({ permission, role }))
        return {
          data: {
            permissions: pairs(grants.permissions),
            admin: pairs(grants.admin),
            every_list: {
              get: grants.permissions.get(scope.get.all) ?? null,
              manage: grants.permissions.get(scope.manage.all) ?? null,
            },
            lists: [...lists]
              .toSorted((one, other) => one - other)
              .map((list) => listIn(String(list)))
              .map((list) => ({
                list,
                get: grants.get.get(list) ?? null,
                manage: grants.manage.get(list) ?? null,
                retired: retired.has(list),
              })),
            changes_at: shownMaybe(grants.validUntilMs),
            missing_roles: [
              ...identity.roles.filter((name) => !roles.userRoles.has(name)),
              ...identity.listRoles.filter((name) => !roles.listRoles.has(name)),
            ],
          },
        }
      },
    }),
    endpoint({
      id: 'listUserRefusals',
      route: 'GET /api/tenants/:tenant/users/:user/refusals',
      tag: 'users',
      summary: 'The latest refusals of a user, newest first; kept in memory',
      needs: 'users:get',
      params: userPath,
      answer: closed({ results: Type.Array(refusal) }),
      handle: async ({ tenant, params }) => {
        await identityOf(parts, tenant, params.user)
        const found = traffic.refusals(tenant.config.name, params.user, 20)
        return { data: { results: found.map(refusalJson) } }
      },
    }),
    endpoint({
      id: 'grantUserList',
      route: 'PUT /api/tenants/:tenant/users/:user/lists/:list',
      tag: 'users',
      summary: 'Give a user a list of their own, beside list roles',
      needs: 'users:manage',
      params: grantPath,
      body: grantChange,
      failures: ['grant-exceeds'],
      ifMatch: 'optional',
      current,
      handle: async ({ tenant, params, body, caller, by }) => {
        const identity = await identityOf(parts, tenant, params.user)
        checkAbove(caller.authority, tenant, identity, parts)
        const { get, manage } = body
        if (!get && !manage) throw invalid({ path: 'get', problem: 'gives neither get nor manage' })
        const until = instantIn('until', body.until)
        if (until !== undefined && until <= clock.epochMs()) throw invalid({ path: 'until', problem: 'is over' })
        const grant = { list: listIn(params.list), get, manage, until }
        checkGivable(caller.authority, tenant, { permissions: [], admin: [], lists: [grant] })
        await store.grantList({ tenant: tenant.config.name, name: params.user }, grant, by)
        return done
      },
    }),
    endpoint({
      id: 'ungrantUserList',
      route: 'DELETE /api/tenants/:tenant/users/:user/lists/:list',
      tag: 'users',
      summary: 'Take a list of their own from a user',
      needs: 'users:manage',
      params: grantPath,
      failures: ['grant-exceeds'],
      ifMatch: 'optional',
      current,
      handle: async ({ tenant, params, caller, by }) => {
        checkAbove(caller.authority, tenant, await identityOf(parts, tenant, params.user), parts)
        await store.ungrantList(tenant.config.name, params.user, listIn(params.list), by)
        return done
      },
    }),
  ]
}
