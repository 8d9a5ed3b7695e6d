import { describe, expect, it } from 'vitest'
import { bindBody } from '../../../src/demo/backend/bind.ts'

const shape = { lists: 'ints', name: 'string', attribs: 'map', all: 'bool' } as const

function bind(body: string, contentType = 'application/json'): unknown {
  try {
    return bindBody({ contentType, body: Buffer.from(body), parts: [], hasBody: true }, shape, ['name'])
  } catch (error) {
    return (error as Error).message
  }
}

describe('bindBody', () => {
  it.each([
    ['takes known fields and ignores the rest', '{"lists":[1,null],"x":1}', { lists: [1, 0] }],
    ['folds case, long s included', '{"li\u017fts":[1],"LISTS":[2]}', { lists: [2] }],
    [
      'merges maps that repeat, and null empties',
      '{"attribs":{"a":1},"attribs":{"b":2},"lists":null}',
      { attribs: { a: 1, b: 2 }, lists: null },
    ],
    ['lets null leave scalars alone', '{"name":null,"all":null}', {}],
    ['reads the first value only', '{"name":"a"} rubbish', { name: 'a' }],
    [
      'decodes escapes, pairs and lone surrogates',
      String.raw`{"name":"\u00fc\ud83d\ude00\ud800\n"}`,
      { name: 'ü😀\ufffd\n' },
    ],
  ])('%s', (_what, body, expected) => {
    expect(bind(body)).toEqual(expected)
  })

  it.each([
    ['{"lists":["3"]}', 'Unmarshal type error: expected=int, got=string, field=lists, offset=13'],
    ['{"lists":[1.0]}', 'Unmarshal type error: expected=int, got=number 1.0, field=lists, offset=13'],
    ['{"lists":3}', 'Unmarshal type error: expected=[]int, got=number, field=lists, offset=10'],
    ['{"lists":[true]}', 'Unmarshal type error: expected=int, got=bool, field=lists, offset=14'],
    ['{"name":"ü","all":1}', 'Unmarshal type error: expected=bool, got=number, field=all, offset=20'],
    ['', 'EOF'],
    ['{"name"', 'unexpected EOF'],
    ['{name', `Syntax error: offset=2, error=invalid character 'n' looking for beginning of object key string`],
    ['{"a" 1}', `Syntax error: offset=6, error=invalid character '1' after object key`],
    ['[1 2]', `Syntax error: offset=4, error=invalid character '2' after array element`],
    ['trux', `Syntax error: offset=4, error=invalid character 'x' in literal true (expecting 'e')`],
  ])('says of %s what Go says', (body, expected) => {
    expect(bind(body)).toBe(expected)
  })

  it('fills a struct from XML with any root, as the framework does', () => {
    expect(bind('<r><All>true</All><Lists>3</Lists><Lists>4</Lists></r>', 'application/xml')).toEqual({
      all: true,
      lists: [3, 4],
    })
  })

  it('takes from forms only the fields that have a form name', () => {
    expect(bind('NAME=A+B&lists=3', 'application/x-www-form-urlencoded')).toEqual({ name: 'A B' })
  })

  it.each(['text/plain', 'Application/JSON', ''])('refuses the type `%s`', (type) => {
    expect(bind('{}', type)).toBe('Unsupported Media Type')
  })
})
