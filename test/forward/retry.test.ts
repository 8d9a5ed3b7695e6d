import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { afterRequest, emptyBudget, mayRepeat, spendRetry, type RetryBudget } from '../../src/forward/retry.ts'
import { get } from '../helpers/upstream.ts'

const broken = { code: 'upstream-reset', proxyError: 'connection_terminated', phase: 'wait', cause: undefined } as const
const stale = { number: 1, onReusedConnection: true, sawAnyByte: false }

describe('mayRepeat', () => {
  it.each(['GET', 'HEAD', 'OPTIONS'])('repeats %s that broke on a used connection before any byte', (method) => {
    expect(mayRepeat(get('/', { method }), stale, broken)).toBe(true)
  })

  it.each([
    ['a second time', get('/'), { ...stale, number: 2 }, broken],
    ['on a fresh connection', get('/'), { ...stale, onReusedConnection: false }, broken],
    ['after a byte', get('/'), { ...stale, sawAnyByte: true }, broken],
    ['after another failure', get('/'), stale, { ...broken, code: 'upstream-timeout' as const }],
    ['with a body', get('/', { body: Buffer.from('x') }), stale, broken],
    ['with a stream', get('/', { body: Readable.from([]) }), stale, broken],
    ...['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'get'].map(
      (method) => [method, get('/', { method }), stale, broken] as const,
    ),
  ] as const)('does not repeat: %s', (_why, request, attempt, failure) => {
    expect(mayRepeat(request, attempt, failure)).toBe(false)
  })
})

describe('the budget', () => {
  const spendAll = (budget: RetryBudget, nowMs: number): number => {
    let count = 0
    for (let left = spendRetry(budget, nowMs); left !== undefined; left = spendRetry(left, nowMs)) count++
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
    for (let at = 0; at < 10; at++) budget = spendRetry(budget, 0) ?? budget
    expect(spendRetry(budget, 9_999)).toBeUndefined()
    expect(spendAll(budget, 10_000)).toBe(10)
  })
})
