import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { neverBack } from '../../src/model/time.ts'

describe('neverBack', () => {
  it('is the clock that it was given while that goes forward', () => {
    let now = 1_000
    const clock = neverBack({ epochMs: () => now, monotonicMs: () => now })
    for (now = 1_000; now < 2_000; now += 7) expect(clock.epochMs()).toBe(now)
    expect(clock.monotonicMs()).toBe(now)
  })

  it('never goes back, and goes on with the time that passes, however the wall clock jumps', () => {
    const step = fc.record({
      passesMs: fc.integer({ min: 0, max: 10_000 }),
      jumpsMs: fc.integer({ min: -10_000_000, max: 10_000 }),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 50 }), (steps) => {
        let [epochMs, monotonicMs] = [1_000_000_000, 0]
        const clock = neverBack({ epochMs: () => epochMs, monotonicMs: () => monotonicMs })
        let last = clock.epochMs()
        for (const { passesMs, jumpsMs } of steps) {
          monotonicMs += passesMs
          epochMs += passesMs + jumpsMs
          const now = clock.epochMs()
          expect(now).toBeGreaterThanOrEqual(last + passesMs)
          expect(now).toBeGreaterThanOrEqual(epochMs)
          last = now
        }
      }),
    )
  })

  it('loses no part of a millisecond, however often it is asked', () => {
    let monotonicMs = 0
    const clock = neverBack({ epochMs: () => 0, monotonicMs: () => monotonicMs })
    for (let asked = 0; asked < 10_000; asked++) {
      monotonicMs += 0.25
      clock.epochMs()
    }
    expect(clock.epochMs()).toBe(2_500)
  })
})
