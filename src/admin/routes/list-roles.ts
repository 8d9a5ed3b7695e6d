/** List roles: which lists may be read and managed, until when. */
import type { Tenant } from '../../context.ts'
import type { DirectGrant } from '../../model/identity.ts'
import { listIdFrom } from '../../model/ids.ts'
import { endpoint, type Current, type Endpoint } from '../endpoint.ts'
import { gainedLists } from '../authority.ts'
import { checkGivable } from '../giving.ts'
import { instantIn, invalid } from '../inputs.ts'
import type { AdminParts } from '../parts.ts'
import { grantJson } from '../present.ts'
import { listRole, listRoleChange, listRoleList, newListRole } from '../schemas/roles.ts'
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
  readonly grants: readonly DirectGrant[]
}

export function listRoleEndpoints(parts: AdminParts): readonly Endpoint[] {
  const { store } = parts
  const find = (tenant: Tenant, name: string): FoundRole => {
    const role = allRoles(parts, tenant).get(name)
    if (role === undefined) throw noRole(name)
    return role
  }
  const show = async (tenant: Tenant, name: string) => {
    const role = find(tenant, name)
    return { data: roleJson(role, await store.managed.countHolders(tenant.config.name, 'list')), version: role.version }
  }
  const current: Current<RoleParams> = { of: listRole, show: ({ tenant, params }) => show(tenant, params.role) }
  return [
    endpoint({
      id: 'listListRoles',
      route: 'GET /api/tenants/:tenant/list-roles',
      tag: 'roles',
      summary: 'List roles, of the files and of the store',
      needs: 'roles:get',
      params: tenantPath,
      answer: listRoleList,
      handle: async ({ tenant }) => {
        const holders = await store.managed.countHolders(tenant.config.name, 'list')
        return { data: { results: [...allRoles(parts, tenant).values()].map((role) => roleJson(role, holders)) } }
      },
    }),
    endpoint({
      id: 'getListRole',
      route: 'GET /api/tenants/:tenant/list-roles/:role',
      tag: 'roles',
      summary: 'One list role',
      needs: 'roles:get',
      params: rolePath,
      answer: listRole,
      handle: async ({ tenant, params }) => show(tenant, params.role),
    }),
    endpoint({
      id: 'createListRole',
      route: 'POST /api/tenants/:tenant/list-roles',
      tag: 'roles',
      summary: 'A new list role in the store',
      needs: 'roles:manage',
      params: tenantPath,
      body: newListRole,
      answer: listRole,
      status: 201,
      failures: ['conflict', 'grant-exceeds'],
      isOnce: true,
      handle: async ({ tenant, body, caller, by }) => {
        const { name, description = '' } = body
        const before = allRoles(parts, tenant).get(name)
        if (before !== undefined && before.managedIn !== 'store') throw nameTaken(name)
        const grants = grantsIn(body.grants)
        checkGivable(caller.authority, tenant, { permissions: [], admin: [], lists: grants })
        const key = { tenant: tenant.config.name, kind: 'list', name } as const
        await store.managed.createRole(key, { description, words: { grants } }, by)
        return show(tenant, name)
      },
    }),
    endpoint({
      id: 'updateListRole',
      route: 'PUT /api/tenants/:tenant/list-roles/:role',
      tag: 'roles',
      summary: 'Change a list role, for everybody who holds it',
      needs: 'roles:manage',
      params: rolePath,
      body: listRoleChange,
      answer: listRole,
      failures: ['conflict', 'grant-exceeds'],
      ifMatch: 'required',
      current,
      handle: async ({ tenant, params, body, caller, by }) => {
        const before = find(tenant, params.role)
        mustBeInStore(before)
        const grants = grantsIn(body.grants)
        const gained = gainedLists(before.grants, grants)
        checkGivable(caller.authority, tenant, { permissions: [], admin: [], lists: gained })
        const key = { tenant: tenant.config.name, kind: 'list', name: params.role } as const
        await store.managed.updateRole(key, { description: body.description ?? '', words: { grants } }, by)
        return show(tenant, params.role)
      },
    }),
    deleteEndpoint(parts, 'list', find, current),
  ]
}

function allRoles({ live, store }: AdminParts, tenant: Tenant): ReadonlyMap<string, FoundRole> {
  const managed = [...store.managed.book(tenant.config.name).listRoles.values()].map((role): FoundRole => ({
    ...role,
    managedIn: 'store',
    at: undefined,
  }))
  const files = [...live.current().policies.listRoles.values()].map(({ grants, ...role }): FoundRole => ({
    ...role,
    grants: grants.flatMap(({ list, ...grant }) => {
      const id = listIdFrom(list)
      return id === undefined ? [] : [{ list: id, ...grant }]
    }),
    description: '',
    managedIn: 'file',
    version: 0,
    updatedAt: undefined,
  }))
  return new Map([...managed, ...files].map((role) => [role.name, role]))
}

const roleJson = (role: FoundRole, holders: ReadonlyMap<string, number>) => ({
  ...headJson(role, holders),
  grants: role.grants.map(grantJson),
})

interface GrantWords {
  readonly list: number
  readonly get: boolean
  readonly manage: boolean
  readonly until?: string | null
}

/** In the order of the lists; a list that stands twice, or to no purpose, is a mistake. */
function grantsIn(words: readonly GrantWords[]): readonly DirectGrant[] {
  const seen = new Set<number>()
  const grants = words.flatMap(({ list, get, manage, until }, at): DirectGrant[] => {
    const path = `grants[${at}]`
    const id = listIdFrom(list)
    if (seen.has(list)) throw invalid({ path: `${path}.list`, problem: 'stands here again' })
    if (!get && !manage) throw invalid({ path, problem: 'gives neither get nor manage' })
    seen.add(list)
    return id === undefined ? [] : [{ list: id, get, manage, until: instantIn(`${path}.until`, until) }]
  })
  return grants.toSorted((one, other) => one.list - other.list)
}
