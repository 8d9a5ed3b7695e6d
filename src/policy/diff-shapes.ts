/** The shapes that requests to one route can take, as far as one of two policies looks at them. Pure. */
import type { Comparison } from '../model/comparison.ts'
import type { Asked, Reading, Scope, StoredReading } from '../model/decision.ts'
import type { FailureCode } from '../model/failure.ts'
import { listIdFrom, type ListId } from '../model/ids.ts'
import type { ListDemand, Rule, When } from './rule.ts'

/** Three lists stand for all: what a caller of the diff holds is A, or A and B, or B; nobody holds C. */
export const listNames: ReadonlyMap<number, string> = new Map([
  [1, 'A'],
  [2, 'B'],
  [3, 'C'],
])

/** One place of a request and what may stand in it. */
export interface Place {
  readonly key: string
  /** As in `query list_id`. */
  readonly label: string
  readonly at: At
  readonly options: readonly [Option, ...Option[]]
}

type At =
  | { readonly in: 'path'; readonly segment: number }
  | { readonly in: 'query' | 'body' | 'part'; readonly part: string | undefined; readonly name: string }

export type Option =
  | { readonly kind: 'absent' }
  | { readonly kind: 'lists'; readonly ids: readonly ListId[] }
  | { readonly kind: 'thing'; readonly lists: readonly ListId[] }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'excepted'; readonly comparison: Comparison }
  /** A fixed segment where the other policy reads an id. */
  | { readonly kind: 'no-id' }

/** For each place, what stands in it. */
export type Ask = ReadonlyMap<string, Option>

const lists = (...ids: readonly number[]): ListId[] => ids.flatMap((id) => listIdFrom(id) ?? [])
const absent: Option = { kind: 'absent' }
const otherText = 'another value'

/** The places that one of the rules looks at; `path` is that of the route in question. */
export function placesOf(path: string, rules: readonly Rule[]): readonly Place[] {
  const places = new Map<string, Place>()
  const segments = path.slice(1).split('/')
  const demands = rules.flatMap((rule) => rule.lists.map((demand) => [rule, demand] as const))
  for (const [rule, demand] of demands) {
    const at = placeAt(rule, demand)
    const key = keyOf(rule, demand)
    if (!places.has(key))
      places.set(key, { key, label: labelOf(demand, at), at, options: optionsOf(demand, at, segments) })
  }
  for (const [key, whens] of Map.groupBy(
    rules.flatMap(({ when }) => when),
    (when) => atKey(when),
  )) {
    const [first] = whens
    // What is asked of a place that names lists or things follows from what stands there.
    if (first === undefined || [...places.values()].some(({ at }) => at.in !== 'path' && atKey(at) === key)) continue
    places.set(key, { key, label: labelOf(first, first), at: first, options: [absent, ...textsOf(whens)] })
  }
  return [...places.values()]
}

const atKey = (at: { readonly in: string; readonly part?: string | undefined; readonly name: string }): string =>
  JSON.stringify([at.in, at.part ?? null, at.name])

function placeAt(rule: Rule, demand: ListDemand): At {
  if (demand.in === 'path') return { in: 'path', segment: segmentOf(rule, demand.name) }
  if (demand.in !== 'stored') return demand
  const { id } = demand
  return id.in === 'path'
    ? { in: 'path', segment: segmentOf(rule, id.name) }
    : { in: id.in, part: undefined, name: id.name }
}

const segmentOf = (rule: Rule, name: string): number => rule.path.slice(1).split('/').indexOf(`:${name}`)

/** Path parameters go by where they stand: two policies may call one by two names. */
function keyOf(rule: Rule, demand: ListDemand): string {
  const at = placeAt(rule, demand)
  const where = at.in === 'path' ? JSON.stringify(['path', at.segment]) : atKey(at)
  return demand.in === 'stored' ? JSON.stringify(['stored', demand.resource, where]) : where
}

function labelOf(demand: ListDemand | When, at: At): string {
  const where = at.in === 'path' ? 'path' : [at.in, at.part, at.name].filter((word) => word !== undefined).join(' ')
  return demand.in === 'stored' ? `${demand.resource} of ${where}` : where
}

function optionsOf(demand: ListDemand, at: At, segments: readonly string[]): Place['options'] {
  if (at.in === 'path' && segments[at.segment]?.startsWith(':') !== true) return [{ kind: 'no-id' }]
  if (demand.in === 'stored') {
    const things = [lists(1), lists(3), lists(1, 3), lists()].map((on): Option => ({ kind: 'thing', lists: on }))
    return at.in === 'path' ? [{ kind: 'thing', lists: lists(1, 2) }, ...things] : [absent, ...things]
  }
  const one = [lists(1), lists(3)].map((ids): Option => ({ kind: 'lists', ids }))
  if (demand.in === 'path') return [{ kind: 'lists', ids: lists(2) }, ...one]
  return [absent, ...one, { kind: 'lists', ids: lists(1, 3) }, { kind: 'lists', ids: lists(1, 2) }]
}

