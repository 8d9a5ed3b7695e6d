/** Users: API users, which hold tokens, and people, who sign in to these pages. */
import type { Tenant } from '../../context.ts'
import { refused } from '../../model/failure.ts'
import type { Identity } from '../../model/identity.ts'
import type { UserOrder, UserQuery } from '../../store/user-pages.ts'
import type { UserSummary } from '../../store/user-summaries.ts'
import { keepsAdministrator } from '../administrators.ts'
import { writeCursor } from '../cursor.ts'
import { done, endpoint, type Current, type Endpoint } from '../endpoint.ts'
import { checkAbove, checkGivable, wantedOfRoles } from '../giving.ts'
import { cursorIn, invalid, limitIn, unknownNames } from '../inputs.ts'
import type { AdminParts } from '../parts.ts'
import { userJson } from '../present.ts'
import { closed, tenantName, userName } from '../schemas/common.ts'
import { newUser, user, userChange, userFilter, userPage } from '../schemas/users.ts'

const tenantPath = closed({ tenant: tenantName })
export const userPath = closed({ tenant: tenantName, user: userName })

export function userEndpoints(parts: AdminParts): readonly Endpoint[] {
  const { store, live } = parts
  const guard = keepsAdministrator(live)
  const current = currentUser(parts)
  return [
    endpoint({
      id: 'listUsers',
      route: 'GET /api/tenants/:tenant/users',
      tag: 'users',
      summary: 'Users of a tenant, filtered and sorted',
      needs: 'users:get',
      params: tenantPath,
      query: userFilter,
      answer: userPage,
      handle: async ({ tenant, query }) => {
        const asked = queryOf(tenant, query)
        const found = await store.userPage(asked)
        const last = found.length === asked.limit ? found.at(-1) : undefined
        return {
          data: {
            results: found.map(userJson),
            next: last === undefined ? null : writeCursor(listOf(query.sort), [valueOf(last, asked.order), last.id]),
            total: await store.countUsers(asked),
          },
        }
      },
    }),
    endpoint({
      id: 'createUser',
      route: 'POST /api/tenants/:tenant/users',
      tag: 'users',
      summary: 'A new user, without a token or a password yet',
      needs: 'users:manage',
      params: tenantPath,
      body: newUser,
      answer: user,
      status: 201,
      failures: ['conflict', 'grant-exceeds'],
      isOnce: true,
      handle: async ({ tenant, body, caller, by }) => {
        const { name, kind, roles = [], list_roles: listRoles = [], plan, note, email } = body
        checkNames(parts, tenant, { roles, listRoles, plan })
        if (email !== undefined && email !== null && kind !== 'person') throw onlyPeople()
        checkGivable(caller.authority, tenant, wantedOfRoles(roles, listRoles, parts.directory.rolesOf(tenant)))
        await store.createUser(
          {
            tenant: tenant.config.name,
            name,
            kind,
            roles,
            listRoles,
            plan: plan ?? undefined,
            email: email?.toLowerCase(),
            note,
          },
          by,
        )
        return shown(await summaryOf(parts, tenant, name))
      },
    }),
    endpoint({
      id: 'getUser',
      route: 'GET /api/tenants/:tenant/users/:user',
      tag: 'users',
      summary: 'One user',
      needs: 'users:get',
      params: userPath,
      answer: user,
      handle: async ({ tenant, params }) => shown(await summaryOf(parts, tenant, params.user)),
    }),
    endpoint({
      id: 'updateUser',
      route: 'PATCH /api/tenants/:tenant/users/:user',
      tag: 'users',
      summary: 'Change a user; what is left out stays',
      description: 'Disabling ends the sessions and one-time links of a person at once, and refuses every token.',
      needs: 'users:manage',
      params: userPath,
      body: userChange,
      answer: user,
      failures: ['conflict', 'grant-exceeds', 'last-administrator'],
      ifMatch: 'required',
      current,
      handle: async ({ tenant, params, body, caller, by }) => {
        const identity = await identityOf(parts, tenant, params.user)
        const { status, roles, list_roles: listRoles, plan, email, note } = body
        const added = (now: readonly string[] | undefined, before: readonly string[]): readonly string[] =>
          (now ?? []).filter((name) => !before.includes(name))
        const gained = { roles: added(roles, identity.roles), listRoles: added(listRoles, identity.listRoles) }
        checkNames(parts, tenant, { ...gained, plan: plan === identity.plan ? undefined : plan })
        if (email !== undefined && email !== null && identity.kind !== 'person') throw onlyPeople()
        checkAbove(caller.authority, tenant, identity, parts)
        const inForce = parts.directory.rolesOf(tenant)
        checkGivable(caller.authority, tenant, wantedOfRoles(gained.roles, gained.listRoles, inForce))
        const changes = {
          status,
          roles,
          listRoles,
          plan,
          email: email === null ? null : email?.toLowerCase(),
          note,
        }
        await store.updateUser(tenant.config.name, params.user, changes, { ...by, guard })
        return shown(await summaryOf(parts, tenant, params.user))
      },
    }),
    endpoint({
      id: 'deleteUser',
      route: 'DELETE /api/tenants/:tenant/users/:user',
      tag: 'users',
      summary: 'Delete a user with every token and session; it cannot be undone',
      needs: 'users:manage',
      params: userPath,
      failures: ['grant-exceeds', 'last-administrator'],
      ifMatch: 'required',
      current,
      handle: async ({ tenant, params, caller, by }) => {
        checkAbove(caller.authority, tenant, await identityOf(parts, tenant, params.user), parts)
        await store.deleteUser(tenant.config.name, params.user, { ...by, guard })
        return done
      },
    }),
  ]
}

