import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTokenizer, JsonStreamError } from '../../src/model/json-tokens.ts'

/** What a handler is told of a text that comes in pieces, cut at these places. */
function tokensOf(bytes: Buffer, places: readonly number[] = []): unknown[] {
  const told: unknown[] = []
  const tokenizer = createTokenizer({
    open: (isArray, end) => told.push(['open', isArray, end]),
    close: (end) => told.push(['close', end]),
    comma: (at) => told.push(['comma', at]),
    wants: (isKey, at) => told.push(['wants', isKey, at]) > 0,
    key: (text) => told.push(['key', text]),
    scalar: (end, text) => told.push(['scalar', end, text]),
  })
  let from = 0
  for (const place of [...places.map((each) => each % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
    tokenizer.write(Buffer.from(bytes.subarray(from, place)))
    from = place
  }
  tokenizer.end()
  return told
}

const isRefused = (text: string | Buffer, places?: readonly number[]): boolean => {
  try {
    tokensOf(Buffer.from(text), places)
    return false
  } catch (error) {
    expect(error).toBeInstanceOf(JsonStreamError)
    return true
  }
}

const parses = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('createTokenizer', () => {
  it('tells structure as offsets, and the text of what is wanted', () => {
    expect(tokensOf(Buffer.from('{"a":[1.0,"x"]}'), [3, 7])).toEqual([
      ['open', false, 1],
      ['wants', true, 1],
      ['key', 'a'],
      ['open', true, 6],
      ['wants', false, 6],
      ['scalar', 9, '1.0'],
      ['comma', 9],
      ['wants', false, 10],
      ['scalar', 13, '"x"'],
      ['close', 14],
      ['close', 15],
    ])
  })

  it('keeps no text that is longer than what anybody looks for', () => {
    const long = Buffer.from(JSON.stringify({ ['k'.repeat(1_023)]: 'v'.repeat(5_000) }))
    expect(tokensOf(long).filter((told) => Array.isArray(told) && (told[0] === 'key' || told[0] === 'scalar'))).toEqual(
      [
        ['key', undefined],
        ['scalar', 6_029, undefined],
      ],
    )
    expect(tokensOf(long, [1, 700, 1_300])).toEqual(tokensOf(long))
  })

  it('does not overflow on nesting, and bounds it', () => {
    const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
    expect(isRefused(nested(10_100))).toBe(false)
    expect(isRefused(nested(10_101))).toBe(true)
    expect(isRefused(nested(100_000))).toBe(true)
  })

  const places = fc.array(fc.nat(10_000), { maxLength: 12 })

  it('takes what JSON.parse takes and fails where it fails, at any chunk borders', () => {
    const token = fc.constantFrom(
      ...'{ } [ ] , : "a" "data" "\\n" "\\u00e9" "\\uZ" "\\ 0 1 -1 01 1.5 1. 1e5 1e -0 - . e true false null tru nul'.split(
        ' ',
      ),
      ' ',
      '\n',
      '\t',
      '\f',
      '"\u0001"',
      'é',
      '"é"',
    )
    const texts = fc.oneof(
      fc.array(token, { maxLength: 9 }).map((parts) => parts.join('')),
      fc.json({ maxDepth: 3 }),
      fc.tuple(fc.json({ maxDepth: 3 }), fc.nat(), token).map(([text, at, more]) => {
        const place = at % (text.length + 1)
        return text.slice(0, place) + more + text.slice(place)
      }),
    )
    fc.assert(
      fc.property(texts, places, (text, cuts) => {
        expect(isRefused(text, cuts)).toBe(!parses(text))
      }),
      { numRuns: 10_000 },
    )
  })

  it('answers any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(typeof isRefused(Buffer.from(bytes))).toBe('boolean')
      }),
      { numRuns: 2_000 },
    )
  })
})
