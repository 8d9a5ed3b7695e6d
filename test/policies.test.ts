/** The shipped policy: its cases hold, each of its demands has a case that misses it, and its routes are the backend's. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { paperJudge } from '../src/judge.ts'
import type { CaseFile } from '../src/policy/cases-language.ts'
import { cutsFor } from '../src/policy/cuts.ts'
import { grantsOf, type Grants } from '../src/policy/grants.ts'
import { loadCases, loadPolicies } from '../src/policy/load.ts'
import type { ListDemand, ListGrant, NamedDemand, Policy, PolicySet, Rule, StoredDemand } from '../src/policy/rule.ts'
import { runCases } from '../src/run-cases.ts'

const folder = new URL('../policies', import.meta.url).pathname
const now = Date.parse('2026-06-01T00:00:00Z')
const set = await loadPolicies(folder)
const files = await loadCases(folder, set)
const policy = set.policies.get('listmonk') ?? expect.unreachable('policies/listmonk.yaml is not there')
const ruleOf = (id: string): Rule => policy.rules.find((rule) => rule.id === id) ?? expect.unreachable(`no rule ${id}`)

describe('the cases of policies/cases', () => {
  it.each(runCases(set, files, now))('$file:$line $name', ({ differences }) => {
    expect(differences).toEqual([])
  })
})

describe('the gaps that listmonk.yaml names', () => {
  const text = readFileSync(`${folder}/listmonk.yaml`, 'utf8')
  // What the head of the file calls somebody else's is no line of the policy.
  const lines = text.slice(text.indexOf('\npermissions:'))
  const named = new Set(
    [...lines.matchAll(/gaps? (\d+(?:, \d+)*(?: and \d+)?)/g)].flatMap(([, numbers = '']) => numbers.split(/, | and /)),
  )
  const cased = new Set(files.flatMap(({ cases }) => cases.flatMap(({ name }) => /^gap-(\d+) /.exec(name)?.[1] ?? [])))

  it('have a case of their name, and each case of such a name a line', () => {
    // 13 cuts answers and 23 slows down: neither is a decision.
    const elsewhere = new Set(['13', '23'])
    const numbers = (gaps: Iterable<string>): number[] => [...gaps].map(Number).toSorted((a, b) => a - b)

    expect(numbers([...named].filter((gap) => !cased.has(gap)))).toEqual(numbers(elsewhere))
    expect(numbers([...cased].filter((gap) => !named.has(gap)))).toEqual([])
  })
})

describe('each demand of listmonk.yaml', () => {
  const asked = casesByRule()

  it.each(policy.rules.flatMap(loosened))(
    'is missed by a case when it is gone: $rule.id, $what',
    ({ rule, without }) => {
      const cases = asked.get(rule.id) ?? []
      const changed: Policy = { ...policy, rules: policy.rules.map((each) => (each === rule ? without : each)) }
      const results = runCases({ ...set, policies: new Map([['listmonk', changed]]) } satisfies PolicySet, cases, now)

      expect(results.filter(({ differences }) => differences.length > 0)).not.toEqual([])
    },
  )

  /** Only the cases that ask a rule can miss what it demands. */
  function casesByRule(): ReadonlyMap<string, readonly CaseFile[]> {
    const judge = paperJudge(policy)
    const byRule = new Map<string, CaseFile[]>()
    for (const file of files) {
      for (const [id = '', cases = []] of Map.groupBy(file.cases, ({ ask }) => judge.judge(nobody, ask).rule?.id)) {
        byRule.set(id, [...(byRule.get(id) ?? []), { ...file, cases }])
      }
    }
    return byRule
  }
})

interface Loosened {
  readonly rule: Rule
  readonly what: string
  readonly without: Rule
}

