import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseContentType } from '../../src/scope/content-type.ts'

const json = { kind: 'type', essence: 'application/json', charset: undefined, boundary: undefined, others: [] }

describe('parseContentType', () => {
  it.each([
    ['C02', undefined, { kind: 'absent' }],
    ['C05', 'application/json', json],
    ['C05', 'Application/JSON', json],
    ['C05', 'application/json;', json],
    ['C05', 'application/json ; ;', json],
    ['C05', 'application/json ;charset=utf-8', { ...json, charset: 'utf-8' }],
    ['C01', 'application/json; charset=UTF-8', { ...json, charset: 'utf-8' }],
    ['C01', 'application/json; Charset="utf-8"', { ...json, charset: 'utf-8' }],
    ['C01', 'application/json; charset="u\\tf-8"', { ...json, charset: 'utf-8' }],
    ['C01', 'application/json; charset=utf-7', { ...json, charset: 'utf-7' }],
    ['C05', 'application/vnd.api+json', { ...json, essence: 'application/vnd.api+json' }],
    ['C05', 'text/json; v=1; Q="a;b=c"', { ...json, essence: 'text/json', others: ['v', 'q'] }],
    ['C07', 'multipart/form-data; boundary=aB', { ...json, essence: 'multipart/form-data', boundary: 'aB' }],
    ['C07', 'multipart/form-data; boundary="a b "', { ...json, essence: 'multipart/form-data', boundary: 'a b ' }],
  ])('%s takes %j', (_id, value, expected) => {
    expect(parseContentType(value)).toEqual(expected)
  })

  it.each([
    ['C05', 'application/json\ta'],
    ['C05', ' application/json'],
    ['C05', 'application/json '],
    ['C05', 'application/json, text/plain'],
    ['C05', 'application/json garbage'],
    ['C05', 'application/json/x'],
    ['C05', 'application/json;charset'],
    ['C05', 'application/json;charset='],
    ['C05', 'application/json;charset =utf-8'],
    ['C05', 'application/json;charset= utf-8'],
    ['C05', 'application/json;charset=utf-8,'],
    ['C05', 'application/json;charset="utf-8'],
    ['C05', 'application/json;charset="utf-8"x'],
    ['C05', 'application/json;charset=utf-8\0'],
    ['C05', 'application/json;a="\n"'],
    ['C05', 'application'],
    ['C05', '/json'],
    ['C05', ''],
    ['C05', 'application/jsön'],
    ['C06', 'application/json, application/json'],
    ['C01', 'application/json; charset=utf-8; charset=utf-16'],
    ['C01', 'application/json; charset=utf-8; CHARSET=utf-8'],
    ['C07', 'multipart/form-data; boundary=a; boundary=b'],
    ['C05', `application/json; a=${'b'.repeat(2000)}`],
  ])('%s refuses %j', (_id, value) => {
    expect(parseContentType(value)).toEqual({ kind: 'malformed' })
  })

  it('reads back every parameter that is written by the rules of RFC 9110', () => {
    const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9a-z-]{1,20}$/)
    const written = fc.oneof(
      token.map((text) => [text, text] as const),
      fc.stringMatching(/^[\x20-\x7e]{0,20}$/).map((text) => [text, `"${text.replaceAll(/["\\]/g, '\\$&')}"`] as const),
    )
    fc.assert(
      fc.property(
        token,
        token,
        written,
        fc.constantFrom(';', '; ', ' ;\t'),
        (type, subtype, [value, text], separator) => {
          expect(parseContentType(`${type}/${subtype}${separator}boundary=${text}`)).toEqual({
            ...json,
            essence: `${type}/${subtype}`,
            boundary: value,
          })
        },
      ),
    )
  })

  it('answers anything, and soon', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseContentType(text)))
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseContentType(`a/b;c=${text}`)))
    expect(parseContentType(`a/b${' ;'.repeat(500)}"`)).toEqual({ kind: 'malformed' })
  })
})
