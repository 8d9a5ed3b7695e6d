import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { choose } from '../../src/forward/choose.ts'

const chances = (...all: readonly number[]): (() => number) => {
  let at = 0
  return () => all[at++ % all.length] ?? 0
}

describe('choose', () => {
  it('of none is nothing, of one is that one', () => {
    const one = { underWay: 5 }
    expect(choose([], chances(0))).toBeUndefined()
    expect(choose([one], chances(0.99))).toBe(one)
  })

  it('of two takes the one with less under way, whichever came first', () => {
    const busy = { underWay: 5 }
    const idle = { underWay: 1 }
    for (const chance of [0, 0.3, 0.6, 0.99]) expect(choose([busy, idle], chances(chance))).toBe(idle)
  })

  it('never takes the busiest of several, and always two different ones are looked at', () => {
    const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 8 }), unit, unit, (count, one, other) => {
        const members = Array.from({ length: count }, (_, at) => ({ underWay: at }))
        const chosen = choose(members, chances(one, other))
        expect(members).toContain(chosen)
        expect(chosen?.underWay).toBeLessThan(count - 1)
      }),
    )
  })

  it('spreads evenly where all are alike', () => {
    const members = Array.from({ length: 4 }, () => ({ underWay: 0, taken: 0 }))
    for (let at = 0; at < 1_000; at++) {
      const chosen = choose(members, chances((at * 0.618) % 1, (at * 0.382) % 1))
      if (chosen !== undefined) chosen.taken++
    }
    for (const { taken } of members) expect(taken).toBeGreaterThan(200)
  })
})
