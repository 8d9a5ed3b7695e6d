/** What two policies decide of one route, for every caller and every shape of a request. Pure. */
import type { Decision } from '../model/decision.ts'
import type { FailureCode } from '../model/failure.ts'
import { decide, permitted, type Terms } from './decide.ts'
import { askAt, asksOf, describeAsks, type Asks } from './diff-asks.ts'
import { listNames, notTaken, placesOf, scopeFor, type Ask, type Place } from './diff-shapes.ts'
import type { Grants } from './grants.ts'
import { codeOf } from './refusal.ts'
import type { Match } from './routes.ts'
import type { ListDemand, Rule } from './rule.ts'

/** Somebody to judge for: a user role of the policies (or none) and what a list role may give. */
export interface Caller {
  readonly role: string
  readonly lists: string
  /** `undefined`: without credentials. */
  readonly before: Grants | undefined
  readonly after: Grants | undefined
}

/** What one policy says of the route. */
export interface Side {
  readonly match: Match
  readonly terms: Terms
}

/** All of a decision that a caller notices. */
export interface Outcome {
  readonly effect: 'allow' | 'deny'
  readonly reason: string | undefined
  readonly code: FailureCode | undefined
  /** What is put into the request's places: `query list_id = A`. */
  readonly sends: readonly string[]
  /** What is cut from the answer: `keep data.results[] by id: A`. */
  readonly cuts: readonly string[]
}

export interface Change {
  readonly kind: 'opened' | 'closed' | 'different'
  readonly before: Outcome
  readonly after: Outcome
  readonly pairs: number
  readonly callers: readonly CallerGroup[]
}

/** Every role with each of the lists, in each of the requests. */
export interface CallerGroup {
  readonly roles: readonly string[]
  /** Empty: whatever they hold. */
  readonly lists: readonly string[]
  /** Empty: any request. */
  readonly requests: readonly string[]
}

export interface RouteChanges {
  readonly judged: number
  readonly isSampled: boolean
  readonly changes: readonly Change[]
}

export function diffRoute(path: string, before: Side, after: Side, callers: readonly Caller[]): RouteChanges {
  const rules = [before, after].flatMap(({ match }) => (match.kind === 'rule' ? [match.rule] : []))
  const asks = asksOf(placesOf(path, rules))
  const found = new Map<string, Found>()
  for (const ask of asks.all) {
    const standing = askAt(asks.places, ask)
    const [old, now] = [reader(before, asks.places, standing), reader(after, asks.places, standing)]
    for (const caller of callers) {
      const [was, is] = [old(caller.before), now(caller.after)]
      const [wasKey, isKey] = [JSON.stringify(was), JSON.stringify(is)]
      if (wasKey === isKey) continue
      const key = JSON.stringify([wasKey, isKey])
      const change = found.get(key) ?? { before: was, after: is, hits: [] }
      change.hits.push({ caller, ask })
      found.set(key, change)
    }
  }
  return {
    judged: asks.all.length * callers.length,
    isSampled: asks.isSampled,
    changes: [...found.values()].map((change) => changeOf(change, asks, callers)).toSorted(byKind),
  }
}

const rank: Readonly<Record<Change['kind'], number>> = { opened: 0, closed: 1, different: 2 }

const byKind = (one: Change, other: Change): number => rank[one.kind] - rank[other.kind]

interface Found {
  readonly before: Outcome
  readonly after: Outcome
  readonly hits: { readonly caller: Caller; readonly ask: readonly number[] }[]
}

/** Decides for one caller after the other what is read once. */
function reader({ match, terms }: Side, places: readonly Place[], ask: Ask): (grants: Grants | undefined) => Outcome {
  if (match.kind !== 'rule') {
    const code = match.kind === 'unknown' ? 'route-unknown' : 'method-not-allowed'
    return (grants) => (grants === undefined ? withoutCredentials : refusedWith(code))
  }
  const { rule } = match
  const scope = scopeFor(rule, places, ask)
  const code = notTaken(rule, places, ask)
  return (grants) => {
    if (code !== undefined && permitted(rule, grants).effect === 'allow') return refusedWith(code)
    return outcomeOf(rule, decide(rule, terms, grants, scope))
  }
}

const refusedWith = (code: FailureCode): Outcome => ({ effect: 'deny', reason: undefined, code, sends: [], cuts: [] })

/** Nothing about routes is told to somebody without credentials. */
const withoutCredentials: Outcome = { ...refusedWith('credentials-missing'), reason: 'credentials-missing' }

function outcomeOf(rule: Rule, decision: Decision): Outcome {
  const { effect, reason } = decision
  if (effect === 'deny') return { effect, reason, code: codeOf[decision.reason], sends: [], cuts: [] }
  return {
    effect,
    reason,
    code: undefined,
    sends: decision.rewrites.map(({ index, ids }) => `${placeText(rule.lists[index])} = ${listText(ids)}`),
    cuts: decision.cuts.map(
      ({ act, path, by, resource, visible }) =>
        `${act} ${path} by ${by}${resource === undefined ? '' : ` of a ${resource}`}: ${listText([...visible])}`,
    ),
  }
}

const placeText = (demand: ListDemand | undefined): string =>
  demand === undefined
    ? ''
    : [demand.in, 'part' in demand ? demand.part : undefined, nameOf(demand)].filter(Boolean).join(' ')

const nameOf = (demand: ListDemand): string => (demand.in === 'stored' ? demand.id.name : demand.name)

const listText = (ids: readonly number[]): string =>
  ids.length === 0 ? 'none' : ids.map((id) => listNames.get(id) ?? String(id)).join(', ')

function changeOf({ before, after, hits }: Found, asks: Asks, callers: readonly Caller[]): Change {
  const opened = after.effect === 'allow' ? 'opened' : 'closed'
  return {
    kind: before.effect === after.effect ? 'different' : opened,
    before,
    after,
    pairs: hits.length,
    callers: callerGroups(hits, asks, callers),
  }
}

/** Roles that are met in the same way stand together, and so do lists: each group is a whole product. */
function callerGroups(hits: Found['hits'], asks: Asks, callers: readonly Caller[]): readonly CallerGroup[] {
  const shapes = (role: string): number => callers.filter((caller) => caller.role === role).length
  const byRole = [...Map.groupBy(hits, ({ caller }) => caller.role)].map(([role, its]) => ({
    role,
    groups: [...Map.groupBy(byLists(its), ({ key }) => key).values()].map((same) => ({
      lists: same.map(({ lists }) => lists),
      key: same[0]?.key ?? '',
      asked: same[0]?.asked ?? [],
    })),
  }))
  const alike = Map.groupBy(byRole, ({ role, groups }) =>
    JSON.stringify([shapes(role), groups.map(({ lists, key }) => [lists, key])]),
  )
  return [...alike.values()].flatMap((roles) =>
    (roles[0]?.groups ?? []).map(({ lists, asked }) => ({
      roles: roles.map(({ role }) => role),
      lists: lists.length === shapes(roles[0]?.role ?? '') ? [] : lists,
      requests: describeAsks(asks, asked),
    })),
  )
}

function byLists(hits: Found['hits']) {
  return [...Map.groupBy(hits, ({ caller }) => caller.lists)].map(([lists, its]) => {
    const asked = its.map(({ ask }) => ask)
    return { lists, asked, key: asked.map((ask) => ask.join()).join(';') }
  })
}
