/** The one line that is logged for each request. Pure; it holds no credential, no query value and no body. */
import type { Gate } from '../context.ts'
import { describeCause } from './cause.ts'
import type { LogFields } from './json-fields.ts'
import { oneLine } from './one-line.ts'
import { traceIdOf } from './request-id.ts'

export interface RequestFacts {
  readonly method: string
  readonly host: string | undefined
  readonly userAgent: string | undefined
  /** The status sent, or 499 when the client left first. */
  readonly status: number
  readonly durationMs: number
}

const cleaned = (text: string | undefined): string | undefined => (text === undefined ? undefined : oneLine(text))

export function logLine(gate: Gate, facts: RequestFacts): LogFields {
  const { decision, match, principal, quota, failure, upstreamFailure } = gate
  return {
    request_id: gate.requestId,
    trace_id: traceIdOf(gate.traceparent),
    client_ip: gate.clientAddress,
    method: cleaned(facts.method),
    host: cleaned(facts.host),
    tenant: gate.tenant?.config.name,
    path: gate.target?.path,
    route: match?.kind === 'rule' ? match.rule.id : undefined,
    parameters: parametersUsed(gate),
    status: facts.status,
    bytes_in: gate.bytesIn,
    bytes_out: gate.bytesOut,
    duration_ms: rounded(facts.durationMs),
    upstream_ms: gate.upstreamMs === undefined ? undefined : rounded(gate.upstreamMs),
    upstream_addr:
      gate.upstreamStatus === undefined && upstreamFailure === undefined
        ? undefined
        : (gate.upstreamAddress ?? gate.tenant?.upstream.name),
    upstream_status: gate.upstreamStatus,
    user: principal?.identity.name ?? cleaned(gate.claimedName),
    auth_method: principal?.method,
    credential_id: principal?.token.id,
    decision: decision?.effect,
    reason: decision?.reason,
    rule: decision === undefined ? undefined : `${decision.at.file}:${decision.at.line}`,
    lists: decision?.lists,
    rate_limit: quota === undefined ? undefined : { policy: quota.name, remaining: quota.remaining },
    error:
      failure === undefined
        ? undefined
        : {
            code: failure.code,
            proxy_error: upstreamFailure?.proxyError ?? failure.options.proxyError,
            phase: upstreamFailure?.phase,
            cause: describeCause(upstreamFailure?.cause ?? failure.options.cause),
          },
    user_agent: cleaned(facts.userAgent),
  }
}

const none: readonly string[] = Object.freeze([])

/** Names of the query's parameters that hold something, as the rule declares them: another name is the caller's own text. */
function parametersUsed({ match, target }: Gate): readonly string[] | undefined {
  if (match?.kind !== 'rule' || target === undefined) return undefined
  const { query } = match.rule
  if (target.query.length === 0 || query.kind === 'any') return none
  const { parameters, aliases } = query
  const used = target.query.flatMap(([name, value]) =>
    value !== '' && (parameters.has(name) || aliases.has(name)) ? [name] : [],
  )
  return [...new Set(used)]
}

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000
