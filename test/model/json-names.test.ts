import fc from 'fast-check'
import { expect, it } from 'vitest'
import { nameFinder } from '../../src/model/json-names.ts'

it.each([
  ['id', 'id'],
  ['lists', 'lists'],
  ['list', undefined],
  ['ID', undefined],
  ['ie', undefined],
  ['città', 'città'],
  ['', undefined],
])('finds %j as %j', (text, found) => {
  const bytes = Buffer.from(`"${text}":1`)
  expect(nameFinder(['id', 'lists', 'total', 'città'])(bytes, 1, Buffer.byteLength(text) + 1)).toBe(found)
})

it('finds exactly what is known', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.string({ unit: 'grapheme' }), (names, text) => {
      const bytes = Buffer.from(text)
      expect(nameFinder(names)(bytes, 0, bytes.length)).toBe(names.includes(text) ? text : undefined)
    }),
  )
})
