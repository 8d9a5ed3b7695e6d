/** The one retry there is (RFC 9110 §9.2.2: a proxy must not repeat what is not safe), and its budget. Pure. */
import type { UpstreamFailure, UpstreamRequest } from '../model/ports.ts'

/** What is known of an attempt that failed. */
export interface Attempt {
  readonly number: number
  /** The connection had served another request before: it may have been closed under our hands. */
  readonly onReusedConnection: boolean
  readonly sawAnyByte: boolean
}

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Whether the request may be sent once more, on a new connection. */
export function mayRepeat(request: UpstreamRequest, attempt: Attempt, failure: UpstreamFailure): boolean {
  return (
    attempt.number === 1 &&
    attempt.onReusedConnection &&
    !attempt.sawAnyByte &&
    failure.code === 'upstream-reset' &&
    safeMethods.has(request.method) &&
    request.body === undefined
  )
}

/** Requests and retries since a window began. */
export interface RetryBudget {
  readonly windowStartMs: number
  readonly requests: number
  readonly retries: number
}

export const emptyBudget: RetryBudget = Object.freeze({ windowStartMs: -Infinity, requests: 0, retries: 0 })

const windowMs = 10_000
const share = 0.1
/** A quiet gateway has few requests to take a share of, and one stale connection each. */
const floor = 10

const current = (budget: RetryBudget, nowMs: number): RetryBudget =>
  nowMs - budget.windowStartMs < windowMs ? budget : { windowStartMs: nowMs, requests: 0, retries: 0 }

export function afterRequest(budget: RetryBudget, nowMs: number): RetryBudget {
  const now = current(budget, nowMs)
  return { ...now, requests: now.requests + 1 }
}

/** The budget after one more retry, or `undefined` when a tenth of the window's requests (at least 10) were retries already. */
export function spendRetry(budget: RetryBudget, nowMs: number): RetryBudget | undefined {
  const now = current(budget, nowMs)
  if (now.retries >= Math.max(floor, now.requests * share)) return undefined
  return { ...now, retries: now.retries + 1 }
}
