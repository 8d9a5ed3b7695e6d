/** Two policies compared by what they decide. The names A, B and C stand for lists: nobody holds C. */
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parseYaml } from '../../src/config/document.ts'
import { compilePolicySet } from '../../src/policy/compile.ts'
import type { Change, Outcome } from '../../src/policy/diff-route.ts'
import { diffPolicies, type PolicyDiff } from '../../src/policy/diff.ts'
import { loadPolicies } from '../../src/policy/load.ts'
import type { PolicySet } from '../../src/policy/rule.ts'

interface Texts {
  readonly routes?: string
  readonly roles?: string
  readonly limits?: string
  readonly partial?: 'refuse' | 'narrow'
}

const treeOf = (text: string, name: string) => {
  const { tree, problems } = parseYaml(text, `policies/${name}.yaml`)
  expect(problems).toEqual([])
  return tree
}

/** One user role unless others are given: `reader` with subscribers:get. */
function policySet({ routes = '', roles, limits, partial = 'refuse' }: Texts): PolicySet {
  const backend = `policy: listmonk
permissions: [lists:get_all, lists:manage_all, subscribers:get, subscribers:manage]
scope: { kind: list, id: int32, partial: ${partial}, get: { role: list:get, all: lists:get_all }, manage: { role: list:manage, all: lists:manage_all }, none: -1 }
resources: { subscriber: { from: "GET /api/subscribers/{id}", lists: "data.lists[].id", absent: [404] } }
routes:
  GET /api/health: { allow: public }
${routes}`
  const rolesText = roles ?? 'user_roles: { reader: { permissions: [subscribers:get] } }\n'
  const tree = treeOf(backend, 'listmonk')
  return compilePolicySet({
    backends: tree === undefined ? [] : [tree],
    roles: treeOf(rolesText, 'roles'),
    limits: limits === undefined ? undefined : treeOf(limits, 'limits'),
  })
}

const diffOf = (before: Texts, after: Texts): PolicyDiff => diffPolicies(policySet(before), policySet(after))

function outcomeText({ effect, reason, code, sends, cuts }: Outcome): string {
  return [effect, reason ?? code, ...sends, ...cuts].join(' ')
}

/** Everything that a change says, a line a group of callers. */
const changeLines = ({ kind, before, after, callers }: Change): string[] =>
  callers.map(
    ({ roles, lists, requests }) =>
      `${kind}: ${outcomeText(before)} → ${outcomeText(after)} | ${roles.join(', ')} | ${lists.join(', ')} | ${requests.join(' / ')}`,
  )

const linesOf = (diff: PolicyDiff): string[] =>
  diff.routes.flatMap(({ route, changes }) => [route, ...changes.flatMap(changeLines)])

const inQuery = (words: string): string =>
  `  GET /api/subscribers: { allow: [subscribers:get], lists: { query: list_id, ${words} } }\n`

