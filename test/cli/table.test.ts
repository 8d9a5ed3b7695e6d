import { describe, expect, it } from 'vitest'
import { formatTable } from '../../src/cli/table.ts'

describe('formatTable', () => {
  it('makes columns as wide as their widest cell, without spaces at the end', () => {
    expect(
      formatTable(
        ['A', 'LONG'],
        [
          ['wide one', 'b'],
          ['c', ''],
        ],
      ),
    ).toBe('A         LONG\nwide one  b\nc\n')
  })

  it('prints the titles alone when there is nothing', () => {
    expect(formatTable(['A', 'B'], [], (text) => `<${text}>`)).toBe('<A  B>\n')
  })
})
