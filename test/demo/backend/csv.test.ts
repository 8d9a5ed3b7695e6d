import { describe, expect, it } from 'vitest'
import { csvRow, parseCsv } from '../../../src/demo/backend/csv.ts'

describe('CSV', () => {
  it('quotes only what must be quoted', () => {
    expect(csvRow(['a', 'b,c', 'say "x"', ' lead', ''])).toBe('a,"b,c","say ""x"""," lead",\n')
  })

  it('reads quoted line feeds, doubled quotes and an empty last field, and skips empty lines', () => {
    expect(parseCsv('a,b\r\n"x\ny","say ""z"""\n\nc,', ',')).toEqual([
      ['a', 'b'],
      ['x\ny', 'say "z"'],
      ['c', ''],
    ])
  })
})
