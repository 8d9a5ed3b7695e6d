/** A request of the log judged again under another policy, as far as the log tells what was asked. Pure. */
import type { Asked, Reading, StoredReading } from './model/decision.ts'
import { listIdFrom, parseListId } from './model/ids.ts'
import type { LoggedRequest } from './observe/read-log-line.ts'
import { decide, permitted, type Terms } from './policy/decide.ts'
import { superseding, type Grants } from './policy/grants.ts'
import type { RouteTable } from './policy/routes.ts'
import type { ListDemand, Rule, When } from './policy/rule.ts'
import { targetFailure } from './scope/judge.ts'
import { parseTarget } from './screen/target.ts'

export interface Verdict {
  readonly effect: 'allow' | 'deny'
  /** Of the decision, or the failure's code where there was none. */
  readonly reason: string
}

/** What the policy says of a logged request. A refusal is certain; its reason, and an allowance, only when everything could be judged. */
export interface Again extends Verdict {
  readonly route: string | undefined
  readonly isWhole: boolean
}

/** What the log says became of the request; `undefined` where it ended before anything was decided of it. */
export function loggedVerdict({ decision, reason, code }: LoggedRequest): Verdict | undefined {
  if (decision === 'deny') return { effect: 'deny', reason: reason ?? 'unknown' }
  if (decision === 'allow') {
    // Allowed by its route, and then refused for its form before its lists were looked at.
    return code !== undefined && formCodes.has(code)
      ? { effect: 'deny', reason: code }
      : { effect: 'allow', reason: reason ?? 'unknown' }
  }
  return code === 'route-unknown' || code === 'method-not-allowed' ? { effect: 'deny', reason: code } : undefined
}

const formCodes: ReadonlySet<string> = new Set([
  'target-ambiguous',
  'query-invalid',
  'body-unreadable',
  'body-not-expected',
  'body-too-large',
  'body-invalid',
  'media-type-unsupported',
  'scope-unreadable',
])

export interface Judging {
  readonly routes: RouteTable
  readonly terms: Terms
}

/** `undefined` where the path is none that the gateway could have logged. */
export function judgeAgain(
  request: LoggedRequest,
  { routes, terms }: Judging,
  grants: Grants | undefined,
): Again | undefined {
  const read = parseTarget(request.path ?? '', undefined)
  if (read.kind !== 'target') return undefined
  const { target } = read
  const match = routes.match(request.method, target.segments)
  if (grants === undefined && !(match.kind === 'rule' && match.rule.allow.kind === 'public')) {
    return refusal('credentials-missing', match.kind === 'rule' ? match.rule : undefined)
  }
  if (match.kind === 'unknown') return refusal('route-unknown')
  if (match.kind === 'method-not-allowed') return refusal('method-not-allowed')

  const { rule, params } = match
  const base = permitted(rule, grants)
  if (base.effect === 'deny') return refusal(base.reason, rule)
  const failure = targetFailure(rule, params, target)
  if (failure !== undefined) return refusal(failure.code, rule)
  if (!isQueryTaken(rule, request)) return refusal('query-invalid', rule)
  if (grants === undefined) return { effect: 'allow', reason: base.reason, route: rule.id, isWhole: true }

  const readings = rule.lists.map((demand) => readingOf(demand, rule, params, request, terms, grants))
  const asked = rule.when.map((when) => askedOf(when, rule, request))
  // INVARIANT: each demand can only refuse more, so what is refused without those that the log cannot answer is refused with them.
  const decision = decide(
    {
      ...rule,
      lists: rule.lists.filter((_, index) => readings[index] !== undefined),
      when: rule.when.filter((_, index) => asked[index] !== undefined),
    },
    terms,
    grants,
    { readings: readings.filter((each) => each !== undefined), asked: asked.filter((each) => each !== undefined) },
  )
  const isWhole = !readings.includes(undefined) && !asked.includes(undefined)
  return { effect: decision.effect, reason: decision.reason, route: rule.id, isWhole }
}

const refusal = (reason: string, rule?: Rule): Again => ({ effect: 'deny', reason, route: rule?.id, isWhole: true })

const isQueryTaken = ({ query }: Rule, { parameters = [] }: LoggedRequest): boolean =>
  query.kind === 'any' || parameters.every((name) => query.parameters.has(name) || query.aliases.has(name))

/** What stood in the place, if the log tells; `undefined` where it does not. */
function readingOf(
  demand: ListDemand,
  rule: Rule,
  params: Readonly<Record<string, string>>,
  request: LoggedRequest,
  terms: Terms,
  grants: Grants,
): Reading | StoredReading | undefined {
  if (demand.in === 'path') {
    const id = parseListId(params[demand.name] ?? '')
    return id === undefined ? { kind: 'unreadable', why: 'the path' } : { kind: 'lists', ids: [id] }
  }
  const at = demand.in === 'stored' ? demand.id : demand
  if (at.in !== 'path' && isKnownAbsent(at.in, at.name, request)) return { kind: 'absent' }
  const isSuperseded = superseding(grants, terms.scope, demand.need, demand.unless) !== undefined
  if (demand.in === 'stored') {
    return isSuperseded && (at.in === 'path' || demand.absent === 'refuse') ? { kind: 'unknown' } : undefined
  }
  return onlyLists(rule, request)
}

/** Where a rule looks at one place alone, the lists that were granted are those which stood there. */
function onlyLists(rule: Rule, { decision, reason, code, lists, parameters }: LoggedRequest): Reading | undefined {
  const [demand, second] = rule.lists
  if (decision !== 'allow' || reason !== 'lists-granted' || code !== undefined || second !== undefined) return undefined
  if (demand?.in === 'query' && parameters?.includes(demand.name) !== true) return undefined
  const [first, ...others] = lists.flatMap((id) => listIdFrom(id) ?? [])
  return first === undefined ? undefined : { kind: 'lists', ids: [first, ...others] }
}

function askedOf(when: When, rule: Rule, request: LoggedRequest): Asked | undefined {
  if (isKnownAbsent(when.in, when.name, request) && !isByAlias(when, rule, request)) return 'not-used'
  const isUsed = when.in === 'query' && request.parameters?.includes(when.name) === true
  return isUsed && when.is === undefined && when.except.length === 0 ? 'used' : undefined
}

const isByAlias = (when: When, { query }: Rule, { parameters = [] }: LoggedRequest): boolean =>
  when.in === 'query' &&
  query.kind === 'declared' &&
  parameters.some((name) => query.aliases.get(name)?.parameter === when.name)

/** A body is known to be none only of requests that came so far as to have theirs read. */
function isKnownAbsent(where: 'query' | 'body' | 'part', name: string, request: LoggedRequest): boolean {
  if (where === 'query') return request.parameters?.includes(name) === false
  return request.decision === 'allow' && request.code === undefined && request.bytesIn === 0
}
