import { describe, expect, it } from 'vitest'
import { claimedNameOf } from '../../src/authenticate/claimed-name.ts'

describe('claimedNameOf', () => {
  it.each([
    ['an ordinary name', 'bob@example.org', 'bob@example.org'],
    ['letters of any script', 'us\u00e9r \u4eba', 'us\u00e9r \u4eba'],
    ['C1 controls', 'a\u009b31mb', 'a31mb'],
    ['line and paragraph separators', 'a\u2028b\u2029c', 'abc'],
    ['what turns text around', 'a\u202eb\u200bc\ufeff', 'abc'],
    ['a token where the name belongs', `spt_${'a'.repeat(36)}`, 'spt_…'],
    ['a token with something around it', `x spt_${'Z9'.repeat(18)} y`, 'x spt_… y'],
    ['the tag of a token alone', 'spt_bob', 'spt_bob'],
  ])('%s', (_what, name, cleaned) => {
    expect(claimedNameOf(name)).toBe(cleaned)
  })

  it('is at most 200 characters', () => {
    expect(claimedNameOf('a'.repeat(300))).toBe('a'.repeat(200))
    expect(claimedNameOf('\u00e9'.repeat(300))).toBe('\u00e9'.repeat(200))
  })
})
