/** The small readers and writers of text: JSON, CSV, forms, times, the credential, search. */
import { describe, expect, it } from 'vitest'
import { refusedBecause } from '../../../src/demo/backend/credential.ts'
import { csvRow, parseCsv } from '../../../src/demo/backend/csv.ts'
import { parseMultipart, parseValues } from '../../../src/demo/backend/form.ts'
import { goJson, goMap, jsonb, jsonbText } from '../../../src/demo/backend/json.ts'
import { matchesFullText, searchPattern } from '../../../src/demo/backend/text-search.ts'
import { goText, goTime, pgTime, rfc3339 } from '../../../src/demo/backend/time.ts'

describe('JSON', () => {
  it('is escaped as Go escapes it', () => {
    expect(goJson({ a: '<&>\u2028' })).toBe(String.raw`{"a":"\u003c\u0026\u003e\u2028"}`)
  })

  it('orders keys by bytes for Go and by length for PostgreSQL', () => {
    const value = { name: { zz: 1, b: 2 }, a: [{ cc: 1, d: 2 }] }

    expect(JSON.stringify(goMap(value))).toBe('{"a":[{"cc":1,"d":2}],"name":{"b":2,"zz":1}}')
    expect(JSON.stringify(jsonb(value))).toBe('{"a":[{"d":2,"cc":1}],"name":{"b":2,"zz":1}}')
    expect(jsonbText(value)).toBe('{"a": [{"d": 2, "cc": 1}], "name": {"b": 2, "zz": 1}}')
  })
})

describe('CSV', () => {
  it('quotes only what must be quoted', () => {
    expect(csvRow(['a', 'b,c', 'say "x"', ' lead', ''])).toBe('a,"b,c","say ""x"""," lead",\n')
  })

  it('reads quoted line feeds, doubled quotes and an empty last field, and skips empty lines', () => {
    expect(parseCsv('a,b\r\n"x\ny","say ""z"""\n\nc,', ',')).toEqual([
      ['a', 'b'],
      ['x\ny', 'say "z"'],
      ['c', ''],
    ])
  })
})

describe('parseValues', () => {
  it('drops pairs with a semicolon or a bad escape, and reads plus as a space', () => {
    expect([...parseValues('a=1&a=%C3%BC+x&b=1;c=2&d=%zz&e&=f')]).toEqual([
      ['a', ['1', 'ü x']],
      ['e', ['']],
      ['', ['f']],
    ])
  })

  it('reads nothing at all where there are more than ten thousand', () => {
    expect(parseValues('a&'.repeat(9_999) + 'b=1').size).toBe(2)
    expect(parseValues('a&'.repeat(10_000) + 'b=1').size).toBe(0)
  })
})

describe('parseMultipart', () => {
  it('reads fields and files with every byte', () => {
    const body = Buffer.from(
      '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n2\r\n--x\r\nContent-Disposition: form-data; name="f"; filename="b.bin"\r\n\r\n\u00ff\u0000\r\n--x--\r\n',
      'latin1',
    )

    expect(parseMultipart('multipart/form-data; boundary=x', body)).toEqual([
      { name: 'a', filename: undefined, content: Buffer.from('1\r\n2') },
      { name: 'f', filename: 'b.bin', content: Buffer.from([0xff, 0]) },
    ])
    expect(parseMultipart('multipart/form-data', body)).toBeUndefined()
  })
})

describe('times', () => {
  it('cuts zeros at the end and writes UTC in each way', () => {
    const whole = pgTime(Date.UTC(2026, 2, 2, 10, 0, 0))

    expect([whole, pgTime(Date.UTC(2026, 2, 2, 10, 0, 0, 120))]).toEqual([
      '2026-03-02T10:00:00+00:00',
      '2026-03-02T10:00:00.12+00:00',
    ])
    expect([goTime(whole), goText(whole)]).toEqual(['2026-03-02T10:00:00Z', '2026-03-02 10:00:00 +0000 UTC'])
  })

  it('reads RFC 3339 only', () => {
    expect(['2026-03-02T10:00:00+05:30', '2026-03-02', '2026-13-02T10:00:00Z'].map(rfc3339)).toEqual([
      Date.UTC(2026, 2, 2, 4, 30),
      undefined,
      undefined,
    ])
  })
})

describe('refusedBecause', () => {
  const credential = { user: 'super', secret: 'a:b' }
  const basic = Buffer.from('super:a:b').toString('base64')

  it.each([
    ['token super:a:b', undefined],
    ['tokensuper:a:b', undefined],
    [`Basic ${basic}`, undefined],
    [undefined, 'invalid session'],
    ['  ', 'invalid session'],
    ['token super:a', 'invalid API credentials'],
    ['token Super:a:b', 'invalid API credentials'],
    ['Token super:a:b', 'code=400, message=unknown Authorization scheme'],
    [`Basic ${basic}=`, 'code=400, message=invalid Base64 value in Basic Authorization header'],
    ['token super', 'code=400, message=api_key:token missing'],
    ['token super:', 'code=400, message=empty `api_key` or `token`'],
  ])('says of `%s`: %s', (authorization, expected) => {
    expect(refusedBecause({ authorization, cookie: undefined }, credential)).toBe(expected)
  })
})

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