function textsOf(whens: readonly When[]): Option[] {
  const texts = new Set([otherText, ...whens.flatMap((when) => when.named ?? when.is ?? [])])
  const comparisons = Map.groupBy(
    whens.flatMap((when) => when.except),
    (each) => JSON.stringify(each),
  )
  return [
    ...[...texts].map((text): Option => ({ kind: 'text', text })),
    ...[...comparisons.values()].flatMap(([comparison]): Option[] =>
      comparison === undefined ? [] : [{ kind: 'excepted', comparison }],
    ),
  ]
}

/** What the rule reads of such a request. */
export function scopeFor(rule: Rule, places: readonly Place[], ask: Ask): Scope {
  return {
    readings: rule.lists.map((demand) => readingOf(demand, ask.get(keyOf(rule, demand)))),
    asked: rule.when.map((when) => askedOf(when, places, ask)),
  }
}

function readingOf(demand: ListDemand, option: Option | undefined): Reading | StoredReading {
  switch (option?.kind) {
    case 'absent':
      return { kind: 'absent' }
    case 'lists': {
      const [first, ...others] = option.ids
      return first === undefined ? { kind: 'empty' } : { kind: 'lists', ids: [first, ...others] }
    }
    case 'thing':
      return { kind: 'things', lists: [option.lists] }
    case 'text':
    case 'excepted':
    case 'no-id':
    case undefined:
      return { kind: 'unreadable', why: `the ${demand.in}` }
  }
}

function askedOf(when: When, places: readonly Place[], ask: Ask): Asked {
  const key = atKey(when)
  const standing = places.flatMap((place) => {
    const option = place.at.in !== 'path' && atKey(place.at) === key ? ask.get(place.key) : undefined
    return option === undefined || option.kind === 'absent' ? [] : [option]
  })
  return standing.some((option) => isUsed(when, option)) ? 'used' : 'not-used'
}

function isUsed(when: When, option: Option): boolean {
  if (option.kind === 'excepted') {
    const { column, value } = option.comparison
    return when.is === undefined && !when.except.some((each) => each.column === column && each.value === value)
  }
  if (when.named !== undefined) return option.kind === 'text' && when.named.includes(option.text)
  if (option.kind === 'text') return when.is === undefined || when.is.includes(option.text)
  return when.is === undefined
}

/** How the rule refuses a request that holds something which it does not take; `undefined` where it takes all of it. */
export function notTaken(rule: Rule, places: readonly Place[], ask: Ask): FailureCode | undefined {
  for (const { key, at } of places) {
    if (at.in === 'path') {
      if (ask.get(key)?.kind === 'no-id' && rule.path.slice(1).split('/')[at.segment] === ':id')
        return 'target-ambiguous'
      continue
    }
    if (ask.get(key)?.kind === 'absent') continue
    const code = at.in === 'query' ? queryRefusal(rule, at.name) : bodyRefusal(rule, at.in, at.part, at.name)
    if (code !== undefined) return code
  }
  return undefined
}

const queryRefusal = ({ query }: Rule, name: string): FailureCode | undefined =>
  query.kind === 'any' || query.parameters.has(name) || query.aliases.has(name) ? undefined : 'query-invalid'

function bodyRefusal(
  { body }: Rule,
  where: 'body' | 'part',
  part: string | undefined,
  name: string,
): FailureCode | undefined {
  const field = /^[^.[]*/.exec(name)?.[0] ?? name
  switch (body.kind) {
    case 'none':
      return 'body-not-expected'
    case 'stream':
      return undefined
    case 'json':
      if (where === 'part') return 'media-type-unsupported'
      return body.fields === undefined || body.fields.has(field) || body.strip.has(field) ? undefined : 'body-invalid'
    case 'form':
      if (where === 'part') return 'media-type-unsupported'
      return body.fields.has(field) ? undefined : 'body-invalid'
    case 'multipart': {
      if (where === 'body') return 'media-type-unsupported'
      const shape = body.parts.get(part ?? '')
      return shape?.kind === 'json' && (shape.fields === undefined || shape.fields.has(field))
        ? undefined
        : 'body-invalid'
    }
  }
}

/** As in `A, C`, `absent`, `on A`. */
export function optionText(option: Option): string {
  const named = (ids: readonly ListId[]): string => ids.map((id) => listNames.get(id) ?? String(id)).join(' and ')
  switch (option.kind) {
    case 'absent':
      return 'absent'
    case 'lists':
      return named(option.ids)
    case 'thing':
      return option.lists.length === 0 ? 'on no list' : `on ${named(option.lists)}`
    case 'text':
      return option.text === otherText ? otherText : JSON.stringify(option.text)
    case 'excepted':
      return `a ${option.comparison.value} compared with ${option.comparison.column}`
    case 'no-id':
      return 'no id'
  }
}
