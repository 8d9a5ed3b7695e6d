/** Rules, terms and grants made in place, for tests of pure code. */
import { parseListId, type ListId } from '../../src/model/ids.ts'
import type { Terms } from '../../src/policy/decide.ts'
import type { Grants } from '../../src/policy/grants.ts'
import type { ListScope, NamedDemand, PathDemand, Rule, StoredDemand } from '../../src/policy/rule.ts'

export function listId(value: number): ListId {
  const id = parseListId(String(value))
  if (id === undefined) throw new Error(`${value} is no list id`)
  return id
}

export const listScope: ListScope = {
  get: { role: 'list:get', all: 'lists:get_all' },
  manage: { role: 'list:manage', all: 'lists:manage_all' },
  partial: 'refuse',
  none: -1,
}

export const terms = (partial: Terms['partial'] = 'refuse', none: number | undefined = -1): Terms => ({
  scope: { ...listScope, partial, none },
  partial,
})

export function rule(overrides: Partial<Rule> = {}): Rule {
  return {
    id: 'GET /api/things',
    method: 'GET',
    path: '/api/things',
    at: { file: 'policies/test.yaml', line: 1 },
    allow: { kind: 'authenticated' },
    query: { kind: 'declared', parameters: new Map(), aliases: new Map() },
    body: { kind: 'none' },
    lists: [],
    when: [],
    everywhere: undefined,
    answer: [],
    grant: undefined,
    retire: undefined,
    own: undefined,
    limit: 'read',
    cost: 1,
    timeoutMs: undefined,
    gone: undefined,
    credential: 'strip',
    websocket: false,
    ...overrides,
  }
}

export const inPath = (need: PathDemand['need'] = 'get', unless: readonly string[] = []): PathDemand => ({
  in: 'path',
  name: 'id',
  need,
  unless,
})

export const inQuery = (overrides: Partial<NamedDemand> = {}): NamedDemand => ({
  in: 'query',
  part: undefined,
  name: 'list_id',
  need: 'get',
  unless: [],
  absent: 'refuse',
  fillUnless: undefined,
  partial: undefined,
  intersects: false,
  keeps: undefined,
  ...overrides,
})

export const stored = (overrides: Partial<StoredDemand> = {}): StoredDemand => ({
  in: 'stored',
  resource: 'subscriber',
  id: { in: 'path', name: 'id' },
  need: 'get',
  unless: [],
  of: 'any',
  absent: 'refuse',
  ...overrides,
})

interface Held {
  readonly permissions?: readonly string[]
  readonly get?: readonly number[]
  readonly manage?: readonly number[]
}

/** Grants as one role `held` and one list role `lists held` would give them. */
export function grants({ permissions = [], get = [], manage = [] }: Held = {}): Grants {
  return {
    permissions: new Map(permissions.map((permission) => [permission, 'held'])),
    admin: new Map(),
    get: new Map(get.map((id) => [listId(id), 'lists held'])),
    manage: new Map(manage.map((id) => [listId(id), 'lists held'])),
    validUntilMs: Infinity,
  }
}
