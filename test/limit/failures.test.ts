import { describe, expect, it } from 'vitest'
import { failureLimit } from '../../src/limit/failures.ts'

describe('failureLimit', () => {
  it('limits an address after its failures, tells the whole seconds to wait, and lets it go again', () => {
    let now = 0
    const clock = { epochMs: () => now, monotonicMs: () => now }
    const failures = failureLimit(() => ({ limit: 3, windowMs: 10_000 }), clock)

    expect(failures.isLimited('192.0.2.1')).toBeUndefined()
    for (let i = 0; i < 3; i += 1) failures.note('192.0.2.1')
    expect(failures.isLimited('::ffff:192.0.2.1')).toEqual({ retryAfterSeconds: 11 })
    expect(failures.isLimited('192.0.2.2')).toBeUndefined()
    now = 11_000
    expect(failures.isLimited('192.0.2.1')).toBeUndefined()
  })
})
