import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { admittedShare, afterReading, calm, type Reading, type Shedding } from '../../src/shed/shedding.ts'

const rule = { lagMs: 200, heapPercent: 85, afterMs: 1_000 }
const well: Reading = { lagMs: 1, utilization: 0.3, heapShare: 0.2 }
const late: Reading = { lagMs: 400, utilization: 1, heapShare: 0.2 }

/** A reading every 100 ms. */
const after = (readings: readonly Reading[], from: Shedding = calm): Shedding =>
  readings.reduce((shedding, reading, at) => afterReading(shedding, reading, at * 100, rule), from)
const times = (count: number, reading: Reading): readonly Reading[] => Array.from({ length: count }, () => reading)

describe('shedding', () => {
  it('begins when the loop was late all the time, and not before', () => {
    expect(after(times(10, late)).kind).toBe('calm')
    expect(after(times(11, late))).toEqual({ kind: 'shedding', admitted: 0.5 })
  })

  it('does not begin for noise: one reading in between that is well begins the time anew', () => {
    expect(after([...times(10, late), well, ...times(10, late)]).kind).toBe('calm')
    expect(after([well, { ...late, lagMs: 5_000 }, well])).toBe(calm)
  })

  it('does not begin for a loop that is late and has nothing to do', () => {
    expect(after(times(100, { ...late, utilization: 0.5 }))).toEqual(calm)
  })

  it('begins for a heap that is nearly full, however idle the loop is', () => {
    expect(after(times(11, { ...well, heapShare: 0.86 })).kind).toBe('shedding')
    expect(after(times(11, { ...well, heapShare: 0.85 }))).toEqual(calm)
  })

  it('lets in fewer as long as it is late, and never nobody', () => {
    const shares = [11, 12, 13, 60].map((count) => admittedShare(after(times(count, late))))
    expect(shares.map((share) => Number(share.toFixed(3)))).toEqual([0.5, 0.35, 0.245, 0.05])
  })

  it('lets in more as it is well, until all are let in; in between it stays as it is', () => {
    const begun = after(times(13, late))
    expect(after(times(5, { ...late, lagMs: 150 }), begun)).toBe(begun)
    expect(admittedShare(after(times(3, well), begun))).toBeCloseTo(0.545)
    expect(after(times(8, well), begun)).toBe(calm)
    // Not yet well: a heap just below where it began.
    expect(after(times(8, { ...well, heapShare: 0.82 }), begun)).toBe(begun)
  })

  it('can be switched off', () => {
    const never = { lagMs: 0, heapPercent: 100, afterMs: 1_000 }
    const worst = { lagMs: 60_000, utilization: 1, heapShare: 1 }
    for (let at = 0, now: Shedding = calm; at < 100; at++) {
      now = afterReading(now, worst, at * 100, never)
      expect(now).toBe(calm)
    }
  })

  it('whatever is read, some are let in and no more than all, and a second of good readings more than undoes it', () => {
    const reading = fc.record({
      lagMs: fc.double({ min: 0, max: 10_000, noNaN: true }),
      utilization: fc.double({ min: 0, max: 1, noNaN: true }),
      heapShare: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 100 }), (readings) => {
        const shedding = after(readings)
        expect(admittedShare(shedding)).toBeGreaterThanOrEqual(0.05)
        expect(admittedShare(shedding)).toBeLessThanOrEqual(1)
        expect(after(times(10, well), shedding)).toBe(calm)
      }),
    )
  })

  it('a process that is asked three times what it can do goes on doing most of what it can', () => {
    // Each reading: what was let in beyond what can be done makes the loop later, what was left undone less late.
    let shedding: Shedding = calm
    let lagMs = 0
    let done = 0
    for (let at = 0; at < 600; at++) {
      const asked = 3 * admittedShare(shedding)
      lagMs = Math.max(0, lagMs + 100 * (asked - 1))
      done += Math.min(1, asked + lagMs / 100)
      shedding = afterReading(shedding, { lagMs, utilization: Math.min(1, asked), heapShare: 0.2 }, at * 100, rule)
    }
    expect(done / 600).toBeGreaterThan(0.8)
    expect(lagMs).toBeLessThan(2_000)
  })
})
