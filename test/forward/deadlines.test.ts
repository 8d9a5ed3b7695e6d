import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createTimekeeper, type Deadlines, type Limit } from '../../src/forward/deadlines.ts'

// Timers and clock move together, when told.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

const clock = { epochMs: () => 0, monotonicMs: () => performance.now() }

function watch(): { passed: Limit[]; deadlines: Deadlines } {
  const passed: Limit[] = []
  return { passed, deadlines: createTimekeeper(clock)((limit) => passed.push(limit)) }
}

describe('createTimekeeper', () => {
  it('calls each limit when it passes, not before', () => {
    const { passed, deadlines } = watch()
    deadlines.start('total', 100)
    deadlines.start('connect', 20)

    vi.advanceTimersByTime(19)
    expect(passed).toEqual([])
    vi.advanceTimersByTime(1)
    expect(passed).toEqual(['connect'])
    vi.advanceTimersByTime(80)
    expect(passed).toEqual(['connect', 'total'])
  })

  it('starts anew what is started again, with one timer', () => {
    const { passed, deadlines } = watch()
    for (let at = 0; at < 50; at++) {
      deadlines.start('gap', 100)
      vi.advanceTimersByTime(10)
      expect(vi.getTimerCount()).toBe(1)
    }
    expect(passed).toEqual([])
    vi.advanceTimersByTime(90)
    expect(passed).toEqual(['gap'])
  })

  it('knows no limit of 0, none that was lifted, and none after the stop', () => {
    const { passed, deadlines } = watch()
    deadlines.start('total', 0)
    deadlines.start('headers', 10)
    deadlines.lift('headers')
    vi.advanceTimersByTime(1_000)
    deadlines.start('gap', 10)
    deadlines.stop()
    deadlines.start('connect', 10)
    vi.advanceTimersByTime(1_000)

    expect(passed).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('keeps the limits of several exchanges, each to its own, with one timer', () => {
    const passed: string[] = []
    const timekeeper = createTimekeeper(clock)
    const first = timekeeper((limit) => passed.push(`first ${limit}`))
    const second = timekeeper((limit) => passed.push(`second ${limit}`))
    const third = timekeeper((limit) => {
      passed.push(`third ${limit}`)
      third.stop()
    })
    first.start('headers', 30)
    second.start('total', 20)
    third.start('gap', 10)
    third.start('total', 10)
    expect(vi.getTimerCount()).toBe(1)
    first.stop()
    first.stop()

    vi.advanceTimersByTime(10)
    // What a limit that passed has stopped passes no more, in the same moment either.
    expect(passed).toEqual(['third total'])
    vi.advanceTimersByTime(10)
    expect(passed).toEqual(['third total', 'second total'])
    vi.advanceTimersByTime(1_000)
    expect(passed).toEqual(['third total', 'second total'])
    expect(vi.getTimerCount()).toBe(0)
  })
})
