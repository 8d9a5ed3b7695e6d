/** What comes back is cut to what the caller may see, as the backend itself would have done it. */
import { describe, expect, it } from 'vitest'
import { listIdFrom } from '../../src/model/ids.ts'
import type { ListGrant, PolicySet, Rule } from '../../src/policy/rule.ts'
import { type Answer, startGateway } from '../helpers/gateway.ts'
import { filled, readRecordings } from '../contracts/recordings.ts'
import { readWorld, type WorldUser } from '../contracts/replay-gateway.ts'

interface Listing {
  readonly results: readonly { readonly id: number; readonly lists?: readonly { readonly id: number | null }[] }[]
  readonly total: number
  readonly page: number
  readonly per_page: number
}

const listing = ({ json }: Answer): Listing => (json as { data: Listing }).data
const idsIn = (answer: Answer): number[] => listing(answer).results.map(({ id }) => id)

/** The user roles and list roles of the recorded world, one of each a user. */
function withWorldRoles(users: readonly WorldUser[]): (shipped: PolicySet) => PolicySet {
  const at = { file: 'world.json', line: 1 }
  return (shipped) => ({
    ...shipped,
    userRoles: new Map(users.map(({ username: name, permissions }) => [name, { name, permissions, admin: [], at }])),
    listRoles: new Map(users.map(({ username: name, lists }) => [name, { name, grants: lists.map(grantOf), at }])),
  })
}

const grantOf = ({ id, permissions }: WorldUser['lists'][number]): ListGrant => ({
  list: listIdFrom(id) ?? 0,
  get: permissions.includes('list:get'),
  manage: permissions.includes('list:manage'),
  until: undefined,
})

/** The shipped policies with `mask` where they say `keep` of a subscriber's lists. */
function masking(shipped: PolicySet): PolicySet {
  const masked = (rule: Rule): Rule => ({
    ...rule,
    answer: rule.answer.map((demand) => (demand.path === 'data.lists[]' ? { ...demand, act: 'mask' } : demand)),
  })
  const policies = [...shipped.policies].map(
    ([name, policy]) => [name, { ...policy, rules: policy.rules.map(masked) }] as const,
  )
  return { ...shipped, policies: new Map(policies) }
}

