import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonAtPath, type PathReading } from '../../src/model/json-at-path.ts'

function read(text: string, path: readonly string[], places: readonly number[] = []): PathReading {
  const reader = jsonAtPath(path)
  const bytes = Buffer.from(text)
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  let from = 0
  for (const end of ends) {
    reader.write(Buffer.from(bytes.subarray(from, end)))
    from = end
  }
  return reader.end()
}

const ids = ['data', 'lists', '[]', 'id']

describe('jsonAtPath', () => {
  it.each([
    [
      '{"data":{"lists":[{"id":3,"name":"x"},{"name":"y","id":4}],"x":[1]},"y":{"data":1}}',
      { data: { lists: [{ id: 3 }, { id: 4 }] } },
    ],
    ['{"d\\u0061ta":{"lists":[{"\\u0069d":3}]}}', { data: { lists: [{ id: 3 }] } }],
    ['{"data":{"lists":[null,3,{},[{"id":3}]]}}', { data: { lists: [null, 3, {}, []] } }],
    ['{"data":{"lists":null}}', { data: { lists: null } }],
    ['{"data":{"lists":{"id":3,"[]":{"id":3}}}}', { data: { lists: {} } }],
    ['{"data":[{"lists":[{"id":3}]}]}', { data: [] }],
    [
      '{"data":{"lists":[{"id":3.0},{"id":"3"},{"id":true},{"id":{"id":3}},{"id":-3}]}}',
      { data: { lists: [{ id: '3.0' }, { id: '"3"' }, { id: 'true' }, { id: {} }, { id: '-3' }] } },
    ],
    ['7', 7],
  ])('of %s keeps what the path leads through', (text, value) => {
    expect(read(text, ids)).toEqual({ kind: 'value', value })
  })

  it.each(['{"data":{"lists":[]},"data":{}}', '{"data":{"lists":[{"id":3,"\\u0069d":4}]}}'])(
    'does not read %s, where a key stands twice',
    (text) => {
      expect(read(text, ids)).toEqual({ kind: 'invalid', why: 'a key stands twice' })
    },
  )

  it.each(['', '{', '{"data":{}', '<html>', '{}{}'])('does not read %j, which is no JSON', (text) => {
    expect(read(text, ids).kind).toBe('invalid')
  })

  it('reads the same at any chunk borders', () => {
    const item = fc.record({ id: fc.integer({ min: 1, max: 9 }), x: fc.jsonValue() }, { requiredKeys: [] })
    const document = fc.record({
      a: fc.jsonValue(),
      data: fc.record({ x: fc.jsonValue(), lists: fc.array(item) }),
      z: fc.jsonValue(),
    })
    fc.assert(
      fc.property(document, fc.array(fc.nat(1_000), { maxLength: 8 }), (value, places) => {
        const found = read(JSON.stringify(value), ids, places)
        const wanted = value.data.lists.map(({ id }) => (id === undefined ? {} : { id }))
        expect(found).toEqual({ kind: 'value', value: { data: { lists: wanted } } })
      }),
    )
  })
})
