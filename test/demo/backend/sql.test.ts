import { describe, expect, it } from 'vitest'
import { hasAlternative, parseCondition } from '../../../src/demo/backend/sql.ts'
import { initialWorld } from '../../../src/demo/backend/world.ts'

function ids(text: string): readonly [first: number[], rest: number[]] | undefined {
  const pasted = parseCondition(text)
  if (pasted === undefined) return undefined
  const rows = [...initialWorld().subscribers.values()].filter((row) => row.id <= 5)
  return [rows.filter(pasted.first).map((row) => row.id), rows.filter(pasted.rest).map((row) => row.id)]
}

describe('parseCondition', () => {
  it.each([
    [`subscribers.email='a1@example.org'`, [[3], []]],
    ['subscribers.id = 4', [[4], []]],
    [`subscribers.uuid='92181888-1c7a-40dc-ac21-7d565a479815'`, [[3], []]],
    [`name LIKE 'A%' AND status <> 'blocklisted'`, [[2, 3, 4, 5], []]],
    [`name ilike 'ada%'`, [[3], []]],
    [`name = 'it''s' or subscribers.id=1`, [[], [1]]],
    ['1=0 OR true', [[], [1, 2, 3, 4, 5]]],
    [`name = 'a or b'`, [[], []]],
  ])('reads %s', (text, expected) => {
    expect(ids(text)).toEqual(expected)
  })

  it.each(['1=1; DELETE FROM subscribers', 'id IN (SELECT 1)', `attribs->>'city' = 'Pune'`, 'name ='])(
    'does not read %s',
    (text) => {
      expect(ids(text)).toBeUndefined()
    },
  )

  it('sees an OR outside of quotes only', () => {
    expect([hasAlternative('true OR true'), hasAlternative(`name = 'this or that'`)]).toEqual([true, false])
  })
})
