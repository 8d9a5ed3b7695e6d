import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  foldKey,
  foldsTo,
  isArray,
  isObject,
  isRawNumber,
  type Json,
  type JsonObject,
  type JsonReading,
  parseJson,
  showKey,
  writeJson,
} from '../../src/model/json.ts'

const read = (text: string): JsonReading => parseJson(Buffer.from(text))
const invalid = (why: string, at: number): JsonReading => ({ kind: 'invalid', why, at })

function valueOf(input: string | Buffer): Json {
  const reading = parseJson(Buffer.from(input))
  if (reading.kind === 'invalid') throw new Error(`${reading.why} at ${reading.at}`)
  return reading.value
}

/** The same value as JSON.parse would make it: kept numbers become doubles. */
function asDoubles(value: Json): unknown {
  if (isRawNumber(value)) return Number(value.rawJSON)
  if (isArray(value)) return value.map(asDoubles)
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asDoubles(inner)]))
  return value
}

describe('parseJson refuses', () => {
  it.each([
    // J01: JS keeps the last, Go merges, others keep the first
    ['J01', '{"lists":[1],"lists":[7]}', invalid('the key `lists` stands twice', 13)],
    ['J01', '{"data":{"a":1},"data":{"b":2}}', invalid('the key `data` stands twice', 16)],
    ['J01', '{"a":{"b":1,"b":1}}', invalid('the key `b` stands twice', 12)],
    ['J01', '{"1":0,"1":0}', invalid('the key `1` stands twice', 7)],
    ['J04', '{"lists":1,"li\\u0073ts":[7]}', invalid('the key `lists` stands twice', 11)],
    ['J04', '{"lists\\u0000":1}', invalid('a control character stands in a key', 1)],
    ['J04', '{"a\\tb":1}', invalid('a control character stands in a key', 1)],
    ['J06', '{"id":9007199254740992}', invalid('an integer is beyond 2^53-1', 6)],
    ['J06', '{"id":9007199254740993}', invalid('an integer is beyond 2^53-1', 6)],
    ['J06', '{"id":18446744073709551615}', invalid('an integer is beyond 2^53-1', 6)],
    ['J06', '-9007199254740992', invalid('an integer is beyond 2^53-1', 0)],
    ['J06', '9'.repeat(400), invalid('an integer is beyond 2^53-1', 0)],
    ['J07', '{"id":1E400}', invalid('a number is not finite', 6)],
    ['J07', '[-1e999]', invalid('a number is not finite', 1)],
    ['J10', '\ufeff{"a":1}', invalid('a value is expected', 0)],
    ['J13', '{"a":"\\ud800"}', invalid('a lone surrogate stands in a string', 5)],
    ['J13', '{"a":"\\udc00\\ud800"}', invalid('a lone surrogate stands in a string', 5)],
    ['J13', '{"\\ud800":1}', invalid('a lone surrogate stands in a string', 1)],
    ['J14', '{"lists":[1]}{"lists":[7]}', invalid('something follows the value', 13)],
    ['J14', '{"a":1}x', invalid('something follows the value', 7)],
    ['J14', '{"a":1}\0', invalid('something follows the value', 7)],
    ['J14', '{"é":1} 2', invalid('something follows the value', 9)],
    ['J15', '{"a":1,}', invalid('a key is expected', 7)],
    ['J15', '[1,]', invalid('a value is expected', 3)],
    ['J15', '[,1]', invalid('a value is expected', 1)],
    ['J15', '[1 2]', invalid('a comma or a close is expected', 3)],
    ['J15', '[1}', invalid('a comma or a close is expected', 2)],
    ['J15', '{"a" 1}', invalid('a colon is expected', 5)],
    ['J15', '{a:1}', invalid('a key is expected', 1)],
    ['J15', "{'a':1}", invalid('a key is expected', 1)],
    ['J15', '{1:1}', invalid('a key is expected', 1)],
    ['J15', '[1', invalid('the text ends too early', 2)],
    ['J15', '[', invalid('the text ends too early', 1)],
    ['J15', '', invalid('the text ends too early', 0)],
    ['J15', '"abc', invalid('a string does not end', 4)],
    ['J15', '"a\nb"', invalid('a control character stands in a string', 2)],
    ['J15', '"\\x41"', invalid('an escape is malformed', 1)],
    ['J15', '"\\u00g0"', invalid('an escape is malformed', 1)],
    ['J15', '"\\u12', invalid('an escape is malformed', 1)],
    ['J15', '"\\', invalid('an escape is malformed', 1)],
    ['J15', '1.', invalid('a number is malformed', 0)],
    ['J15', '1.e1', invalid('a number is malformed', 0)],
    ['J15', '1e', invalid('a number is malformed', 0)],
    ['J15', '1e+', invalid('a number is malformed', 0)],
    ['J15', '-', invalid('a value is expected', 0)],
    ['J15', '01', invalid('something follows the value', 1)],
    ['J15', '-01', invalid('something follows the value', 2)],
    ['J15', '0x1', invalid('something follows the value', 1)],
    ['J17', '{"__proto__":{"admin":true}}', invalid('the key `__proto__` is not taken', 1)],
    ['J17', '{"constructor":{"prototype":{}}}', invalid('the key `constructor` is not taken', 1)],
    ['J17', '{"a":{"prototype":1}}', invalid('the key `prototype` is not taken', 6)],
    ['J17', '{"\\u005f_proto__":1}', invalid('the key `__proto__` is not taken', 1)],
  ])('%s %j', (_id, text, expected) => {
    expect(read(text)).toEqual(expected)
  })

  it.each(
    // J15, after JSONTestSuite's n_* files
    '+1|.5|-.5|1.5.|1e1.5|NaN|Infinity|-Infinity|nan|True|tru|nul|nulll|undefined|/* */1|1//|#1|[1]]|{}}|[}|{]|]|}|,|:|"|"\\"|"\\a"|[""|[\u00a01]|\u20281|[1,,2]|{"a":1 "b":2}|{"a"}|{"a":}|{"a":1,,"b":2}|{,}|{"a":1;}|["a":1]|1,2|١|１|a|\'a\'|`a`|\\u0031|<a>|[\\n]|0e|0e+|-0x1|1_000|1 000|2.e3|0.e1|9.e+|{[: "x"}|\f1|\v1|[1\f]'.split(
      '|',
    ),
  )('J15 %j, as JSON.parse does', (text) => {
    expect(() => JSON.parse(text) as unknown).toThrow()
    expect(read(text).kind).toBe('invalid')
  })

  it.each([
    ['J12 a raw byte', Buffer.from('7b2261223a22ff227d', 'hex'), 6],
    ['J12 a truncated sequence', Buffer.from('22e282', 'hex'), 1],
    ['J12 an overlong slash', Buffer.from('22c0af22', 'hex'), 1],
    ['J13 a surrogate in UTF-8', Buffer.from('22eda08022', 'hex'), 1],
    ['J12 beyond U+10FFFF', Buffer.from('22f490808022', 'hex'), 1],
    ['J11 UTF-16 with its mark', Buffer.from('\ufeff{"a":1}', 'utf16le'), 0],
  ])('%s', (_id, bytes, at) => {
    expect(parseJson(bytes)).toEqual(invalid('the text is not UTF-8', at))
  })

  it('J11 UTF-16 without a mark', () => {
    expect(parseJson(Buffer.from('{"a":1}', 'utf16le'))).toEqual(invalid('a key is expected', 1))
  })

  it('J16 nesting beyond 32 levels, however deep', () => {
    const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
    expect(read(deep(32)).kind).toBe('value')
    expect(read(deep(33))).toEqual(invalid('more than 32 levels deep', 32))
    expect(read('['.repeat(100_000))).toEqual(invalid('more than 32 levels deep', 32))
    expect(read('{"a":'.repeat(20_000))).toEqual(invalid('more than 32 levels deep', 160))
  })

  it('J17 and leaves every object as it was', () => {
    read('{"__proto__":{"admin":true}}')
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined()
  })

  it('J21 more than 1,000 keys in an object', () => {
    const keys = (count: number): string => `{${Array.from({ length: count }, (_, index) => `"k${index}":0`).join()}}`
    expect(read(keys(1_000)).kind).toBe('value')
    expect(read(keys(1_001))).toMatchObject({ kind: 'invalid', why: 'an object has more than 1000 keys' })
    expect(read(keys(100_000))).toMatchObject({ kind: 'invalid', why: 'an object has more than 1000 keys' })
  })

  it.each([
    ['x'.repeat(256), 'value'],
    ['x'.repeat(257), 'invalid'],
    ['é'.repeat(128), 'value'],
    ['é'.repeat(129), 'invalid'],
    ['x'.repeat(1_048_576), 'invalid'],
  ])('J21 a key beyond 256 bytes (%#)', (key, kind) => {
    expect(read(JSON.stringify({ [key]: 1 })).kind).toBe(kind)
  })

  it('more values than the bound', () => {
    const items = (count: number): string => JSON.stringify(Array.from({ length: count }, () => 0))
    expect(read(items(99_999)).kind).toBe('value')
    expect(read(items(100_000))).toMatchObject({ kind: 'invalid', why: 'more than 100000 values' })
    expect(parseJson(Buffer.from('[1,2]'), { maxNodes: 2 })).toMatchObject({ why: 'more than 2 values' })
  })
})

