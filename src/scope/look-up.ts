/** Which stored things must be looked up before a request can be decided, and what is decided then. Pure. */
import type { FoundThings, Scope, StoredReading } from '../model/decision.ts'
import { parseEmail } from '../model/email.ts'
import { type ListId, parseListId } from '../model/ids.ts'
import type { Terms as DecisionTerms } from '../policy/decide.ts'
import { type Grants, listsGranted, superseding } from '../policy/grants.ts'
import type { Resource, Rule, StoredDemand } from '../policy/rule.ts'
import { readText } from './json-places.ts'
import type { Places } from './read-scope.ts'

export interface Terms extends DecisionTerms {
  readonly resources: ReadonlyMap<string, Resource>
}

/** Keys of things by the name of their resource, each once. */
export type Wanted = ReadonlyMap<string, readonly string[]>

/** More things than this are not looked up for one request. */
export const maxThings = 100

export interface LookUps {
  readonly wanted: Wanted
  /** As much as can be said before: what is wanted is read as if all of it were within reach. */
  readonly atBest: Scope
  /** With what was found. Nothing that is missing from `found` is taken for looked up. */
  readonly settle: (found: FoundThings) => Scope
}

/**
 * Plans the look-ups of `scope`, whose stored things are `unknown` yet. Nothing is looked up for a place where the caller's
 * own permission supersedes, and nothing where no list is granted to the caller: then every thing is out of reach alike.
 */
export function lookUpsFor(rule: Rule, terms: Terms, grants: Grants, places: Places, scope: Scope): LookUps {
  const plans = scope.readings.map((reading, index): Plan => {
    const demand = rule.lists[index]
    return demand?.in === 'stored' && reading.kind === 'unknown'
      ? planFor(rule, demand, terms, grants, places)
      : { kind: 'settled', reading }
  })
  const withThings = (things: (plan: Plan & { kind: 'wanted' }) => StoredReading): Scope => ({
    ...scope,
    readings: plans.map((plan) => (plan.kind === 'wanted' ? things(plan) : plan.reading)),
  })
  return {
    wanted: wantedBy(plans),
    atBest: withThings(({ best }) => ({ kind: 'things', lists: [best] })),
    settle: (found) => withThings(({ resource, keys }) => readFound(keys, found.get(resource))),
  }
}

type Plan =
  | { readonly kind: 'settled'; readonly reading: Scope['readings'][number] }
  | {
      readonly kind: 'wanted'
      readonly resource: string
      readonly keys: readonly string[]
      /** Lists of a thing that is within reach. */
      readonly best: readonly ListId[]
    }

function planFor(rule: Rule, demand: StoredDemand, terms: Terms, grants: Grants, places: Places): Plan {
  const { resource, need, unless } = demand
  const isSuperseded = superseding(grants, terms.scope, need, unless) !== undefined
  if (isSuperseded && !isKept(rule, resource, terms, grants)) return { kind: 'settled', reading: { kind: 'unknown' } }
  const keys = keysOf(demand, terms.resources.get(resource), places)
  if (keys === undefined) {
    return {
      kind: 'settled',
      reading: { kind: 'unreadable', why: `\`${demand.id.name}\` names nothing that can be looked up` },
    }
  }
  const best = [...listsGranted(grants, need).keys()].slice(0, 1)
  return isSuperseded || best.length > 0
    ? { kind: 'wanted', resource, keys, best }
    : { kind: 'settled', reading: { kind: 'things', lists: keys.map(() => []) } }
}

/** Whether lists of the thing are kept in what this caller sends: then they must be known, whoever may reach it. */
const isKept = (rule: Rule, resource: string, terms: Terms, grants: Grants): boolean =>
  rule.lists.some(
    (demand) =>
      'keeps' in demand &&
      demand.keeps === resource &&
      superseding(grants, terms.scope, demand.need, demand.unless) === undefined,
  )

/** The keys that the request names, in canonical spelling; `undefined` when one of them is none. */
function keysOf({ id }: StoredDemand, resource: Resource | undefined, places: Places): readonly string[] | undefined {
  const keys: string[] = []
  for (const text of textsAt(id, places) ?? []) {
    const key = resource?.key === 'email' ? parseEmail(text) : parseListId(text)?.toString()
    if (key === undefined) return undefined
    keys.push(key)
  }
  return keys.length === 0 ? undefined : keys
}

function textsAt({ in: place, name }: StoredDemand['id'], places: Places): readonly string[] | undefined {
  switch (place) {
    case 'path':
      return [places.params[name] ?? '']
    case 'query':
      return places.query.flatMap(([each, value]) => (each === name && value !== '' ? [value] : []))
    case 'body': {
      const texts = places.body === undefined ? undefined : readText(places.body, name)
      return texts?.kind === 'texts' ? texts.texts : undefined
    }
  }
}

function wantedBy(plans: readonly Plan[]): Wanted {
  const wanted = new Map<string, readonly string[]>()
  for (const plan of plans) {
    if (plan.kind !== 'wanted') continue
    wanted.set(plan.resource, [...new Set([...(wanted.get(plan.resource) ?? []), ...plan.keys])])
  }
  return wanted
}

/** A thing that does not exist is on no list, and so out of reach like a foreign one. */
function readFound(
  keys: readonly string[],
  found: ReadonlyMap<string, readonly ListId[] | undefined> | undefined,
): StoredReading {
  if (found === undefined || !keys.every((key) => found.has(key))) return { kind: 'unknown' }
  return { kind: 'things', lists: keys.map((key) => found.get(key) ?? []) }
}
