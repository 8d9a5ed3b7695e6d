import v8 from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { slidingWindows } from '../../src/limit/sliding-window.ts'

const rule = { limit: 5, windowMs: 1_000 }
const table = (maxKeys = 100, bound: 'soft' | 'hard' = 'soft') => slidingWindows({ maxKeys, bound })

describe('slidingWindows', () => {
  it('passes the limit and refuses the next, saying how long to wait', () => {
    const windows = table()
    const passed = Array.from({ length: 5 }, () => windows.hit('a', 1, 0, rule).allowed)

    expect(passed).toEqual([true, true, true, true, true])
    expect(windows.hit('a', 1, 0, rule)).toEqual({ allowed: false, current: 5, waitMs: 1_008 })
    expect(windows.hit('b', 1, 0, rule).allowed).toBe(true)
  })

  it('does not count what it refuses (L11)', () => {
    const windows = table()
    for (let i = 0; i < 100; i += 1) windows.hit('a', 1, 0, rule)

    expect(windows.hit('a', 1, 1_008, rule)).toMatchObject({ allowed: true, current: 1 })
  })

  it('is not a fixed window: a burst over its border passes the limit once (L01)', () => {
    const windows = table()
    const passed = [990, 995, 1_000, 1_005, 1_010, 1_015, 1_500, 1_900].filter(
      (at) => windows.hit('a', 1, at, rule).allowed,
    )

    expect(passed).toEqual([990, 995, 1_000, 1_005, 1_010])
  })

  it('counts costs as declared (L14)', () => {
    const windows = table()

    expect(windows.hit('a', 4, 0, rule)).toMatchObject({ allowed: true, current: 4 })
    expect(windows.hit('a', 2, 0, rule)).toMatchObject({ allowed: false, current: 4 })
    expect(windows.hit('a', 1, 0, rule)).toMatchObject({ allowed: true, current: 5 })
  })

  it('peek answers and counts nothing', () => {
    const windows = table()
    for (let i = 0; i < 10; i += 1) expect(windows.peek('a', 1, 0, rule).allowed).toBe(true)
    expect(windows.size()).toBe(0)
  })

  it('in no window of the stated length passes more than the limit, and who waits as told passes', () => {
    const run = fc.record({
      limit: fc.integer({ min: 1, max: 20 }),
      windowMs: fc.integer({ min: 1, max: 5_000 }),
      steps: fc.array(
        fc.record({ pauseMs: fc.nat({ max: 400 }), cost: fc.integer({ min: 1, max: 3 }), waits: fc.boolean() }),
        {
          maxLength: 200,
        },
      ),
    })
    fc.assert(
      fc.property(run, ({ limit, windowMs, steps }) => {
        const windows = table()
        const passed: { at: number; cost: number }[] = []
        let now = 0
        for (const { pauseMs, cost, waits } of steps) {
          now += pauseMs
          const standing = windows.hit('a', cost, now, { limit, windowMs })
          if (standing.allowed) passed.push({ at: now, cost })
          else if (waits && cost <= limit) {
            now += standing.waitMs
            expect(windows.hit('a', cost, now, { limit, windowMs }).allowed).toBe(true)
            passed.push({ at: now, cost })
          }
        }
        for (const { at } of passed) {
          const inside = passed.filter((other) => other.at >= at && other.at < at + windowMs)
          expect(inside.reduce((sum, { cost }) => sum + cost, 0)).toBeLessThanOrEqual(limit)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('never refuses a caller who stays at 0.99 of the rate (L02)', () => {
    const windows = table()
    const steady = { limit: 600, windowMs: 60_000 }
    let refusedCount = 0
    for (let i = 0; i < 20_000; i += 1) if (!windows.hit('a', 1, i * (100 / 0.99), steady).allowed) refusedCount += 1

    expect(refusedCount).toBe(0)
  })

  it('keeps what was counted when a reload changes limit and window (L15)', () => {
    const windows = table()
    for (let i = 0; i < 5; i += 1) windows.hit('a', 1, 0, rule)

    expect(windows.hit('a', 1, 100, { limit: 3, windowMs: 1_000 }).allowed).toBe(false)
    expect(windows.hit('a', 1, 100, { limit: 6, windowMs: 10_000 })).toMatchObject({ allowed: true, current: 6 })
    expect(windows.hit('a', 1, 5_000, { limit: 6, windowMs: 10_000 }).allowed).toBe(false)
  })

  it('evicts what is idle first and a key at its limit never (soft)', () => {
    const windows = table(3)
    for (let i = 0; i < 5; i += 1) windows.hit('over', 1, 0, rule)
    for (let i = 0; i < 50; i += 1) windows.hit(`other ${i}`, 1, 1, rule)

    expect(windows.size()).toBeLessThanOrEqual(4)
    expect(windows.hit('over', 1, 2, rule).allowed).toBe(false)
  })

  it('stays within its bound when every key is at its limit (hard)', () => {
    const windows = table(10, 'hard')
    for (let key = 0; key < 100; key += 1) for (let i = 0; i < 6; i += 1) windows.hit(`key ${key}`, 1, 0, rule)

    expect(windows.size()).toBe(10)
  })

  it('a million addresses cost under 64 MB, and a principal over the limit stays so', () => {
    v8.setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const windows = table(100_000, 'soft')
    for (let i = 0; i < 5; i += 1) windows.hit('user 1', 1, 0, rule)
    collect()
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < 1_000_000; i += 1) windows.hit(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 1, 1, rule)
    collect()

    expect((process.memoryUsage().heapUsed - before) / 2 ** 20).toBeLessThan(64)
    expect(windows.size()).toBe(100_000)
    expect(windows.hit('user 1', 1, 2, rule).allowed).toBe(false)
  })

  it('forgets what is idle as others come', () => {
    const windows = table(1_000)
    for (let i = 0; i < 500; i += 1) windows.hit(`early ${i}`, 1, 0, rule)
    for (let i = 0; i < 500; i += 1) windows.hit(`late ${i}`, 1, 10_000, rule)

    expect(windows.size()).toBeLessThan(600)
  })
})
