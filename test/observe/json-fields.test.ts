import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonFields, type LogFields } from '../../src/observe/json-fields.ts'
import { lineWriter } from '../../src/observe/line-writer.ts'
import { createLog } from '../../src/observe/logger.ts'

const value = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(undefined),
  fc.array(fc.oneof(fc.integer(), fc.string({ unit: 'binary' }))),
)
const name = fc.stringMatching(/^[a-z][a-z_]{0,8}$/)
const fields: fc.Arbitrary<LogFields> = fc.dictionary(name, fc.oneof(value, fc.dictionary(name, value)))

/** What pino writes of the same fields, and what stands here. */
function bothLines(line: LogFields): { pino: string; own: string } {
  const lines: string[] = []
  const { logger } = createLog('info', { write: (text) => void lines.push(text) })
  logger.warn(line, 'request')
  lineWriter(logger)('warn', jsonFields(line), 'request')
  const [pino = '', own = ''] = lines.map((text) => text.replace(/"time":"[^"]+"/, '"time":""'))
  return { pino, own }
}

describe('jsonFields', () => {
  it('writes byte for byte what pino writes', () => {
    fc.assert(
      fc.property(fields, (line) => {
        const { pino, own } = bothLines(line)
        expect(own).toBe(pino)
      }),
    )
  })

  it('escapes what could end a string, a line or a document', () => {
    expect(jsonFields({ path: 'a"b\\c\n\u0000\ud800', lists: ['"'], quota: { policy: '"' } })).toBe(
      String.raw`,"path":"a\"b\\c\n\u0000\ud800","lists":["\""],"quota":{"policy":"\""}`,
    )
  })

  it('leaves out what is undefined, and writes null for what is no number', () => {
    expect(jsonFields({ user: undefined, ms: NaN, error: { phase: undefined } })).toBe(',"ms":null,"error":{}')
  })
})