describe('parseJson takes', () => {
  it.each([
    ['null', null],
    [' \t\r\n true ', true],
    ['false', false],
    ['0', 0],
    ['-1', -1],
    ['9007199254740991', 9007199254740991],
    ['-9007199254740991', -9007199254740991],
    ['""', ''],
    ['"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9"', '"\\/\b\f\n\r\té'],
    ['"\\ud83d\\ude00😀\u2028\x7f"', '😀😀\u2028\x7f'],
    ['"\\u0000"', '\0'],
    ['[]', []],
    ['[ ]', []],
    ['[[],[[]],{}]', [[], [[]], {}]],
    ['{"":{"b":[1,{"c":null}]}, "a" : 2}', { '': { b: [1, { c: null }] }, a: 2 }],
    ['{"toString":1,"hasOwnProperty":2,"toJSON":3}', { toString: 1, hasOwnProperty: 2, toJSON: 3 }],
    ['{"a":1,"A":2}', { a: 1, A: 2 }],
    ['{"rawJSON":"1e5"}', { rawJSON: '1e5' }],
  ])('%s', (text, value) => {
    expect(read(text)).toEqual({ kind: 'value', value })
  })

  it.each([
    '1.0',
    '1e0',
    '10e-1',
    '-0',
    '-0.0',
    '0.10',
    '1e-400',
    '1E5',
    '0.1234567890123456789',
    '9007199254740993.0',
  ])('J07 the number %s as it is written', (text) => {
    const value = valueOf(`{"n":[${text}]}`) as { n: [Json] }
    expect(isRawNumber(value.n[0])).toBe(true)
    expect(writeJson(value).toString()).toBe(`{"n":[${text}]}`)
  })

  it('objects that inherit nothing', () => {
    const value = valueOf('{"a":{}}') as JsonObject
    expect(Object.getPrototypeOf(value)).toBeNull()
    expect(value['toString']).toBeUndefined()
  })

  it('no object that only looks like a kept number for one', () => {
    const value = valueOf('{"rawJSON":"1e5"}')
    expect([isRawNumber(value), isObject(value)]).toEqual([false, true])
    expect(isObject(valueOf('1e5'))).toBe(false)
  })
})