describe('diffPolicies', () => {
  it.each<[name: string, before: string, after: string, lines: string[]]>([
    [
      'a permission that is asked for now',
      '  GET /api/x: { allow: authenticated }\n',
      '  GET /api/x: { allow: [subscribers:get] }\n',
      [
        'GET /api/x',
        'closed: allow authenticated → deny permission-missing | (no role) |  | ',
        'different: allow authenticated → allow permission | reader |  | ',
      ],
    ],
    [
      'a list in the path that must be managed now',
      '  GET /api/lists/:id: { allow: authenticated, lists: { path: id, need: get } }\n',
      '  GET /api/lists/:list: { allow: authenticated, lists: { path: list, need: manage } }\n',
      [
        'GET /api/lists/:list',
        'opened: deny list-not-granted → allow lists-granted | (no role), reader | manage on A | path: A',
        'closed: allow lists-granted → deny list-not-granted | (no role), reader | get on A | path: A',
      ],
    ],
    [
      'an absent parameter that is refused now',
      inQuery('need: get, absent: none'),
      inQuery('need: get, absent: refuse'),
      ['GET /api/subscribers', 'closed: allow permission → deny lists-absent | reader |  | query list_id: absent'],
    ],
    [
      'several lists that are refused together now',
      inQuery('need: get, absent: refuse'),
      inQuery('need: get, absent: refuse, intersects: true'),
      [
        'GET /api/subscribers',
        'closed: allow lists-granted → deny lists-intersect | reader | get and manage on A and B | query list_id: A and B',
      ],
    ],
    [
      'an effect that knows no list',
      '  GET /api/x: { allow: authenticated }\n',
      '  GET /api/x: { allow: authenticated, everywhere: get }\n',
      ['GET /api/x', 'closed: allow authenticated → deny everywhere-not-granted | (no role), reader |  | '],
    ],
    [
      'a parameter that asks for more now, and one value of it that asks for nothing',
      '  GET /api/x: { allow: authenticated, query: { query: one } }\n',
      `  GET /api/x:
    allow: authenticated
    when: { query: query, except: ["subscribers.id={id}"], allow: [subscribers:manage] }
`,
      [
        'GET /api/x',
        'closed: allow authenticated → deny permission-missing | (no role), reader |  | query query: another value',
      ],
    ],
    [
      'another value of a parameter that asks for more',
      `  GET /api/x: { allow: authenticated, when: { query: mode, is: ["a"], allow: [subscribers:manage] } }\n`,
      `  GET /api/x: { allow: authenticated, when: { query: mode, is: ["b"], allow: [subscribers:manage] } }\n`,
      [
        'GET /api/x',
        'opened: deny permission-missing → allow authenticated | (no role), reader |  | query mode: "a"',
        'closed: allow authenticated → deny permission-missing | (no role), reader |  | query mode: "b"',
      ],
    ],
    [
      'a header that asks for more',
      '  POST /api/x: { allow: authenticated, body: { fields: { headers: objects } } }\n',
      `  POST /api/x:
    allow: authenticated
    body: { fields: { headers: objects } }
    when: { body: headers, named: [bcc], allow: [subscribers:manage] }
`,
      [
        'POST /api/x',
        'closed: allow authenticated → deny permission-missing | (no role), reader |  | body headers: "bcc"',
      ],
    ],
    [
      'a parameter that one of them does not take',
      '  GET /api/x: { allow: authenticated, lists: { query: list_id, need: get, absent: none } }\n',
      '  GET /api/x: { allow: authenticated }\n',
      [
        'GET /api/x',
        'closed: allow lists-granted → deny query-invalid | (no role), reader | get on A, get and manage on A | query list_id: A',
        'closed: allow lists-granted → deny query-invalid | (no role), reader | get and manage on A and B | query list_id: A / query list_id: A and B',
        'different: deny list-not-granted → deny query-invalid | (no role), reader | no list, manage on A, get and manage on B | query list_id: A / query list_id: C / query list_id: A and C / query list_id: A and B',
        'different: deny list-not-granted → deny query-invalid | (no role), reader | get on A, get and manage on A | query list_id: C / query list_id: A and C / query list_id: A and B',
        'different: deny list-not-granted → deny query-invalid | (no role), reader | get and manage on A and B | query list_id: C / query list_id: A and C',
      ],
    ],
    [
      'a stored thing of which every list counts now',
      '  GET /api/subscribers/:id: { allow: [subscribers:get], lists: { stored: subscriber, id: path.id, need: get, of: any } }\n',
      '  GET /api/subscribers/:id: { allow: [subscribers:get], lists: { stored: subscriber, id: path.id, need: get, of: all } }\n',
      [
        'GET /api/subscribers/:id',
        'closed: allow lists-granted → deny thing-not-granted | reader | get on A, get and manage on A | subscriber of path: on A and B / subscriber of path: on A and C',
        'closed: allow lists-granted → deny thing-not-granted | reader | get and manage on B | subscriber of path: on A and B',
        'closed: allow lists-granted → deny thing-not-granted | reader | get and manage on A and B | subscriber of path: on A and C',
      ],
    ],
    [
      'an answer that is cut now',
      '  GET /api/lists: { allow: authenticated }\n',
      '  GET /api/lists: { allow: authenticated, answer: { mask: "data.results[]", by: id, need: get } }\n',
      [
        'GET /api/lists',
        'different: allow authenticated → allow authenticated mask data.results[] by id: none | (no role), reader | no list, manage on A | ',
        'different: allow authenticated → allow authenticated mask data.results[] by id: A | (no role), reader | get on A, get and manage on A | ',
        'different: allow authenticated → allow authenticated mask data.results[] by id: B | (no role), reader | get and manage on B | ',
        'different: allow authenticated → allow authenticated mask data.results[] by id: A, B | (no role), reader | get and manage on A and B | ',
      ],
    ],
    [
      'a route that a wider one answers when its own rule is gone',
      '  GET /pages/*: { allow: authenticated }\n  GET /pages/open: { allow: public }\n',
      '  GET /pages/*: { allow: authenticated }\n',
      [
        'GET /pages/open',
        'closed: allow public → deny credentials-missing | (no credentials) |  | ',
        'different: allow public → allow authenticated | (no role), reader |  | ',
      ],
    ],
    [
      'a route that is new',
      '',
      '  GET /api/x: { allow: authenticated }\n',
      ['GET /api/x', 'opened: deny route-unknown → allow authenticated | (no role), reader |  | '],
    ],
    [
      'a method that is new on a path',
      '  GET /api/x: { allow: authenticated }\n',
      '  GET /api/x: { allow: authenticated }\n  POST /api/x: { allow: authenticated }\n',
      ['POST /api/x', 'opened: deny method-not-allowed → allow authenticated | (no role), reader |  | '],
    ],
  ])('finds %s', (_name, before, after, lines) => {
    const diff = diffOf({ routes: before }, { routes: after })

    expect(linesOf(diff)).toEqual(lines)
    expect(diff.isSame).toBe(false)
  })

  it('finds what a tenant without a mode of its own narrows now', () => {
    const routes = inQuery('need: get, absent: refuse')
    const diff = diffOf({ routes, partial: 'refuse' }, { routes, partial: 'narrow' })

    expect(linesOf(diff)).toEqual([
      'GET /api/subscribers',
      'opened: deny list-not-granted → allow lists-narrowed query list_id = A | reader | get on A, get and manage on A | query list_id: A and C / query list_id: A and B',
      'opened: deny list-not-granted → allow lists-narrowed query list_id = A | reader | get and manage on A and B | query list_id: A and C',
      'opened: deny list-not-granted → allow lists-narrowed query list_id = B | reader | get and manage on B | query list_id: A and B',
    ])
    expect(diff.settings).toEqual([{ key: 'listmonk.scope.partial', before: '"refuse"', after: '"narrow"' }])
  })

  it('says what roles gained and lost, and which routes that opens and closes', () => {
    const routes = '  GET /api/x: { allow: [subscribers:get] }\n'
    const diff = diffOf(
      {
        routes,
        roles: `user_roles: { reader: { permissions: [subscribers:get] }, old: { permissions: [] } }
list_roles: { team: { lists: { 3: [get], 4: [get, manage] } } }
`,
      },
      {
        routes,
        roles: `user_roles: { reader: { permissions: [subscribers:manage] }, new: { permissions: [subscribers:get] } }
list_roles: { team: { lists: { 3: { allow: [get], until: "2027-01-01T00:00:00Z" }, 4: [get, manage] } } }
`,
      },
    )

    expect(diff.userRoles).toEqual([
      { role: 'reader', kind: 'changed', gained: ['subscribers:manage'], lost: ['subscribers:get'] },
      { role: 'old', kind: 'removed', gained: [], lost: [] },
      { role: 'new', kind: 'added', gained: ['subscribers:get'], lost: [] },
    ])
    expect(diff.listRoles).toEqual([
      { role: 'team', kind: 'changed', gained: ['3 list:get until 2027-01-01T00:00:00.000Z'], lost: ['3 list:get'] },
    ])
    expect(linesOf(diff)).toEqual([
      'GET /api/x',
      'opened: deny permission-missing → allow permission | new |  | ',
      'closed: allow permission → deny permission-missing | reader |  | ',
    ])
    expect(diff.counts).toEqual({ routes: 2, judged: 50, opened: 6, closed: 6, different: 0 })
  })

  it('names limits and settings that decide nothing, and demands that are only written differently', () => {
    const limits = (read: number): string =>
      `plans: { default: { read: { limit: ${read}, window: 1m }, write: { limit: 5, window: 1m } } }\n`
    const diff = diffOf(
      {
        limits: limits(10),
        routes: '  GET /api/x: { allow: authenticated }\n  GET /api/y: { allow: [subscribers:get] }\n',
      },
      {
        limits: limits(20),
        routes:
          '  GET /api/x: { allow: authenticated, cost: 5, query: { page: one } }\n  GET /api/y: { allow: [subscribers:get, subscribers:manage] }\n',
      },
    )

    expect(diff.limits).toEqual([{ key: 'plans.default.read.limit', before: '10', after: '20' }])
    expect(
      diff.routes.map(({ route, settings, changes, isReworded }) => ({ route, settings, changes, isReworded })),
    ).toEqual([
      {
        route: 'GET /api/x',
        settings: [
          { key: 'cost', before: '1', after: '5' },
          { key: 'query.parameters.page', before: undefined, after: '"one"' },
        ],
        changes: [],
        isReworded: false,
      },
      { route: 'GET /api/y', settings: [], changes: [], isReworded: true },
    ])
  })

  it('combines each two places where all of them together were too many, and says so', () => {
    const whens = (allow: string): string =>
      Array.from({ length: 14 }, (_, index) => `{ query: p${index}, allow: [${allow}] }`).join(', ')
    const diff = diffOf(
      { routes: `  GET /api/x: { allow: authenticated, when: [${whens('subscribers:get')}] }\n` },
      { routes: `  GET /api/x: { allow: authenticated, when: [${whens('subscribers:manage')}] }\n` },
    )
    const asks = 1 + 14 + (14 * 13) / 2

    expect(
      diff.routes.map(({ isSampled, changes }) => [isSampled, changes.map(({ kind, pairs }) => [kind, pairs])]),
    ).toEqual([[true, [['closed', (asks - 1) * 6]]]])
  })

  it('finds nothing between a folder and itself, and as much one way as the other', async () => {
    const folder = fileURLToPath(new URL('../../policies', import.meta.url))
    const shipped = await loadPolicies(folder)
    const same = diffPolicies(shipped, await loadPolicies(folder))
    const reader = shipped.userRoles.get('reader')
    const less: PolicySet = {
      ...shipped,
      userRoles: new Map([
        ...shipped.userRoles,
        ...(reader === undefined ? [] : [['reader', { ...reader, permissions: [] }] as const]),
      ]),
    }
    const [there, back] = [diffPolicies(shipped, less), diffPolicies(less, shipped)]

    expect(same).toMatchObject({ routes: [], userRoles: [], listRoles: [], limits: [], settings: [], isSame: true })
    expect(same.counts.routes).toBeGreaterThan(140)
    expect(same.counts.judged).toBeGreaterThan(50_000)
    expect(there.counts.closed).toBeGreaterThan(100)
    expect(there.counts.opened).toBe(0)
    expect(back.counts).toEqual({ ...there.counts, opened: there.counts.closed, closed: 0 })
  })
})
