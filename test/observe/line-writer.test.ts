import { describe, expect, it } from 'vitest'
import { lineWriter } from '../../src/observe/line-writer.ts'
import { createLog } from '../../src/observe/logger.ts'

describe('lineWriter', () => {
  it('writes nothing for a level that is off', () => {
    const lines: string[] = []
    const { logger } = createLog('warn', { write: (text) => void lines.push(text) })
    const write = lineWriter(logger)
    write('info', ',"user":"a"', 'request')
    write('error', ',"user":"b"', 'request')

    expect(lines.map((text) => JSON.parse(text) as unknown)).toEqual([
      { level: 'error', time: expect.any(String) as unknown, user: 'b', msg: 'request' },
    ])
  })

  it('keeps what a child logger is bound to', () => {
    const lines: string[] = []
    const { logger } = createLog('info', { write: (text) => void lines.push(text) })
    lineWriter(logger.child({ worker: 3 }))('info', '', 'request')

    expect(lines.map((text) => JSON.parse(text) as unknown)).toEqual([
      { level: 'info', time: expect.any(String) as unknown, worker: 3, msg: 'request' },
    ])
  })
})
