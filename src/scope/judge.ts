/** The whole of what scope decides, once the body's bytes are at hand. Pure: the stage and the tools on paper both call it. */
import type { Outgoing } from '../context.ts'
import type { Allowed, Denied, FoundThings } from '../model/decision.ts'
import { refused, type Failure } from '../model/failure.ts'
import { parseListId } from '../model/ids.ts'
import type { Target } from '../model/target.ts'
import { decide } from '../policy/decide.ts'
import type { Grants } from '../policy/grants.ts'
import { refusalOf } from '../policy/refusal.ts'
import type { Rule } from '../policy/rule.ts'
import { lookUpsFor, maxThings, type Terms, type Wanted } from './look-up.ts'
import { outgoingOf, type TakenBody } from './outgoing.ts'
import { queryProblem, writeAliases } from './query.ts'
import { type Places, readScope } from './read-scope.ts'

export interface Asking {
  readonly rule: Rule
  readonly params: Readonly<Record<string, string>>
  readonly target: Target
  readonly body: TakenBody
}

export type Judged =
  | Settled
  /** Stored things have to be looked up first; then the rest is as pure as this. */
  | { readonly kind: 'waits'; readonly wanted: Wanted; readonly settle: (found: FoundThings) => Settled }

export type Settled =
  /** Refused before there was anything to decide: the request cannot be read in one way. */
  | { readonly kind: 'unreadable'; readonly failure: Failure }
  | { readonly kind: 'denied'; readonly decision: Denied; readonly failure: Failure }
  | { readonly kind: 'allowed'; readonly decision: Allowed; readonly outgoing: Outgoing }

/** What is wrong with the target alone: can be said before the body is read. */
export function targetFailure(
  rule: Rule,
  params: Readonly<Record<string, string>>,
  target: Target,
): Failure | undefined {
  // Backends take `+5`, `05` and more for 5; only one spelling is judged, so only one passes.
  const badId = rule.allow.kind !== 'public' && params['id'] !== undefined && parseListId(params['id']) === undefined
  if (
    badId ||
    rule.lists.some((demand) => demand.in === 'path' && parseListId(params[demand.name] ?? '') === undefined)
  ) {
    return refused('target-ambiguous', { message: 'an id in the path is a plain decimal number (1 to 2147483647)' })
  }
  const problem = queryProblem(rule.query, target.query)
  return problem === undefined ? undefined : refused('query-invalid', { message: problem })
}

export function judge(asking: Asking, terms: Terms, grants: Grants | undefined): Judged {
  const { rule, params, body } = asking
  const failure = targetFailure(rule, params, asking.target)
  if (failure !== undefined) return { kind: 'unreadable', failure }

  const target = { ...asking.target, query: writeAliases(rule.query, asking.target.query) }
  const places: Places = {
    params,
    query: target.query,
    body: 'value' in body ? body.value : undefined,
    parts: body.kind === 'multipart' ? body.parts : new Map(),
  }
  const scope = readScope(rule, places)
  const settled = (decision: Allowed | Denied): Settled =>
    decision.effect === 'deny'
      ? { kind: 'denied', decision, failure: refusalOf(decision) }
      : { kind: 'allowed', decision, outgoing: outgoingOf(rule, decision, target, body) }
  if (grants === undefined || scope.readings.every(({ kind }) => kind !== 'unknown')) {
    return settled(decide(rule, terms, grants, scope))
  }

  const { wanted, atBest, settle } = lookUpsFor(rule, terms, grants, places, scope)
  const decision = decide(rule, terms, grants, atBest)
  // What is refused whatever a look-up would say needs none.
  if (decision.effect === 'deny' || wanted.size === 0) return settled(decision)
  const count = [...wanted.values()].flat().length
  if (count > maxThings) return tooMany(count, decide(rule, terms, grants, scope))
  return { kind: 'waits', wanted, settle: (found) => settled(decide(rule, terms, grants, settle(found))) }
}

/** `decision` is that without a look-up: a refusal. */
function tooMany(count: number, decision: Allowed | Denied): Settled {
  const message = `permission denied: this request names ${count} things, and at most ${maxThings} can be judged at once`
  return decision.effect === 'deny'
    ? { kind: 'denied', decision, failure: refused('scope-unreadable', { message }) }
    : { kind: 'unreadable', failure: refused('scope-unreadable', { message }) }
}
