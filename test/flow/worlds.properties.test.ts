/**
 * Small random worlds, a random caller, random requests to every route that knows lists: nothing outside the caller's lists stands
 * in any answer, no write changes it, and nobody there gets mail. A whole gateway over sockets, in front of the demo backend.
 * WORLDS is how many (1,000), WORLDS_SEED which.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { World } from '../../src/demo/backend/world.ts'
import type { ListRole, PartialMode, PolicySet, RateClass, Rule, UserRole } from '../../src/policy/rule.ts'
import { openWire, type Wire } from '../contracts/replay-sockets-wire.ts'
import { effectsBetween, snapshot } from '../contracts/recordings.ts'
import { defaultTenant, openGateway, type Opened, type User } from '../helpers/gateway.ts'
import { furnish, idOf, marksOf, reachOf, worldPlan, type Caller, type Reach, type WorldPlan } from './worlds.ts'
import { leaksIn, trespasses, type Before } from './worlds-judge.ts'
import { ask, type Ask } from './worlds-requests.ts'

interface Table {
  readonly opened: Opened
  readonly user: User
  readonly wire: Wire
  readonly counts: Map<string, number>
}

let table: Table

beforeAll(async () => {
  const opened = await openGateway({ policies: boundless })
  const user = await opened.running.user('caller', ['role'], ['lists'])
  table = { opened, user, wire: openWire(opened.running.url), counts: new Map() }
})

afterAll(async () => {
  table.wire.close()
  await table.opened.close()
})

const partial = fc.constantFrom<PartialMode>('refuse', 'narrow')
const play = fc.record({ plan: worldPlan, partial, asks: fc.array(ask, { minLength: 8, maxLength: 8 }) })
const usualSeed = 20_260_721
const seed = Number(process.env['WORLDS_SEED'] ?? usualSeed)

describe('any world', () => {
  it('shows and changes nothing outside the lists of the caller', async () => {
    const numRuns = Number(process.env['WORLDS'] ?? 1_000)
    await fc.assert(
      fc.asyncProperty(play, async ({ plan, partial: mode, asks }) => {
        expect(await faultsIn(plan, asks, mode, (policies) => policies)).toEqual([])
      }),
      { numRuns, seed },
    )

    const counts = Object.fromEntries([...table.counts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    process.stdout.write(`${numRuns} worlds: ${JSON.stringify(counts)}\n`)
    const of = (name: string): number => counts[name] ?? 0
    // Enough was answered, written and refused for this to mean something.
    expect(of('answered')).toBeGreaterThan(numRuns)
    expect(of('changed something')).toBeGreaterThan(numRuns / 4)
    expect(of('refused')).toBeGreaterThan(numRuns)
  }, 600_000)

  it.each([
    ['the answer is not cut', 'GET /api/subscribers', { answer: [] }],
    ['a stored thing is not looked up', 'GET /api/subscribers/:id', { lists: [], answer: [] }],
    ['lists in the body are not looked at', 'POST /api/subscribers', { lists: [] }],
    ['whole subscribers go by one list', 'DELETE /api/subscribers/:id', { lists: [] }],
  ] as const)(
    'would be caught out where %s',
    async (_what, route, change) => {
      const broken = (policies: PolicySet): PolicySet => withRule(policies, route, change)
      const result = await fc.check(
        fc.asyncProperty(play, async ({ plan, partial: mode, asks }) => {
          expect(await faultsIn(plan, asks, mode, broken)).toEqual([])
        }),
        { numRuns: 2_000, seed: usualSeed, endOnFailure: true },
      )

      expect(result.failed).toBe(true)
    },
    120_000,
  )
})

const at = { file: 'worlds.ts', line: 1 }

/** Plays the requests one after another, and says what was wrong with them. */
async function faultsIn(
  plan: WorldPlan,
  asks: readonly Ask[],
  mode: PartialMode,
  change: (policies: PolicySet) => PolicySet,
): Promise<readonly string[]> {
  const { opened, counts } = table
  const { backend, gateway, config, policies, store } = opened.running
  backend.reset()
  furnish(backend.world(), plan)
  const tenants = [{ ...config.tenants[0], partial: mode }] as const
  gateway.reload({ ...config, tenants }, { ...change(policies), ...rolesOf(plan.caller) })
  const faults: string[] = []
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1)
  for (const request of asks) {
    const state = backend.world()
    const isWrite = request.method !== 'GET'
    const before = standing(plan, state)
    const rows = isWrite ? snapshot(state) : undefined
    const requests = backend.requests()
    const mails = state.mails.length
    const answer = await table.wire.send(bytesOf(request, table.user))
    const label = `${request.method} ${request.target} ${request.body ?? ''}`.trim()
    const after = reachOf(plan.caller, backend.world())
    const status = answer.status ?? 0
    count(outcomeOf(status))
    if (status === 0) faults.push(`${label}: no answer`)
    if (status === 500 && answer.text.includes('"internal"')) faults.push(`${label}: ${answer.text}`)
    const leaks = leaksIn(answer.text, request, before, after)
    if (leaks.length > 0) faults.push(`${label}: shows ${leaks.join(', ')}: ${answer.text.slice(0, 600)}`)
    if (request.target.startsWith('/api/lists') && !isWrite)
      faults.push(...listsShown(answer.text, before.reach).map((id) => `${label}: shows list ${id}`))
    if (rows !== undefined && backend.requests() > requests) {
      const effects = effectsBetween(rows, snapshot(backend.world()))
      if (effects.length > 0) count('changed something')
      faults.push(...trespasses(effects, before).map((effect) => `${label}: does ${JSON.stringify(effect)}`))
      const known = addressesWithin(before, state, request)
      faults.push(...state.mails.slice(mails).flatMap(([to]) => (known.has(to) ? [] : [`${label}: mails ${to}`])))
    }
  }
  for (const list of store.retired(defaultTenant)) await store.unretireList(defaultTenant, list, 'test')
  return faults
}

