import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLog } from '../../src/observe/logger.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

describe('createLog', () => {
  it('tells the time in UTC to the millisecond, across seconds and when the clock is set back', () => {
    const lines: string[] = []
    const { logger } = createLog('info', { write: (text) => void lines.push(text) })
    const times = [
      '2026-01-01T09:00:00.007Z',
      '2026-01-01T09:00:00.999Z',
      '2026-01-01T09:00:01.000Z',
      '1999-12-31T23:59:59.090Z',
    ]
    for (const time of times) {
      vi.setSystemTime(new Date(time))
      logger.info('x')
    }

    expect(lines.map((text) => (JSON.parse(text) as { time: string }).time)).toEqual(times)
  })
})