/** The rule with one demand less, for each of its demands. */
function loosened(rule: Rule): Loosened[] {
  const variants: [string, Partial<Rule>][] = []
  if (rule.everywhere !== undefined) variants.push(['everywhere', { everywhere: undefined }])
  if (rule.gone !== undefined) variants.push(['gone', { gone: undefined }])
  for (const [index, when] of rule.when.entries()) {
    const others = rule.when.filter((_, other) => other !== index)
    variants.push([`when ${when.name}`, { when: others }])
    if (when.allow.length > 0)
      variants.push([`when ${when.name}: allow`, { when: rule.when.with(index, { ...when, allow: [] }) }])
    // Where the route itself asks for it, the parameter's own demand says nothing more.
    if (when.everywhere !== undefined && when.everywhere !== rule.everywhere) {
      variants.push([
        `when ${when.name}: everywhere`,
        { when: rule.when.with(index, { ...when, everywhere: undefined }) },
      ])
    }
  }
  for (const [index, demand] of rule.lists.entries()) {
    variants.push([`lists ${index}`, { lists: rule.lists.filter((_, other) => other !== index) }])
    if (demand.in === 'stored') {
      variants.push(...weakenedStored(rule, demand, index))
      continue
    }
    for (const [what, weaker] of weakened(demand, rule))
      variants.push([`lists ${index}: ${what}`, { lists: rule.lists.with(index, weaker) }])
    if (demand.in !== 'path' && demand.absent !== 'none') {
      // Where two demands name one place, either of them says what its absence means.
      const lists = rule.lists.map((each) =>
        isSamePlace(each, demand) ? ({ ...each, absent: 'none' } satisfies NamedDemand) : each,
      )
      variants.push([`lists ${index}: absent`, { lists }])
    }
  }
  return variants.map(([what, change]) => ({ rule, what, without: { ...rule, ...change } }))
}

function weakenedStored(rule: Rule, demand: StoredDemand, index: number): [string, Partial<Rule>][] {
  const variants: [string, Partial<Rule>][] = []
  const weaker = (what: string, change: Partial<StoredDemand>): void => {
    variants.push([`lists ${index}: ${what}`, { lists: rule.lists.with(index, { ...demand, ...change }) }])
  }
  if (demand.need === 'manage') weaker('need: get', { need: 'get' })
  if (demand.need === 'get') weaker('need: either', { need: 'either' })
  if (demand.of === 'all') weaker('of: any', { of: 'any' })
  if (demand.absent !== 'none' && demand.id.in !== 'path') {
    // Where several demands read one place, or one place of several is enough, any of them says what their absence means.
    const lists = rule.lists.map((each) =>
      each.in === 'stored' && each.absent === demand.absent
        ? ({ ...each, absent: 'none' } satisfies StoredDemand)
        : each,
    )
    variants.push([`lists ${index}: absent`, { lists }])
  }
  return variants
}

const isSamePlace = (one: ListDemand, other: NamedDemand): one is NamedDemand =>
  one.in !== 'path' && one.in !== 'stored' && one.in === other.in && one.part === other.part && one.name === other.name

function weakened(demand: Exclude<ListDemand, StoredDemand>, rule: Rule): [string, ListDemand][] {
  const weaker: [string, ListDemand][] = []
  if (demand.need === 'manage' && rule.everywhere !== 'manage') weaker.push(['need: get', { ...demand, need: 'get' }])
  if (demand.in === 'path') return weaker
  // Whoever manages every list is never told to name one.
  if (demand.intersects && rule.everywhere !== 'manage') weaker.push(['intersects', { ...demand, intersects: false }])
  if (demand.keeps !== undefined) weaker.push(['keeps', { ...demand, keeps: undefined }])
  if (demand.partial === 'refuse') weaker.push(['partial', { ...demand, partial: 'narrow' }])
  for (const permission of (demand.fillUnless?.length ?? 0) > 1 ? (demand.fillUnless ?? []) : []) {
    weaker.push([`fill_unless ${permission} alone`, { ...demand, fillUnless: [permission] }])
  }
  return weaker
}

const nobody = grantsFor([])

function grantsFor(
  lists: readonly Pick<ListGrant, 'list' | 'get' | 'manage'>[],
  ...permissions: readonly string[]
): Grants {
  const at = { file: 'test', line: 1 }
  const roles = {
    userRoles: new Map([['role', { name: 'role', permissions, admin: [], at }]]),
    listRoles: new Map([
      ['lists', { name: 'lists', grants: lists.map((each) => ({ ...each, until: undefined })), at }],
    ]),
  }
  return grantsOf({ roles: ['role'], listRoles: ['lists'] }, roles, now)
}