function outcomeOf(status: number): string {
  if (status < 400) return 'answered'
  if (status === 403) return 'refused'
  return status < 500 ? 'wrong' : 'failed'
}

const idsIn = (text: string): readonly number[] => [...text.matchAll(/"id":(100000\d)/g)].map(([, id]) => Number(id))
const listsShown = (text: string, reach: Reach): readonly number[] => idsIn(text).filter((id) => !reach.readsList(id))

function standing(plan: WorldPlan, world: World): Before {
  const subscribers = new Map([...world.subscribers].map(([id, { lists }]) => [id, { lists: new Map(lists) }]))
  const campaigns = new Map([...world.campaigns].map(([id, { lists }]) => [id, { lists: [...lists] }]))
  const bounces = new Map([...world.bounces].map(([id, { subscriber_id }]) => [id, subscriber_id]))
  // Names and addresses can be changed, and taken by others: only those count that stand in the thing now.
  const marksIn = (kind: 'list' | 'subscriber' | 'campaign') =>
    [...world[`${kind}s`]].map(([id, row]) => {
      const text = JSON.stringify(row)
      return [id, marksOf(kind, id).filter((mark) => text.includes(mark))] as const
    })
  const marks = { list: marksIn('list'), subscriber: marksIn('subscriber'), campaign: marksIn('campaign') }
  return {
    marks: (kind) => marks[kind],
    reach: reachOf(plan.caller, { subscribers, campaigns }),
    listsOf: (id) => [...(subscribers.get(id)?.lists.keys() ?? [])],
    campaignLists: (id) => (campaigns.get(id)?.lists ?? []).flatMap((list) => (list.id === null ? [] : [list.id])),
    subscriberOf: (id) => bounces.get(id) ?? 0,
    isNew: (kind, id) => !(kind === 'subscriber' ? subscribers : campaigns).has(id),
  }
}

/** Who may get mail: subscribers within reach, and the new ones, whose address the request brings. */
function addressesWithin({ reach, isNew }: Before, world: World, { body = '' }: Ask): ReadonlySet<string> {
  const rows = [...world.subscribers.values()].filter(
    ({ id, email }) => reach.sees.subscriber(id) || (isNew('subscriber', id) && body.includes(email)),
  )
  const anybody = reach.may('lists:get_all')
    ? [...body.matchAll(/[\w.]+@example\.org/g)].map(([address]) => address)
    : []
  return new Set([...rows.map(({ email }) => email), ...anybody])
}

function bytesOf({ method, target, type, body = '' }: Ask, { authorization }: User): Buffer {
  const content = Buffer.from(body)
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Host: lists.example.org',
    `Authorization: ${authorization}`,
    ...(type === undefined ? [] : [`Content-Type: ${type}`]),
    ...(method === 'GET' ? [] : [`Content-Length: ${content.length}`]),
  ]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), content])
}

function rolesOf({ permissions, grants }: Caller): Pick<PolicySet, 'userRoles' | 'listRoles'> {
  const lists = grants.flatMap((grant, index) => {
    if (grant === 'none') return []
    return [{ list: idOf.list + index, get: grant !== 'manage', manage: grant !== 'get', until: undefined }]
  })
  return {
    userRoles: new Map<string, UserRole>([['role', { name: 'role', permissions, admin: [], at }]]),
    listRoles: new Map<string, ListRole>([['lists', { name: 'lists', grants: lists, at }]]),
  }
}

function boundless(shipped: PolicySet): PolicySet {
  const wide = (name: string): RateClass => ({ name, limit: 1e9, windowMs: 60_000 })
  const plans = [...shipped.limits.plans].map(([name, plan]) => {
    return [name, { name, classes: new Map([...plan.classes.keys()].map((each) => [each, wide(each)])) }] as const
  })
  return { ...shipped, limits: { plans: new Map(plans), failures: wide('failures'), inFlight: 1_000_000 } }
}

function withRule(policies: PolicySet, route: string, change: Partial<Rule>): PolicySet {
  const changed = [...policies.policies].map(([name, policy]) => {
    return [
      name,
      { ...policy, rules: policy.rules.map((rule) => (rule.id === route ? { ...rule, ...change } : rule)) },
    ] as const
  })
  return { ...policies, policies: new Map(changed) }
}
