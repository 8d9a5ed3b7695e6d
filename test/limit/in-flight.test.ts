import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createInFlight } from '../../src/limit/in-flight.ts'

describe('requests under way', () => {
  it('are bounded for each caller by itself', () => {
    const inFlight = createInFlight()
    const mine = [1, 2, 3].map(() => inFlight.enter('a/1', 2))
    expect(mine.map((release) => release !== undefined)).toEqual([true, true, false])
    expect(inFlight.enter('a/2', 2)).toBeDefined()
    mine[0]?.()
    expect(inFlight.enter('a/1', 2)).toBeDefined()
  })

  it('count once, however often their end is told', () => {
    const inFlight = createInFlight()
    const first = inFlight.enter('a', 2)
    inFlight.enter('a', 2)
    first?.()
    first?.()
    expect([inFlight.enter('a', 2), inFlight.enter('a', 2)].map((release) => release !== undefined)).toEqual([
      true,
      false,
    ])
  })

  it('L13: whatever comes and goes, nobody has more than they may, and in the end nobody has any', () => {
    const event = fc.record({
      who: fc.constantFrom('a', 'b', 'c'),
      isEnd: fc.boolean(),
      at: fc.nat(),
      most: fc.integer({ min: 1, max: 4 }),
    })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 300 }), (events) => {
        const inFlight = createInFlight()
        const open = new Map<string, (() => void)[]>()
        for (const { who, isEnd, at, most } of events) {
          const mine = open.get(who) ?? []
          open.set(who, mine)
          if (isEnd) mine.splice(at % Math.max(1, mine.length), 1)[0]?.()
          else {
            const before = mine.length
            const release = inFlight.enter(who, most)
            expect(release === undefined).toBe(before >= most)
            if (release !== undefined) mine.push(release)
          }
        }
        expect(inFlight.callers).toBe([...open.values()].filter((mine) => mine.length > 0).length)
        for (const release of [...open.values()].flat()) release()
        expect(inFlight.callers).toBe(0)
      }),
    )
  })
})
