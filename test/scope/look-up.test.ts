import { describe, expect, it } from 'vitest'
import type { FoundThings, Scope } from '../../src/model/decision.ts'
import type { JsonObject } from '../../src/model/json.ts'
import { listIdFrom, type ListId } from '../../src/model/ids.ts'
import type { Resource, Rule, StoredDemand } from '../../src/policy/rule.ts'
import { judge, type Judged } from '../../src/scope/judge.ts'
import { lookUpsFor, maxThings } from '../../src/scope/look-up.ts'
import { readScope, type Places } from '../../src/scope/read-scope.ts'
import { grants, inQuery, rule, stored, terms as decisionTerms } from '../helpers/rule.ts'

const resource = (name: string, key: Resource['key']): [string, Resource] => [
  name,
  { name, key, from: `/${name}/{${key}}`, lists: 'lists', absent: [404] },
]
const resources = new Map([resource('subscriber', 'id'), resource('campaign', 'id'), resource('address', 'email')])
const terms = { ...decisionTerms(), resources }
const places = (over: Partial<Places> = {}): Places => ({
  params: { id: '18' },
  query: [],
  body: undefined,
  parts: new Map(),
  ...over,
})
const inBody = (name: string, over: Partial<StoredDemand> = {}): StoredDemand =>
  stored({ id: { in: 'body', name }, ...over })
const inBodyLists = (absent: 'none' | 'empty'): Rule['lists'][number] => ({
  ...inQuery({ absent, keeps: 'subscriber', name: 'lists', need: 'manage' }),
  in: 'body',
})

function plan(lists: Rule['lists'], held: Parameters<typeof grants>[0], where: Places = places()) {
  const asked = rule({ lists })
  const scope: Scope = readScope(asked, where)
  return lookUpsFor(asked, terms, grants(held), where, scope)
}

const wanted = (...args: Parameters<typeof plan>): unknown => Object.fromEntries(plan(...args).wanted)
const listIds = (ids: readonly number[]): ListId[] => ids.flatMap((id) => listIdFrom(id) ?? [])
const found = (lists: Readonly<Record<string, Readonly<Record<string, readonly number[] | undefined>>>>): FoundThings =>
  new Map(
    Object.entries(lists).map(([name, things]) => [
      name,
      new Map(Object.entries(things).map(([key, ids]) => [key, ids && listIds(ids)])),
    ]),
  )

describe('what is looked up', () => {
  it('is each thing once, whoever names it', () => {
    const demands = [stored(), stored({ need: 'manage' }), inBody('ids'), inBody('of', { resource: 'campaign' })]
    const where = places({ body: { ids: [18, 19, 19], of: [18] } as JsonObject })

    expect(wanted(demands, { get: [3], manage: [3] }, where)).toEqual({ subscriber: ['18', '19'], campaign: ['18'] })
  })

  it('is not what the caller’s permission supersedes, nor what `unless` lifts', () => {
    expect(wanted([stored()], { permissions: ['lists:get_all'] })).toEqual({})
    expect(wanted([stored({ need: 'manage' })], { permissions: ['lists:get_all'], manage: [3] })).toEqual({
      subscriber: ['18'],
    })
    expect(
      wanted([stored({ unless: ['campaigns:get_all'] })], { permissions: ['campaigns:get_all'], get: [3] }),
    ).toEqual({})
  })

  it('is nothing for a caller without any list, to whom every thing is out of reach', () => {
    const { wanted: none, atBest } = plan([stored({ need: 'manage' })], { get: [3] })

    expect([none.size, atBest.readings]).toEqual([0, [{ kind: 'things', lists: [[]] }]])
  })

  it('is nothing where the request names no thing', () => {
    const demands = [inBody('ids'), inBody('id'), stored({ id: { in: 'query', name: 'id' } })]
    const where = places({ body: { ids: [], id: null }, query: [['id', '']] })

    expect(wanted(demands, { get: [3] }, where)).toEqual({})
    expect(readScope(rule({ lists: demands }), where).readings).toEqual(demands.map(() => ({ kind: 'absent' })))
  })

  it('is what must be known to keep the lists of others, also where the thing itself is within reach anyhow', () => {
    const kept = [inBodyLists('empty'), stored({ unless: ['subscribers:any'] })]

    expect(wanted(kept, { permissions: ['subscribers:any'], manage: [3] })).toEqual({ subscriber: ['18'] })
    expect(wanted(kept, { permissions: ['subscribers:any', 'lists:manage_all'] })).toEqual({})
  })

  it('is an address in lower case, and never what is no address', () => {
    const demand = inBody('email', { resource: 'address' })
    const asked = (email: string) => plan([demand], { get: [3] }, places({ body: { email } }))

    expect(Object.fromEntries(asked('Ada@Example.ORG').wanted)).toEqual({ address: ['ada@example.org'] })
    for (const email of ["a@example.org' OR '1'='1", 'ada', ' a@example.org']) {
      expect([asked(email).wanted.size, asked(email).atBest.readings[0]?.kind]).toEqual([0, 'unreadable'])
    }
  })

  it.each(['05', '0', '-1', '2147483648', '1e3', ''])('is never the id %j', (id) => {
    const { wanted: none, atBest } = plan([stored()], { get: [3] }, places({ params: { id } }))

    expect([none.size, atBest.readings[0]?.kind]).toEqual([0, 'unreadable'])
  })
})

