/** A request judged on paper: the same functions that the stages call, in the same order, without a socket. */
import type { Outgoing } from './context.ts'
import type { Allowed, Denied, FoundThings } from './model/decision.ts'
import { Failure, refused } from './model/failure.ts'
import { noBody } from './model/screened-headers.ts'
import { permitted } from './policy/decide.ts'
import type { Grants } from './policy/grants.ts'
import { refusalOf } from './policy/refusal.ts'
import { routeTable, type RouteTable } from './policy/routes.ts'
import type { PartialMode, Policy, Rule } from './policy/rule.ts'
import { judge, type Judged, type Settled, targetFailure } from './scope/judge.ts'
import type { TakenBody } from './scope/outgoing.ts'
import { type BodyHead, bodyFailure, judgeBytes } from './scope/take-body.ts'
import { parseTarget } from './screen/target.ts'

export interface PaperRequest {
  readonly method: string
  readonly target: string
  /** Lower-case names. A body without a content type is judged as one without. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer | undefined
  /** What look-ups find. What is not here counts as not looked up: the request is refused, and the detail says what was asked. */
  readonly stored?: FoundThings
}

export interface Judgement {
  /** The rule that spoke, if one was found. */
  readonly rule: Rule | undefined
  /** `undefined` where the request ended before there was one. */
  readonly decision: Allowed | Denied | undefined
  /** One of the two is there, and neither where the gateway answers itself (`own`). */
  readonly failure: Failure | undefined
  readonly outgoing: Outgoing | undefined
  /** Stored things on which it hangs and which were not at hand, as in `subscriber 18`. */
  readonly missing?: readonly string[]
}

/** A policy ready to judge requests on paper. */
export interface Judge {
  judge(grants: Grants | undefined, request: PaperRequest): Judgement
}

/** `partial` overrides the policy's own mode. */
export function paperJudge(policy: Policy, partial: PartialMode = policy.scope.partial): Judge {
  const routes = routeTable(policy.rules)
  return { judge: (grants, request) => judgeOnPaper(policy, routes, partial, grants, request) }
}

function judgeOnPaper(
  policy: Policy,
  routes: RouteTable,
  partial: PartialMode,
  grants: Grants | undefined,
  request: PaperRequest,
): Judgement {
  const read = parseTarget(request.target, request.headers?.['host'])
  if (read.kind !== 'target') return ended(refused(read.code))
  const { target } = read

  const match = routes.match(request.method, target.segments)
  const isPublic = match.kind === 'rule' && match.rule.allow.kind === 'public'
  if (grants === undefined && !isPublic) return ended(refused('credentials-missing'))
  if (match.kind === 'unknown') return ended(refused('route-unknown'))
  if (match.kind === 'method-not-allowed') return ended(refused('method-not-allowed'))

  const { rule, params } = match
  const base = permitted(rule, grants)
  if (base.effect === 'deny') return { rule, decision: base, failure: refusalOf(base), outgoing: undefined }

  const unread = targetFailure(rule, params, target) ?? bodyFailure(rule.body, headOf(request))
  if (unread !== undefined) return ended(unread, rule)
  const body = taken(rule, request)
  if (body instanceof Failure) return ended(body, rule)

  const { scope, resources } = policy
  const judged = judge({ rule, params, target, body }, { scope, partial, resources }, grants)
  if (judged.kind === 'waits') {
    const missing = missingOf(judged, request.stored ?? new Map())
    const settled = judged.settle(request.stored ?? new Map())
    return missing.length === 0 || settled.kind !== 'denied'
      ? judgementOf(rule, settled)
      : wanting(rule, settled, missing)
  }
  return judgementOf(rule, judged)
}

function judgementOf(rule: Rule, settled: Settled): Judgement {
  switch (settled.kind) {
    case 'unreadable':
      return ended(settled.failure, rule)
    case 'denied':
      return { rule, decision: settled.decision, failure: settled.failure, outgoing: undefined }
    case 'allowed':
      return {
        rule,
        decision: settled.decision,
        failure: undefined,
        outgoing: rule.own === undefined ? settled.outgoing : undefined,
      }
  }
}

/** As the stage does it, with what is at hand in place of the backend. */
function missingOf({ wanted }: Judged & { kind: 'waits' }, stored: FoundThings): readonly string[] {
  return [...wanted].flatMap(([resource, keys]) =>
    keys.filter((key) => stored.get(resource)?.has(key) !== true).map((key) => `${resource} ${key}`),
  )
}

function wanting(rule: Rule, settled: Settled & { kind: 'denied' }, missing: readonly string[]): Judgement {
  const decision = { ...settled.decision, detail: `would look up ${missing.join(', ')}` }
  return { ...judgementOf(rule, { ...settled, decision }), missing }
}

function taken(rule: Rule, request: PaperRequest): TakenBody | Failure {
  try {
    return judgeBytes(rule, request.body ?? Buffer.alloc(0), request.headers?.['content-type'])
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
}

function headOf({ headers, body }: PaperRequest): BodyHead {
  const bytes = body?.length ?? 0
  return {
    contentType: headers?.['content-type'],
    contentEncoding: headers?.['content-encoding'],
    framing: bytes === 0 ? noBody : { kind: 'length', bytes },
  }
}

const ended = (failure: Failure, rule?: Rule): Judgement => ({
  rule,
  decision: undefined,
  failure,
  outgoing: undefined,
})
