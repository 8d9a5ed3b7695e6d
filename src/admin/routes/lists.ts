/** Lists of the backend: picked by id and name, retired when they were deleted. */
import { LRUCache } from 'lru-cache'
import { Type } from 'typebox'
import type { Tenant } from '../../context.ts'
import { askListNames, type NamedList } from '../../forward/list-names.ts'
import { parseListId, parseRequestId, type ListId } from '../../model/ids.ts'
import { refused } from '../../model/failure.ts'
import { done, endpoint, type Endpoint } from '../endpoint.ts'
import { checkGivable } from '../giving.ts'
import type { AdminParts } from '../parts.ts'
import { shownTime } from '../present.ts'
import { closed, tenantName } from '../schemas/common.ts'
import { lists, retiredLists } from '../schemas/lists.ts'
import { tenantPath } from './roles.ts'

/** How long names are believed: a list that was just made shows soon. */
const rememberedMs = 5_000

export const listText = {
  type: 'string',
  pattern: '^[1-9][0-9]{0,9}$',
} as const

const listPath = closed({ tenant: tenantName, list: Type.String(listText) })

export function listEndpoints(parts: AdminParts): readonly Endpoint[] {
  const { store } = parts
  const known = new LRUCache<string, readonly NamedList[]>({ max: 100, ttl: rememberedMs })

  const namesOf = async (tenant: Tenant, address: string, requestId: string) => {
    const { name } = tenant.config
    const found = known.get(name) ?? (await askListNames(tenant, askerOf(address, requestId)))
    if (found !== undefined) known.set(name, found)
    return found
  }
  return [
    endpoint({
      id: 'listLists',
      route: 'GET /api/tenants/:tenant/lists',
      tag: 'lists',
      summary: 'Lists of the backend by id and name, and those that are only known here',
      needs: 'roles:get',
      params: tenantPath,
      answer: lists,
      failures: [
        'upstream-refused',
        'upstream-protocol',
        'upstream-credential',
        'upstream-timeout',
        'upstream-unavailable',
      ],
      handle: async ({ tenant, request }) => {
        const named = await namesOf(tenant, request.admin.address, request.admin.requestId)
        const retired = new Map((await store.listRetired(tenant.config.name)).map(({ list, state }) => [list, state]))
        const roles = rolesByList(parts, tenant)
        const names = new Map<ListId, string | null>((named ?? []).map(({ id, name }) => [id, name]))
        for (const list of [...roles.keys(), ...retired.keys()]) if (!names.has(list)) names.set(list, null)
        const results = [...names].map(([id, name]) => ({
          id,
          name,
          retired: retired.get(id) ?? null,
          roles: [...(roles.get(id) ?? [])],
        }))
        return { data: { named: named !== undefined, results } }
      },
    }),
    endpoint({
      id: 'listRetiredLists',
      route: 'GET /api/tenants/:tenant/retired-lists',
      tag: 'lists',
      summary: 'Deleted lists: nothing that was granted on them before holds',
      needs: 'roles:get',
      params: tenantPath,
      answer: retiredLists,
      handle: async ({ tenant }) => {
        const found = await store.listRetired(tenant.config.name)
        return { data: { results: found.map(({ list, state, at }) => ({ list, state, at: shownTime(at) })) } }
      },
    }),
    endpoint({
      id: 'retireList',
      route: 'PUT /api/tenants/:tenant/retired-lists/:list',
      tag: 'lists',
      summary: 'Retire a list that was deleted past the gateway',
      needs: 'roles:manage',
      params: listPath,
      handle: async ({ tenant, params, by }) => {
        await store.retireList(tenant.config.name, listIn(params.list), by)
        return done
      },
    }),
    endpoint({
      id: 'unretireList',
      route: 'DELETE /api/tenants/:tenant/retired-lists/:list',
      tag: 'lists',
      summary: 'Let list roles count again on this id',
      needs: 'roles:manage',
      params: listPath,
      failures: ['grant-exceeds'],
      handle: async ({ tenant, params, caller, by }) => {
        const list = listIn(params.list)
        const all = { permissions: [], admin: [], lists: [{ list, get: true, manage: true }] }
        checkGivable(caller.authority, tenant, all)
        await store.unretireList(tenant.config.name, list, by)
        return done
      },
    }),
  ]
}

export function listIn(text: string): ListId {
  const list = parseListId(text)
  if (list === undefined) throw refused('not-found', { message: 'there is no list of this id' })
  return list
}

function askerOf(clientAddress: string, id: string) {
  const requestId = parseRequestId(id)
  if (requestId === undefined) throw refused('internal', { cause: 'no request id' })
  return { requestId, traceparent: newTraceparent(id), clientAddress, authorization: undefined, timeoutMs: undefined }
}

/** Nobody began a trace here: the request's id names it (W3C Trace Context §3.2). */
const newTraceparent = (uuid: string): string => {
  const hex = uuid.replaceAll('-', '')
  return `00-${hex}-${hex.slice(0, 16)}-00`
}

function rolesByList({ live, store }: AdminParts, tenant: Tenant): ReadonlyMap<ListId, ReadonlySet<string>> {
  const found = new Map<ListId, Set<string>>()
  const all = [
    ...store.managed.book(tenant.config.name).listRoles.values(),
    ...live.current().policies.listRoles.values(),
  ]
  for (const { name, grants } of all) {
    for (const { list } of grants) {
      const id = parseListId(String(list))
      if (id === undefined) continue
      found.set(id, (found.get(id) ?? new Set()).add(name))
    }
  }
  return found
}
