/** The whole of what scope decides, once the body's bytes are at hand. Pure: the stage and the tools on paper both call it. */
import type { Outgoing } from '../context.ts'
import type { Allowed, Denied } from '../model/decision.ts'
import { refused, type Failure } from '../model/failure.ts'
import { parseListId } from '../model/ids.ts'
import type { Target } from '../model/target.ts'
import { decide, type Terms } from '../policy/decide.ts'
import type { Grants } from '../policy/grants.ts'
import { refusalOf } from '../policy/refusal.ts'
import type { Rule } from '../policy/rule.ts'
import { outgoingOf, type TakenBody } from './outgoing.ts'
import { queryProblem } from './query.ts'
import { readScope } from './read-scope.ts'

export interface Asking {
  readonly rule: Rule
  readonly params: Readonly<Record<string, string>>
  readonly target: Target
  readonly body: TakenBody
}

export type Judged =
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
  const { rule, params, target, body } = asking
  const failure = targetFailure(rule, params, target)
  if (failure !== undefined) return { kind: 'unreadable', failure }

  const scope = readScope(rule, {
    params,
    query: target.query,
    body: body.kind === 'json' ? body.value : undefined,
    parts: body.kind === 'multipart' ? body.parts : new Map(),
  })
  const decision = decide(rule, terms, grants, scope)
  return decision.effect === 'deny'
    ? { kind: 'denied', decision, failure: refusalOf(decision) }
    : { kind: 'allowed', decision, outgoing: outgoingOf(rule, decision, target, body) }
}
