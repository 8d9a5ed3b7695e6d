/** What of the backend's own words is a failure here: every 5xx, and a refusal of the gateway's credential. Pure. */
import type { Failure } from '../model/failure.ts'
import { refused } from '../model/failure.ts'
import type { FlatHeaders, UpstreamFailure } from '../model/ports.ts'
import type { CredentialRefused } from '../policy/rule.ts'
import { headerOf } from './answer-headers.ts'

/** How much of a replaced answer goes to the log. */
export const maxLoggedBytes = 4096
/** How much of an answer is read to see whether it refuses the gateway's credential. */
export const maxProbedBytes = 1024

/** The failure that a backend's 5xx becomes, status kept. `said` is the start of its body, for the log alone: it may hold rows and secrets. */
export function backendFailure(status: number, headers: FlatHeaders, said: Buffer): Failure {
  const isUnavailable = status === 502 || status === 503 || status === 504
  const retryAfter = status === 503 ? headerOf(headers, 'retry-after') : undefined
  return refused(isUnavailable ? 'upstream-unavailable' : 'backend-error', {
    status,
    cause: said.byteLength === 0 ? `status ${status} without a body` : `status ${status}: ${said.toString('utf8')}`,
    ...retryAfterOptions(retryAfter),
  })
}

function retryAfterOptions(value: string | undefined): { retryAfterSeconds?: number; headers?: readonly string[] } {
  if (value === undefined) return {}
  if (/^[0-9]{1,7}$/.test(value)) return { retryAfterSeconds: Number(value) }
  // `Date.parse` reads past anything in parentheses; a header of ours must not hold it.
  const isDate = /^[A-Za-z0-9 ,:+-]{1,40}$/.test(value) && !Number.isNaN(Date.parse(value))
  return isDate ? { headers: ['Retry-After', value] } : {}
}

/** The failure that ends a request whose exchange failed. */
export function failureOf(upstream: UpstreamFailure): Failure {
  const isCallers = upstream.code === 'body-unreadable' || upstream.code === 'body-too-large'
  const { code, proxyError, cause, retryAfterSeconds } = upstream
  return refused(code, {
    proxyError,
    cause,
    close: isCallers,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  })
}

/** Whether an answer with this head has to be read before it is known whose credential it speaks of. */
export function mayRefuseUs(rule: CredentialRefused | undefined, status: number, headers: FlatHeaders): boolean {
  if (rule === undefined || !rule.status.includes(status)) return false
  return isJson(headers) && (headerOf(headers, 'content-encoding') ?? 'identity') === 'identity'
}

/** Whether the whole body of such an answer says that the gateway's own credential was refused. */
export function refusesUs(rule: CredentialRefused, body: Buffer): boolean {
  let answer: unknown
  try {
    answer = JSON.parse(body.toString('utf8'))
  } catch {
    return false
  }
  if (typeof answer !== 'object' || answer === null || !('message' in answer)) return false
  return typeof answer.message === 'string' && rule.messages.includes(answer.message)
}

/** Whether the body is JSON, as the head has it. */
export const isJson = (headers: FlatHeaders): boolean =>
  /^application\/json\s*(?:;|$)/i.test(headerOf(headers, 'content-type') ?? '')
