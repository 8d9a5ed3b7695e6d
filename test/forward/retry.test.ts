import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  afterRequest,
  emptyBudget,
  isSafe,
  mayPass,
  nextStep,
  spendRetry,
  type RetryBudget,
} from '../../src/forward/retry.ts'
import type { UpstreamFailure } from '../../src/model/ports.ts'
import { get } from '../helpers/upstream.ts'

const failure = (code: UpstreamFailure['code']): UpstreamFailure => ({
  code,
  proxyError: 'connection_terminated',
  phase: 'wait',
  cause: undefined,
})
const broken = failure('upstream-reset')
const refused = failure('upstream-refused')
const sent = { wasSent: true, sawAnyByte: false, isRepeat: false }
const unsent = { wasSent: false, sawAnyByte: false, isRepeat: false }
const methods = ['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'get']

describe('nextStep', () => {
  it.each(['GET', 'HEAD', 'OPTIONS'])('sends %s again that broke before any byte', (method) => {
    expect(nextStep(get('/', { method }), sent, broken)).toBe('again')
  })

  it.each([
    ['a second time', get('/'), { ...sent, isRepeat: true }, broken],
    ['after a byte', get('/'), { ...sent, sawAnyByte: true }, broken],
    ['after another failure', get('/'), sent, failure('upstream-timeout')],
    ['with a body', get('/', { body: Buffer.from('x') }), sent, broken],
    ['with a stream', get('/', { body: Readable.from([]) }), sent, broken],
    ...methods.map((method) => [method, get('/', { method }), sent, broken] as const),
  ] as const)('never sends again: %s', (_why, request, attempt, cause) => {
    expect(nextStep(request, attempt, cause)).toBe('no')
  })

  it.each(['GET', ...methods])('takes %s elsewhere when no connection came about', (method) => {
    for (const code of ['upstream-refused', 'upstream-connect-timeout', 'upstream-dns', 'upstream-tls'] as const)
      expect(nextStep(get('/', { method }), unsent, failure(code))).toBe('elsewhere')
  })

  it('takes a body along as long as nobody has read of it', async () => {
    const whole = Readable.from([Buffer.from('x')])
    const read = Readable.from([Buffer.from('x')])
    await read.toArray()
    const gone = Readable.from([]).destroy()

    const steps = [whole, read, gone, Buffer.from('x')].map((body) =>
      nextStep(get('/', { method: 'POST', body }), unsent, refused),
    )
    expect(steps).toEqual(['elsewhere', 'no', 'no', 'elsewhere'])
    whole.destroy()
  })

  it.each(['overloaded', 'internal', 'body-unreadable', 'upstream-deadline'] as const)(
    'goes nowhere for what is not the connection (%s)',
    (code) => {
      expect(nextStep(get('/'), unsent, failure(code))).toBe('no')
    },
  )
})

describe('isSafe', () => {
  it('is what may be sent twice', () => {
    expect([get('/'), get('/', { method: 'POST' }), get('/', { body: Buffer.from('x') })].map(isSafe)).toEqual([
      true,
      false,
      false,
    ])
  })
})

describe('mayPass', () => {
  it('is what a program that starts anew brings about', () => {
    const codes = ['upstream-refused', 'upstream-reset', 'upstream-dns', 'upstream-tls', 'upstream-timeout'] as const
    expect(codes.map((code) => mayPass(failure(code)))).toEqual([true, true, true, false, false])
  })
})

describe('the budget', () => {
  const rule = { percent: 10, floor: 10 }
  const spendAll = (budget: RetryBudget, nowMs: number): number => {
    let count = 0
    for (let left = spendRetry(budget, nowMs, rule); left !== undefined; left = spendRetry(left, nowMs, rule)) count++
    return count
  }
  const after = (requests: number): RetryBudget => {
    let budget = emptyBudget
    for (let at = 0; at < requests; at++) budget = afterRequest(budget, 0)
    return budget
  }

  it('is a tenth of the requests, and ten where they are few', () => {
    expect([spendAll(after(1), 0), spendAll(after(100), 0), spendAll(after(500), 0)]).toEqual([10, 10, 50])
  })

  it('is whole again after ten seconds', () => {
    let budget = after(1)
    for (let at = 0; at < 10; at++) budget = spendRetry(budget, 0, rule) ?? budget
    expect(spendRetry(budget, 9_999, rule)).toBeUndefined()
    expect(spendAll(budget, 10_000)).toBe(10)
  })

  it('whatever comes in whatever order, no window sees more retries than its share of requests or the floor', () => {
    const event = fc.record({ isRetry: fc.boolean(), afterMs: fc.integer({ min: 0, max: 4_000 }) })
    const rules = fc.record({ percent: fc.integer({ min: 1, max: 100 }), floor: fc.integer({ min: 0, max: 20 }) })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 300 }), rules, (events, anyRule) => {
        let budget = emptyBudget
        let nowMs = 0
        const windows = new Map<number, { requests: number; retries: number }>()
        for (const { isRetry, afterMs } of events) {
          nowMs += afterMs
          const next = isRetry ? spendRetry(budget, nowMs, anyRule) : afterRequest(budget, nowMs)
          if (next === undefined) continue
          budget = next
          const seen = windows.get(budget.windowStartMs) ?? { requests: 0, retries: 0 }
          windows.set(budget.windowStartMs, seen)
          if (isRetry) seen.retries++
          else seen.requests++
          const most = Math.max(anyRule.floor, (seen.requests * anyRule.percent) / 100)
          // One more than the share where the share is no whole number.
          expect(seen.retries).toBeLessThan(most + 1)
          expect(nowMs - budget.windowStartMs).toBeLessThan(10_000)
        }
      }),
    )
  })
})
