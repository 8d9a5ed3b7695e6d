import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasValidChecksum, newToken, tokenSha256 } from '../../src/model/token.ts'
import { isUserName } from '../../src/model/user-name.ts'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

describe('newToken', () => {
  it('is the prefix, 30 characters and the checksum of both', () => {
    const token = newToken((n) => Buffer.alloc(n, 63))

    expect(token.slice(0, 34)).toBe(`spt_${'1'.repeat(30)}`)
    const digits = token
      .slice(34)
      .split('')
      .map((character) => alphabet.indexOf(character))
    expect(digits.reduce((value, digit) => value * 62 + digit, 0)).toBe(crc32(token.slice(0, 34)))
    expect(token).toHaveLength(40)
  })

  it('throws away the bytes that would make some characters likelier', () => {
    const rounds = [Buffer.from([255, 248, 250, 0, ...Array<number>(26).fill(247)]), Buffer.alloc(30, 61)]
    const token = newToken(() => rounds.shift() ?? Buffer.alloc(0))

    expect(token.slice(4, 34)).toBe(`0${'z'.repeat(26)}${'z'.repeat(3)}`)
  })

  it('uses every character about equally often', () => {
    const counts = new Map<string, number>()
    for (let i = 0; i < 2000; i++) {
      for (const character of newToken((n) => randomBytes(n)).slice(4, 34)) {
        counts.set(character, (counts.get(character) ?? 0) + 1)
      }
    }
    const expected = (2000 * 30) / 62
    expect([...counts.keys()].toSorted().join('')).toBe(alphabet)
    // Eight standard deviations either way: fails once in 10^13 runs, and at once for a plain `% 62`.
    for (const count of counts.values()) expect(Math.abs(count - expected)).toBeLessThan(8 * Math.sqrt(expected))
  })
})

describe('hasValidChecksum', () => {
  it('holds for every new token, and for none with one character changed', () => {
    fc.assert(
      fc.property(fc.nat(39), fc.nat(61), (at, digit) => {
        const token = newToken((n) => randomBytes(n))
        const changed = token.slice(0, at) + alphabet.charAt(digit) + token.slice(at + 1)
        expect(hasValidChecksum(token)).toBe(true)
        expect(hasValidChecksum(changed)).toBe(changed === token)
      }),
    )
  })

  it.each(['', 'spt_', 'spt_short', `spt_${'0'.repeat(35)}`, `spt_${'0'.repeat(37)}`, `tok_${'0'.repeat(36)}`])(
    'refuses %j, which has not the form of a token',
    (text) => expect(hasValidChecksum(text)).toBe(false),
  )

  it('refuses a token with a line break after it', () => {
    expect(hasValidChecksum(`${newToken((n) => randomBytes(n))}\n`)).toBe(false)
  })
})

describe('tokenSha256', () => {
  it('is SHA-256 of the UTF-8 bytes', () => {
    expect(tokenSha256('spt_é')).toEqual(createHash('sha256').update(Buffer.from('spt_é', 'utf8')).digest())
  })
})

describe('isUserName', () => {
  it.each(['a', 'A.b-c_d@example.org', 'x'.repeat(200)])('takes %j', (name) => expect(isUserName(name)).toBe(true))
  it.each(['', 'a:b', 'a b', 'a\n', 'ä', 'x'.repeat(201), '../x'])('refuses %j', (name) =>
    expect(isUserName(name)).toBe(false),
  )
})