describe('what was found', () => {
  const demands = [stored(), inBody('ids', { resource: 'campaign' })]
  const where = places({ body: { ids: [1, 2] } as JsonObject })
  const settle = (things: FoundThings) => plan(demands, { get: [3] }, where).settle(things).readings

  it('is read for each place, and a thing that does not exist is on no list', () => {
    expect(settle(found({ subscriber: { 18: [3, 7] }, campaign: { 1: undefined, 2: [4] } }))).toEqual([
      { kind: 'things', lists: [[3, 7]] },
      { kind: 'things', lists: [[], [4]] },
    ])
  })

  it('stays unknown where one of the things was not looked up', () => {
    expect(settle(found({ subscriber: {}, campaign: { 1: [3] } }))).toEqual([{ kind: 'unknown' }, { kind: 'unknown' }])
  })
})

describe('judge', () => {
  const judged = (
    lists: Rule['lists'],
    held: Parameters<typeof grants>[0],
    over: Partial<Rule> = {},
    query: [string, string][] = [],
  ): Judged =>
    judge(
      {
        rule: rule({
          lists,
          query: {
            kind: 'declared',
            parameters: new Map([
              ['list_id', 'ids'],
              ['id', 'ids'],
            ]),
            aliases: new Map(),
          },
          ...over,
        }),
        params: { id: '18' },
        target: { path: '/api/things/18', segments: ['api', 'things', '18'], query },
        body: { kind: 'none' },
      },
      terms,
      grants(held),
    )
  const settledWith = (judgement: Judged, ids: readonly number[] | undefined) =>
    judgement.kind === 'waits'
      ? judgement.settle(found({ subscriber: { 18: ids } }))
      : expect.unreachable(judgement.kind)

  it('waits for what it must know, and decides by it', () => {
    const waiting = judged([stored()], { get: [3] })

    expect(waiting).toMatchObject({ kind: 'waits', wanted: new Map([['subscriber', ['18']]]) })
    expect(settledWith(waiting, [3, 7])).toMatchObject({ kind: 'allowed', decision: { lists: [3] } })
  })

  it('refuses a foreign thing and one that is not there in the same words', () => {
    const waiting = judged([stored()], { get: [3] })

    expect(settledWith(waiting, [7])).toEqual(settledWith(waiting, undefined))
    expect(settledWith(waiting, [7])).toMatchObject({
      kind: 'denied',
      decision: { reason: 'thing-not-granted', lists: [], detail: undefined },
    })
  })

  it.each<[string, Rule['lists'], Parameters<typeof grants>[0], Partial<Rule>]>([
    ['a list that is named and not granted', [stored(), inQuery()], { get: [4] }, {}],
    ['a permission that is missing', [stored()], { get: [3] }, { allow: { kind: 'any-of', permissions: ['a:get'] } }],
    ['a demand for every list', [stored()], { get: [3] }, { everywhere: 'get' }],
    [
      'a second thing that is out of reach for want of any list',
      [stored(), stored({ need: 'manage' })],
      { get: [3] },
      {},
    ],
  ])('refuses without a look-up for %s', (_, lists, held, over) => {
    expect(judged(lists, held, over, [['list_id', '3']]).kind).toBe('denied')
  })

  it('looks nothing up for who needs no list role', () => {
    expect(judged([stored()], { permissions: ['lists:get_all'] })).toMatchObject({
      kind: 'allowed',
      decision: { reason: 'every-list' },
    })
  })

  it('refuses more things than it looks up, and says so', () => {
    const ids = (count: number): [string, string][] =>
      Array.from({ length: count }, (_, index) => ['id', String(index + 1)])
    const demand = stored({ id: { in: 'query', name: 'id' } })

    expect(judged([demand], { get: [3] }, {}, ids(maxThings)).kind).toBe('waits')
    expect(judged([demand], { get: [3] }, {}, ids(maxThings + 1))).toMatchObject({
      kind: 'denied',
      decision: { reason: 'scope-unreadable' },
      failure: {
        code: 'scope-unreadable',
        message: 'permission denied: this request names 101 things, and at most 100 can be judged at once',
      },
    })
    expect(judged([demand], { permissions: ['lists:get_all'] }, {}, ids(maxThings + 1)).kind).toBe('allowed')
  })
})