describe('parseJson, on anything', () => {
  it('gives what JSON.parse gives, in the same order of keys, and writes what reads as the same', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(0, 1, 2), (text, indent) => {
        const spaced = JSON.stringify(JSON.parse(text), undefined, indent)
        const reading = read(spaced)
        if (reading.kind === 'invalid') return
        expect(JSON.stringify(asDoubles(reading.value))).toBe(JSON.stringify(JSON.parse(spaced)))
        expect(valueOf(writeJson(reading.value))).toEqual(reading.value)
      }),
      { numRuns: 2_000 },
    )
  })

  it('takes every value of plain keys, well-formed strings and safe integers', () => {
    const key = fc
      .stringMatching(/^[a-z_]{1,12}$/)
      .filter((name) => !['constructor', 'prototype', '__proto__'].includes(name))
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.string({ unit: 'binary' }),
        fc.maxSafeInteger(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('tree')),
        fc.dictionary(key, tie('tree')),
      ),
    }))
    fc.assert(
      fc.property(tree, (value) => {
        expect(asDoubles(valueOf(JSON.stringify(value)))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
      { numRuns: 1_000 },
    )
  })

  it('takes nothing that JSON.parse refuses, and never throws', () => {
    const token = fc.constantFrom(
      ...'{ } [ ] , : " \\ 0 1 - . e E + "a" "b" null true false \\u0041 \\ud800 \t \ufeff é 1.0 -0 9007199254740993 "__proto__"'.split(
        ' ',
      ),
      ' ',
    )
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), (parts) => {
        const text = parts.join('')
        const reading = read(text)
        if (reading.kind === 'invalid') {
          expect(reading.at).toBeLessThanOrEqual(Buffer.byteLength(text))
          return
        }
        expect(asDoubles(reading.value)).toEqual(JSON.parse(text))
      }),
      { numRuns: 20_000 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const reading = parseJson(Buffer.from(bytes))
        expect(['value', 'invalid']).toContain(reading.kind)
      }),
      { numRuns: 5_000 },
    )
  })

  it('refuses what JSON.parse takes only for a stated reason', () => {
    const stated = /stands twice|is not taken|lone surrogate|beyond 2\^53|not finite|in a key|levels deep|longer than/
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary', maxDepth: 4 }), (text) => {
        const reading = read(text)
        if (reading.kind === 'invalid') expect(reading.why).toMatch(stated)
      }),
      { numRuns: 2_000 },
    )
  })

  it('sees every bit that is flipped in the same way as JSON.parse', () => {
    const bytes = Buffer.from(
      '{"lists":[1,2.5e3,-0],"name":"a\\u00e9\\n","on":true,"off":false,"none":null,"o":{"k":[]}}',
    )
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Buffer.from(bytes)
        flipped[at] = (bytes[at] ?? 0) ^ (1 << bit)
        const reading = parseJson(flipped)
        if (reading.kind === 'value') expect(asDoubles(reading.value)).toEqual(JSON.parse(flipped.toString()))
      }
    }
  })
})

describe('foldKey', () => {
  it.each([
    ['LISTS', 'lists'],
    ['li\u017fts', 'lists'],
    ['\u212aey', 'key'],
    ['List_ID[0]', 'list_id[0]'],
    ['ÉİI', 'Éİi'],
  ])('J02 J03 folds %s to %s', (key, folded) => {
    expect(foldKey(key)).toBe(folded)
  })

  it('J02 tells a name from its other spellings', () => {
    expect(['lists', 'Lists', 'li\u017fTs', 'list'].map((key) => foldsTo('lists', key))).toEqual([
      false,
      true,
      true,
      false,
    ])
  })
})

describe('showKey', () => {
  it('shows nothing but printable ASCII, and not much of it', () => {
    expect(showKey('a\u202eb`c\n')).toBe('`a\\u202eb\\u0060c\\u000a`')
    expect(showKey('x'.repeat(200))).toBe(`\`${'x'.repeat(64)}…\``)
  })
})
