import { describe, expect, it } from 'vitest'
import { matchesFullText, searchPattern } from '../../../src/demo/backend/text-search.ts'

describe('search', () => {
  it('finds whole words in any case, without stop words and endings', () => {
    expect(matchesFullText('E only', 'Running E')).toBe(true)
    expect(matchesFullText('scopes', 'Draft (mixed scope)')).toBe(true)
    expect(matchesFullText('eta', 'Beta')).toBe(false)
    expect(matchesFullText('only', 'Draft E only')).toBe(false)
  })

  it('takes a regular expression and refuses a broken one as the database does', () => {
    expect(searchPattern('^A[12]@', 'x').test('a1@example.org')).toBe(true)
    expect(() => searchPattern('(', 'Error')).toThrow(
      'Error: pq: invalid regular expression: parentheses () not balanced',
    )
  })
})
