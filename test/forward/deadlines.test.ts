import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createDeadlines, type Limit } from '../../src/forward/deadlines.ts'

// Timers and clock move together, when told.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

const clock = { epochMs: () => 0, monotonicMs: () => performance.now() }

function watch(): { passed: Limit[]; deadlines: ReturnType<typeof createDeadlines> } {
  const passed: Limit[] = []
  return { passed, deadlines: createDeadlines(clock, (limit) => passed.push(limit)) }
}

describe('createDeadlines', () => {
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
})
