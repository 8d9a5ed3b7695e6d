/** 429: quotas by principal and class, and failed sign-ins by address. */
import { describe, expect, it } from 'vitest'
import type { PolicySet } from '../../src/policy/rule.ts'
import { startGateway } from '../helpers/gateway.ts'

const withLimits =
  (read: number, failures: number) =>
  (shipped: PolicySet): PolicySet => {
    const plans = new Map(
      [...shipped.limits.plans].map(([name, plan]) => {
        const classes = new Map(
          [...plan.classes].map(([key, each]) => [key, key === 'read' ? { ...each, limit: read } : each]),
        )
        return [name, { ...plan, classes }]
      }),
    )
    return {
      ...shipped,
      limits: { ...shipped.limits, plans, failures: { ...shipped.limits.failures, limit: failures } },
    }
  }

describe('the quota', () => {
  it('passes what the class allows, then answers 429 in the envelope with every header, to this user alone', async () => {
    const { ask, user } = await startGateway({ policies: withLimits(3, 100) })
    const ada = await user('ada', ['reader'], ['alpha readers'])
    const ben = await user('ben', ['reader'], ['alpha readers'])
    const statuses: number[] = []
    for (let i = 0; i < 3; i += 1) statuses.push((await ask(ada, 'GET', '/api/lists/3')).status)
    const over = await ask(ada, 'GET', '/api/lists/3')

    expect(statuses).toEqual([200, 200, 200])
    expect([over.status, over.json]).toMatchObject([
      429,
      { message: 'too many requests', data: { code: 'rate-limited' } },
    ])
    const seconds = Number(over.headers.get('retry-after'))
    expect(seconds).toBeGreaterThanOrEqual(1)
    expect(over.headers.get('ratelimit')).toBe(`"read";r=0;t=${seconds}`)
    expect(over.headers.get('ratelimit-policy')).toBe('"read";q=3;w=60')
    expect(over.headers.get('x-ratelimit-limit')).toBe('3')
    expect(over.headers.get('x-ratelimit-remaining')).toBe('0')
    expect(over.headers.get('x-ratelimit-reset')).toBe(String(seconds))
    expect((await ask(ben, 'GET', '/api/lists/3')).status).toBe(200)
  })

  it('lets exactly one of many at once take the last unit (L05)', async () => {
    const { ask, user } = await startGateway({ policies: withLimits(1, 100) })
    const ada = await user('ada', ['reader'], ['alpha readers'])
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask(ada, 'GET', '/api/lists/3')))

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(39)
  })
})

describe('failed sign-ins', () => {
  it('end in 429 for the address, while a right credential from there still passes', async () => {
    const { ask, user } = await startGateway({ policies: withLimits(100, 5) })
    const ada = await user('ada', ['reader'], ['alpha readers'])
    const wrong = { ...ada, authorization: 'token ada:wrong' }
    const statuses: number[] = []
    for (let i = 0; i < 7; i += 1) statuses.push((await ask(wrong, 'GET', '/api/lists/3')).status)

    expect(statuses).toEqual([403, 403, 403, 403, 403, 429, 429])
    const limited = await ask(wrong, 'GET', '/api/lists/3')
    expect(limited.json).toMatchObject({ data: { code: 'too-many-failures' } })
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect((await ask(ada, 'GET', '/api/lists/3')).status).toBe(200)
  })
})