/** What who saw an older version is told. */
export const currentUser = (parts: AdminParts): Current<{ readonly user: string }> => ({
  of: user,
  show: async ({ tenant, params }) => shown(await summaryOf(parts, tenant, params.user)),
})

const onlyPeople = (): Error => invalid({ path: 'email', problem: 'only people have one' })

const shown = (summary: UserSummary) => ({ data: userJson(summary), version: summary.version })

async function summaryOf({ store }: AdminParts, { config }: Tenant, name: string): Promise<UserSummary> {
  // The first of all names that begin with this one is this one.
  const [first] = await store.listUsers({ tenant: config.name, prefix: name, limit: 1 })
  if (first?.name !== name) throw refused('not-found', { message: `there is no user ${name}` })
  return first
}

export async function identityOf({ store }: AdminParts, { config }: Tenant, name: string): Promise<Identity> {
  const identity = await store.find(config.name, name)
  if (identity === undefined) throw refused('not-found', { message: `there is no user ${name}` })
  return identity
}

interface Named {
  readonly roles?: readonly string[] | undefined
  readonly listRoles?: readonly string[] | undefined
  readonly plan?: string | null | undefined
}

function checkNames({ directory }: AdminParts, tenant: Tenant, { roles, listRoles, plan }: Named): void {
  const known = directory.rolesOf(tenant)
  const problems = [
    ...unknownNames('roles', roles, known.userRoles, 'user role'),
    ...unknownNames('list_roles', listRoles, known.listRoles, 'list role'),
    ...(plan === null || plan === undefined || directory.plansOf(tenant).has(plan)
      ? []
      : [{ path: 'plan', problem: 'there is no rate plan of this name' }]),
  ]
  if (problems.length > 0) throw invalid(...problems)
}

const defaultSort = 'name'
/** What a cursor belongs to. */
const listOf = (sort = defaultSort): string => `users ${sort}`

const valueOf = (last: UserSummary, order: UserOrder): string | number => {
  if (order === 'name') return last.name
  return order === 'created_at' ? last.createdAt : last.updatedAt
}

function queryOf(
  { config }: Tenant,
  filter: {
    readonly search?: string
    readonly kind?: Identity['kind']
    readonly status?: Identity['status']
    readonly role?: string
    readonly list_role?: string
    readonly plan?: string
    readonly sort?: string
    readonly limit?: string
    readonly cursor?: string
  },
): UserQuery {
  const { sort = defaultSort } = filter
  const order = sort.replace('-', '') as UserOrder
  const after = cursorIn(filter.cursor, listOf(filter.sort), [order === 'name' ? 'string' : 'number', 'number'])
  const [value, id] = after ?? []
  return {
    tenant: config.name,
    search: filter.search === '' ? undefined : filter.search,
    kind: filter.kind,
    status: filter.status,
    role: filter.role,
    listRole: filter.list_role,
    plan: filter.plan,
    order,
    isDescending: sort.startsWith('-'),
    after: value === undefined ? undefined : { value, id: Number(id) },
    limit: limitIn(filter.limit),
  }
}
