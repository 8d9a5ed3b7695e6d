import { describe, expect, it } from 'vitest'
import { goText, goTime, pgTime, rfc3339 } from '../../../src/demo/backend/time.ts'

describe('times', () => {
  it('cuts zeros at the end and writes UTC in each way', () => {
    const whole = pgTime(Date.UTC(2026, 2, 2, 10, 0, 0))

    expect([whole, pgTime(Date.UTC(2026, 2, 2, 10, 0, 0, 120))]).toEqual([
      '2026-03-02T10:00:00+00:00',
      '2026-03-02T10:00:00.12+00:00',
    ])
    expect([goTime(whole), goText(whole)]).toEqual(['2026-03-02T10:00:00Z', '2026-03-02 10:00:00 +0000 UTC'])
  })

  it('reads RFC 3339 only', () => {
    expect(['2026-03-02T10:00:00+05:30', '2026-03-02', '2026-13-02T10:00:00Z'].map(rfc3339)).toEqual([
      Date.UTC(2026, 2, 2, 4, 30),
      undefined,
      undefined,
    ])
  })
})
