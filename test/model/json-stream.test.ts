import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ArrayFilterOptions, createArrayFilter } from '../../src/model/json-stream.ts'
import { JsonStreamError } from '../../src/model/json-tokens.ts'

/** The output, for an input cut at these places. */
function filter(text: string, options: ArrayFilterOptions, cuts: readonly number[] = []): string {
  const bytes = Buffer.from(text)
  const arrayFilter = createArrayFilter(options)
  const out: Buffer[] = []
  let from = 0
  for (const cut of [...cuts.map((each) => each % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
    out.push(...arrayFilter.write(Buffer.from(bytes.subarray(from, cut))))
    from = cut
  }
  out.push(...arrayFilter.end())
  return Buffer.concat(out).toString()
}

const everyByte = (text: string): number[] => Array.from({ length: Buffer.byteLength(text) }, (_, index) => index)

const results = { path: ['data', 'results'], by: ['id'] }
const only =
  (...ids: number[]) =>
  (idText: string | undefined) =>
    ids.some((id) => String(id) === idText)

describe('createArrayFilter', () => {
  it.each([
    ['drops the first', '{"data":{"results":[{"id":1},{"id":2}]}}', [2], '{"data":{"results":[{"id":2}]}}'],
    ['drops the last', '{"data":{"results":[{"id":1},{"id":2}]}}', [1], '{"data":{"results":[{"id":1}]}}'],
    [
      'drops the middle',
      '{"data":{"results":[{"id":1}, {"id":2} ,{"id":3}]}}',
      [1, 3],
      '{"data":{"results":[{"id":1} ,{"id":3}]}}',
    ],
    ['drops all', '{"data":{"results":[ {"id":1},{"id":2} ],"total":2}}', [], '{"data":{"results":[ ],"total":2}}'],
    [
      'keeps all',
      ' { "data" : {"results":\n[ {"id":1} ,\t{"id":2}\n] , "x":1.0 } } ',
      [1, 2],
      ' { "data" : {"results":\n[ {"id":1} ,\t{"id":2}\n] , "x":1.0 } } ',
    ],
    [
      'keeps what stands around it',
      '{"results":[{"id":9}],"data":{"a":[1,[2]],"results":[{"id":9}],"z":{"results":[{"id":9}]}},"q":null}',
      [],
      '{"results":[{"id":9}],"data":{"a":[1,[2]],"results":[],"z":{"results":[{"id":9}]}},"q":null}',
    ],
    [
      'takes only the id of the element itself',
      '{"data":{"results":[{"lists":[{"id":1}],"id":2,"x":{"id":1}},{"x":{"id":2},"id":1}]}}',
      [1],
      '{"data":{"results":[{"x":{"id":2},"id":1}]}}',
    ],
    [
      'reads escaped keys',
      '{"d\\u0061ta":{"results":[{"\\u0069d":1},{"id":2}]}}',
      [2],
      '{"data":{"results":[{"id":2}]}}'.replace('data', 'd\\u0061ta'),
    ],
    ['lets null pass', '{"data":{"results":null}}', [], '{"data":{"results":null}}'],
    ['lets other answers pass', '{"message":"[1,2","data":true}', [], '{"message":"[1,2","data":true}'],
    ['lets an empty array pass', '{"data":{"results":[ ]}}', [], '{"data":{"results":[ ]}}'],
    [
      'filters every array of that place',
      '{"data":{"results":[{"id":1}]},"data":{"results":[{"id":1},{"id":2}]}}',
      [2],
      '{"data":{"results":[]},"data":{"results":[{"id":2}]}}',
    ],
    [
      'keeps bytes that are no ASCII',
      '{"data":{"results":[{"id":1,"n":"é😀\\ud83d"},{"id":2}]}}',
      [1],
      '{"data":{"results":[{"id":1,"n":"é😀\\ud83d"}]}}',
    ],
  ])('%s', (_name, text, ids, expected) => {
    const options = { ...results, keep: only(...ids) }
    expect(filter(text, options)).toBe(expected)
    expect(filter(text, options, everyByte(text))).toBe(expected)
  })

  it.each([
    ['no id', '{}'],
    ['two ids', '{"id":1,"id":2}'],
    ['two ids, one escaped', '{"id":1,"i\\u0064":1}'],
    ['null', 'null'],
    ['a scalar element', '1'],
    ['an array element', '[{"id":1}]'],
    ['an id that is an array', '{"id":[1]}'],
    ['an id that is an object', '{"id":{"id":1}}'],
    ['an id in another spelling', '{"ID":1}'],
  ])('asks with undefined for an element with %s', (_name, element) => {
    const asked: unknown[] = []
    const keep = (idText: string | undefined): boolean => {
      asked.push(idText)
      return false
    }
    expect(filter(`{"data":{"results":[${element}]}}`, { ...results, keep })).toBe('{"data":{"results":[]}}')
    expect(asked).toEqual([undefined])
  })

  it('asks with the JSON of an id', () => {
    const asked: unknown[] = []
    const keep = (idText: string | undefined): boolean => asked.push(idText) > 0
    filter('{"data":{"results":[{"id":1},{"id":"1"},{"id":1.0},{"id":null},{"id":true}]}}', { ...results, keep })
    expect(asked).toEqual(['1', '"1"', '1.0', 'null', 'true'])
  })

  it('goes into elements, and into arrays of ids, and takes the root for the array', () => {
    expect(
      filter('[{"list":{"id":1}},{"list":2,"list":{"id":1}}]', { path: [], by: ['list', 'id'], keep: only(1) }),
    ).toBe('[{"list":{"id":1}}]')
    expect(filter('{"a":[1,2,[1],3]}', { path: ['a'], by: [], keep: only(1, 3) })).toBe('{"a":[1,3]}')
  })

  it('counts', () => {
    const arrayFilter = createArrayFilter({ ...results, keep: only(2) })
    arrayFilter.write(Buffer.from('{"data":{"results":[{"id":1},{"id":2},{"id":3}]}}'))
    expect(arrayFilter.counts()).toEqual({ kept: 1, dropped: 2 })
  })

  it.each([
    ['an object', '{"data":{"results":{"id":1}}}'],
    ['a text', '{"data":{"results":"x"}}'],
    ['a number', '{"data":{"results":1}}'],
    ['an array on the way', '{"data":[{"results":[{"id":1}]}]}'],
    ['an array at the root', '[{"data":{"results":[{"id":1}]}}]'],
  ])('fails on %s where the array should be', (_name, text) => {
    expect(() => filter(text, { ...results, keep: only(1) })).toThrow(JsonStreamError)
  })

  it.each([
    '',
    ' ',
    '{',
    '[1',
    '{"data":{"results":[{"id":1}',
    '{"a":tru',
    '12e',
    '"a',
    '1 2',
    '{}x',
    '[1,]',
    '{"a"}',
    '[01]',
    '["\\x"]',
    '["\u0001"]',
    '-',
    '{"a":1]',
    '[1}',
    ',',
    ']',
  ])('fails on %j, which is no JSON', (text) => {
    expect(() => filter(text, { ...results, keep: only() })).toThrow(JsonStreamError)
    expect(() => filter(text, { ...results, keep: only() }, everyByte(text))).toThrow(JsonStreamError)
  })

  it('holds back no more than its bound, and passes before the end', () => {
    const arrayFilter = createArrayFilter({ ...results, keep: only(1), maxHeldBytes: 1_000 })
    const text = (pieces: readonly Buffer[]): string => Buffer.concat(pieces).toString()
    expect(text(arrayFilter.write(Buffer.from('{"x":1,"data":{"results":[{"id":1,')))).toBe(
      '{"x":1,"data":{"results":[',
    )
    expect(text(arrayFilter.write(Buffer.from('"a":1},{"id":')))).toBe('{"id":1,"a":1}')
    expect(text(arrayFilter.write(Buffer.from('1}')))).toBe(',{"id":1}')
    expect(() => arrayFilter.write(Buffer.from(`,{"name":"${'x'.repeat(1_000)}`))).toThrow(JsonStreamError)
  })

  it('does not overflow on nesting, and bounds it', () => {
    const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
    const options = { path: ['none'], by: [], keep: only() }
    expect(() => filter(nested(100_000), options)).toThrow(JsonStreamError)
    expect(filter(`{"x":${nested(999)}}`, options)).toBe(`{"x":${nested(999)}}`)
    expect(() => filter(`{"x":${nested(1_000)}}`, options)).toThrow(JsonStreamError)
  })
})

describe('createArrayFilter, at any chunk borders', () => {
  const cuts = fc.array(fc.nat(10_000), { maxLength: 12 })

  it('drops exactly what is refused and changes no other value', () => {
    const element = fc.oneof(
      fc.record({
        name: fc.string({ unit: 'grapheme' }),
        id: fc.integer({ min: 1, max: 4 }),
        more: fc.jsonValue({ maxDepth: 2 }),
      }),
      fc.record({ more: fc.jsonValue({ maxDepth: 1 }), id: fc.integer({ min: 1, max: 4 }) }, { requiredKeys: [] }),
      fc.jsonValue({ maxDepth: 1 }),
    )
    const answers = fc.record({
      before: fc.jsonValue({ maxDepth: 3 }),
      data: fc.record({ query: fc.string(), results: fc.array(element), total: fc.nat() }),
      after: fc.jsonValue({ maxDepth: 3 }),
    })
    const idOf = (item: unknown): unknown =>
      typeof item === 'object' && item !== null && !Array.isArray(item) && Object.hasOwn(item, 'id')
        ? (item as { id: unknown }).id
        : undefined
    fc.assert(
      fc.property(
        answers,
        fc.subarray([1, 2, 3, 4]),
        fc.constantFrom(0, 1, 3),
        cuts,
        (answer, granted, indent, places) => {
          const text = JSON.stringify(answer, undefined, indent)
          const parsed = JSON.parse(text) as typeof answer
          const out = filter(text, { ...results, keep: only(...granted) }, places)
          expect(JSON.parse(out)).toEqual({
            ...parsed,
            data: {
              ...parsed.data,
              results: parsed.data.results.filter((item) => granted.includes(idOf(item) as number)),
            },
          })
          expect(filter(text, { ...results, keep: () => true }, places)).toBe(text)
          // What is left is left as it was: the same text comes out when nothing more is to be dropped.
          expect(filter(out, { ...results, keep: only(...granted) })).toBe(out)
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('takes what JSON.parse takes and fails where it fails', () => {
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
      fc.property(texts, cuts, (text, places) => {
        const options = { path: ['a path that is nowhere'], by: [], keep: only() }
        let out: string | undefined
        try {
          out = filter(text, options, places)
        } catch (error) {
          // The root is on the way to every path, and an array is not what was meant there.
          if (error instanceof Error && error.message.startsWith('something else')) return
          expect(error).toBeInstanceOf(JsonStreamError)
        }
        let parses = true
        try {
          JSON.parse(text)
        } catch {
          parses = false
        }
        expect(out).toBe(parses ? text : undefined)
      }),
      { numRuns: 20_000 },
    )
  })

  it('answers any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        try {
          const arrayFilter = createArrayFilter({ path: [], by: [], keep: () => true })
          const out = [...arrayFilter.write(Buffer.from(bytes)), ...arrayFilter.end()]
          expect(Buffer.concat(out)).toEqual(Buffer.from(bytes))
        } catch (error) {
          expect(error).toBeInstanceOf(JsonStreamError)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