describe('what a scoped caller lists', () => {
  it('equals what the backend itself showed such a caller', async () => {
    const users = readWorld().users.filter(({ status }) => status === 'enabled')
    const { ask, user } = await startGateway({ policies: withWorldRoles(users), tenant: { partial: 'narrow' } })
    const people = new Map<string, Awaited<ReturnType<typeof user>>>()
    for (const { username } of users) people.set(username, await user(username, [username], [username]))

    const compared: string[] = []
    for (const { route, target, method, headers, answers } of readRecordings()) {
      if (!['GET /api/lists', 'GET /api/campaigns'].includes(route) || (headers ?? []).length > 0) continue
      for (const { users: names, status, json } of answers) {
        for (const name of names) {
          const person = people.get(name)
          if (person === undefined || status !== 200) continue
          // Parameters that the backend ignores are refused here.
          const answer = await ask(person, method, target)
          if (answer.status === 400) continue
          expect({ name, target, json: withoutLists(answer.json) }).toEqual({
            name,
            target,
            json: withoutLists(filled(json, answer.json)),
          })
          compared.push(`${route} ${name}`)
        }
      }
    }
    expect(new Set(compared).size).toBeGreaterThan(25)
  })

  it('is paged without an item twice or left out, with the total of what is theirs', async () => {
    const { ask, user } = await startGateway()
    const ada = await user('ada', ['reader'], ['press office'])
    const all = idsIn(await ask(ada, 'GET', '/api/campaigns?per_page=all'))
    expect(all.length).toBeGreaterThan(4)

    const seen: number[] = []
    for (let page = 1; page <= Math.ceil(all.length / 2); page++) {
      const answer = await ask(ada, 'GET', `/api/campaigns?per_page=2&page=${page}`)
      expect(listing(answer)).toMatchObject({ total: all.length, page, per_page: 2 })
      seen.push(...idsIn(answer))
    }
    expect(seen).toEqual(all)
    expect(listing(await ask(ada, 'GET', '/api/campaigns?per_page=2&page=99'))).toMatchObject({
      results: [],
      total: 0,
      page: 0,
      per_page: 0,
    })
  })

  it('shows nothing of the lists of others', async () => {
    const { ask, user } = await startGateway()
    const ada = await user('ada', ['reader'], ['alpha readers'])
    const targets = [
      ...[
        '/api/lists',
        '/api/lists?minimal=true',
        '/api/campaigns',
        '/api/campaigns/17',
        '/api/subscribers?per_page=all',
      ],
      ...[
        '/api/subscribers/18',
        '/api/subscribers/18/activity',
        '/api/subscribers/18/export',
        '/api/campaigns/running/stats',
      ],
    ]
    for (const target of targets) {
      const answer = await ask(ada, 'GET', target)
      expect([target, answer.status]).toEqual([target, 200])
      expect(answer.text).not.toMatch(/Beta|Gamma|Delta|Epsilon|Running E/)
    }
  })

  it('leaves the lists of others out of a subscriber or campaign that is on both', async () => {
    const { ask, user } = await startGateway()
    const ada = await user('ada', ['reader'], ['alpha readers'])
    const subscriber = (await ask(ada, 'GET', '/api/subscribers/18')).json as { data: { lists: { id: number }[] } }
    const campaigns = listing(await ask(ada, 'GET', '/api/campaigns'))

    expect(subscriber.data.lists.map(({ id }) => id)).toEqual([3])
    expect(new Set(campaigns.results.flatMap(({ lists }) => lists?.map(({ id }) => id)))).toEqual(new Set([3]))
  })

  it('masks them where the policy says so', async () => {
    const { ask, user } = await startGateway({ policies: masking })
    const answer = await ask(await user('ada', ['reader'], ['alpha readers']), 'GET', '/api/subscribers/18')

    expect((answer.json as { data: { lists: unknown[] } }).data.lists).toEqual([
      expect.objectContaining({ id: 3, name: 'Alpha' }),
      { id: null, name: '*Unknown', restricted: true },
    ])
  })

  it('keeps, of things that name campaigns, those that are on lists within reach', async () => {
    const { ask, user } = await startGateway()
    const ada = await user('ada', ['reader'], ['alpha readers'])
    const stats = await ask(ada, 'GET', '/api/campaigns/running/stats')

    expect((stats.json as { data: { id: number }[] }).data.map(({ id }) => id)).toEqual([11])
  })

  it('is empty in the form of the backend where nothing is theirs', async () => {
    const { ask, user } = await startGateway()
    const eve = await user('eve', ['reader'])

    expect((await ask(eve, 'GET', '/api/lists?minimal=true')).text).toBe('{"data":[]}\n')
    expect(listing(await ask(eve, 'GET', '/api/lists'))).toMatchObject({ results: [], total: 0, page: 1, per_page: 20 })
    expect(listing(await ask(eve, 'GET', '/api/campaigns'))).toMatchObject({
      results: [],
      total: 0,
      page: 0,
      per_page: 0,
    })
  })
})

describe('a tenant with the documented contract', () => {
  it('gets success, times in its zone, and 404', async () => {
    const { ask, user } = await startGateway({ tenant: { contract: 'documented', timezoneMinutes: 330 } })
    const ada = await user('ada', ['administrator'])
    const list = await ask(ada, 'GET', '/api/lists/3')

    expect(list.text).toMatch(/^\{"status":"success","data":\{"id":3,"created_at":"2026-03-02T16:30:00\.450000\+05:30"/)
    expect((await ask(ada, 'GET', '/api/lists/999')).status).toBe(404)
    expect((await ask(await user('eve', ['reader'], ['alpha readers']), 'GET', '/api/lists')).json).toMatchObject({
      status: 'success',
      data: { total: 1 },
    })
  })
})

/** The backend shows who may read a campaign every list it goes to; here it is theirs alone, as another test has it. */
function withoutLists(json: unknown): unknown {
  return JSON.parse(JSON.stringify(json), (key, value: unknown) => (key === 'lists' ? undefined : value))
}