describe('answers', () => {
  const scoped = grantsFor([{ list: 3, get: true, manage: false }])
  const cuts = (grants: Grants): string[] =>
    policy.rules.flatMap((rule) =>
      cutsFor(rule, { scope: policy.scope }, grants).map(
        ({ act, path, by, resource = 'list', pages, visible }) =>
          `${rule.id}: ${act} ${path} by ${by} of a ${resource}${pages ? ', paging' : ''}: ${[...visible].join(' ')}`,
      ),
    )

  it('are cut for who sees a part: gap 12 and gap 13', () => {
    expect(cuts(scoped)).toEqual([
      'GET /api/lists: keep data.results[] by id of a list, paging: 3',
      'GET /api/subscribers: keep data.results[].lists[] by id of a list: 3',
      'GET /api/subscribers/:id: keep data.lists[] by id of a list: 3',
      'GET /api/subscribers/:id/activity: keep data.campaign_views[] by id of a campaign: 3',
      'GET /api/subscribers/:id/activity: keep data.link_clicks[] by campaign_id of a campaign: 3',
      'GET /api/subscribers/:id/export: keep subscriptions[] by id of a list: 3',
      'GET /api/subscribers/:id/export: keep campaign_views[] by id of a campaign: 3',
      'GET /api/subscribers/:id/export: keep link_clicks[] by campaign_id of a campaign: 3',
      'GET /api/subscribers/:id/bounces: keep data[] by campaign.id of a campaign: 3',
      'PUT /api/subscribers/:id: keep data.lists[] by id of a list: 3',
      'PATCH /api/subscribers/:id: keep data.lists[] by id of a list: 3',
      'GET /api/campaigns: keep data.results[] by lists[].id of a list, paging: 3',
      'GET /api/campaigns: keep data.results[].lists[] by id of a list: 3',
      'GET /api/campaigns/running/stats: keep data[] by id of a campaign: 3',
      'GET /api/campaigns/:id: keep data.lists[] by id of a list: 3',
      'PUT /api/campaigns/:id: keep data.lists[] by id of a list: 3',
      'PUT /api/campaigns/:id/status: keep data.lists[] by id of a list: 3',
    ])
  })

  it('are whole for who reads every list', () => {
    expect(cuts(grantsFor([], 'lists:get_all'))).toEqual([])
  })

  it('show all of the lists to lists:get_all alone', () => {
    expect(cuts(grantsFor([], 'lists:manage_all'))).toEqual([
      'GET /api/lists: keep data.results[] by id of a list, paging: ',
    ])
  })

  it('show campaigns:get_all every campaign, and of its lists those within reach', () => {
    expect(cuts(grantsFor([], 'campaigns:get_all')).filter((cut) => cut.includes('campaign'))).toEqual([
      'GET /api/campaigns: keep data.results[].lists[] by id of a list: ',
      'GET /api/campaigns/:id: keep data.lists[] by id of a list: ',
      'PUT /api/campaigns/:id: keep data.lists[] by id of a list: ',
      'PUT /api/campaigns/:id/status: keep data.lists[] by id of a list: ',
    ])
  })
})

describe('the routes of listmonk.yaml', () => {
  const rows = readFileSync(new URL('contracts/listmonk/routes.tsv', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter(([method = '', path = '']) => !method.startsWith('ANY') && path.startsWith('/'))
    .map(([method, path = '', access, anyOf = '']) => ({
      id: `${method} ${path === '/uploads*' ? '/uploads/*' : path}`,
      access,
      anyOf: anyOf.split(','),
    }))

  /** Where listmonk asks for too little. */
  const asksMore: Readonly<Record<string, readonly string[]>> = {
    'GET /api/config': ['settings:get'], // gap 12
    'GET /api/about': ['settings:get'], // gap 12
    'POST /api/templates/preview': ['templates:manage'], // gap 14
  }

  it("are the backend's, all of them, and what the gateway says of itself", () => {
    const own = ['GET /api/openapi.json']
    expect(policy.rules.map(({ id }) => id).toSorted()).toEqual([...own, ...rows.map(({ id }) => id)].toSorted())
  })

  it.each(rows)("ask for the backend's permissions: $id", ({ id, access, anyOf }) => {
    const { allow } = ruleOf(id)
    const asked = allow.kind === 'any-of' ? [...allow.permissions] : allow.kind
    const open = access === 'public' ? 'public' : 'authenticated'
    const backends = access === 'permission' ? anyOf : open

    expect(asked).toEqual(asksMore[id] ?? backends)
  })
})
