import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { editDistance, nearest, quoted, remedyFor } from '../../src/config/suggest.ts'

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['listen', 'listen', 0],
    ['lsiten', 'listen', 1],
    ['listn', 'listen', 1],
    ['kitten', 'sitting', 3],
  ])('of %j and %j is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance)
  })

  it('is the same both ways, at most the longer length, and zero only for equals', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        const distance = editDistance(a, b)
        expect(distance).toBe(editDistance(b, a))
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length))
        expect(distance === 0).toBe(a === b)
      }),
    )
  })
})

describe('what a message says', () => {
  it('names the word that was meant, or all, or where they are', () => {
    expect(nearest('Upstrem', ['listen', 'upstream'])).toBe('upstream')
    expect(nearest('zzz', ['listen', 'upstream'])).toBeUndefined()
    expect(remedyFor('zzz', ['a', 'b'])).toBe('known here: `a`, `b`')
    expect(remedyFor('zzz', [])).toBe('remove it')
  })

  it('is one line and bounded whatever was found', () => {
    expect(quoted('a\nb`c\u2028\u001b[31m')).toBe('`a?b?c??[31m`')
    expect(quoted('x'.repeat(500))).toHaveLength(83)
  })
})
