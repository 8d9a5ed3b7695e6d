/** When a request goes out again (RFC 9110 §9.2.2: a proxy must not repeat what is not safe), and the budget for it. Pure. */
import { Readable } from 'node:stream'
import type { UpstreamFailure, UpstreamRequest } from '../model/ports.ts'

/** What is known of an attempt that failed. */
export interface Attempt {
  /** Bytes of the request may have reached the member. */
  readonly wasSent: boolean
  readonly sawAnyByte: boolean
  /** The request was sent once before. */
  readonly isRepeat: boolean
}

/**
 * `elsewhere`: nothing was sent, so any member may be asked, for any method; who is safe to repeat may also wait for this
 * one. `again`: it was sent and is safe to repeat. `no`: it ends here.
 */
export type Step = 'elsewhere' | 'again' | 'no'

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Sending it twice does what sending it once does. */
export const isSafe = (request: UpstreamRequest): boolean =>
  request.body === undefined && safeMethods.has(request.method)

/** What speaks of the connection and not of the request. */
const connecting: ReadonlySet<UpstreamFailure['code']> = new Set([
  ...(['upstream-refused', 'upstream-reset', 'upstream-dns', 'upstream-tls'] as const),
  ...(['upstream-protocol', 'upstream-connect-timeout'] as const),
])

export function nextStep(request: UpstreamRequest, attempt: Attempt, failure: UpstreamFailure): Step {
  if (!attempt.wasSent) return connecting.has(failure.code) && isWhole(request.body) ? 'elsewhere' : 'no'
  if (attempt.sawAnyByte || attempt.isRepeat || failure.code !== 'upstream-reset') return 'no'
  return isSafe(request) ? 'again' : 'no'
}

/** Nothing of the body was taken yet. */
const isWhole = (body: UpstreamRequest['body']): boolean =>
  !(body instanceof Readable) || !(body.readableDidRead || body.destroyed)

/** Failures after which the member itself may come back in a moment. */
const passing: ReadonlySet<UpstreamFailure['code']> = new Set(['upstream-refused', 'upstream-reset', 'upstream-dns'])

export const mayPass = ({ code }: UpstreamFailure): boolean => passing.has(code)

/** Requests and retries since a window began. */
export interface RetryBudget {
  readonly windowStartMs: number
  readonly requests: number
  readonly retries: number
}

export interface BudgetRule {
  /** Of the requests of a window. */
  readonly percent: number
  /** At least so many: a quiet gateway has few requests to take a share of, and each of its connections may break once. */
  readonly floor: number
}

export const emptyBudget: RetryBudget = Object.freeze({ windowStartMs: -Infinity, requests: 0, retries: 0 })

const windowMs = 10_000

const current = (budget: RetryBudget, nowMs: number): RetryBudget =>
  nowMs - budget.windowStartMs < windowMs ? budget : { windowStartMs: nowMs, requests: 0, retries: 0 }

export function afterRequest(budget: RetryBudget, nowMs: number): RetryBudget {
  const now = current(budget, nowMs)
  return { windowStartMs: now.windowStartMs, requests: now.requests + 1, retries: now.retries }
}

/** The budget after one more retry, or `undefined` when the window has had its share. */
export function spendRetry(budget: RetryBudget, nowMs: number, rule: BudgetRule): RetryBudget | undefined {
  const now = current(budget, nowMs)
  if (now.retries >= Math.max(rule.floor, (now.requests * rule.percent) / 100)) return undefined
  return { ...now, retries: now.retries + 1 }
}
