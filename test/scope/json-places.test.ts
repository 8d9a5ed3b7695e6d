import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type JsonObject, parseJson, writeJson } from '../../src/model/json.ts'
import { readIds, readNames, readText, writeIds } from '../../src/scope/json-places.ts'

function body(text: string): JsonObject {
  const reading = parseJson(Buffer.from(text))
  if (reading.kind === 'invalid') throw new Error(reading.why)
  return reading.value as JsonObject
}

const lists = (...ids: number[]) => ({ kind: 'lists', ids })
const unreadable = { kind: 'unreadable', why: expect.any(String) as string }

describe('readIds', () => {
  it.each([
    ['{}', 'lists', { kind: 'absent' }],
    ['{"lists":null}', 'lists', { kind: 'absent' }],
    ['{"lists":[]}', 'lists', { kind: 'empty' }],
    ['{"lists":[3,4,3]}', 'lists', lists(3, 4)],
    ['{"lists":3}', 'lists', lists(3)],
    ['{"lists":[2147483647]}', 'lists', lists(2147483647)],
    ['{"data":{"lists":[3]}}', 'data.lists', lists(3)],
    ['{"data":{}}', 'data.lists', { kind: 'absent' }],
    ['{"data":null}', 'data.lists', { kind: 'absent' }],
    ['{}', 'data.lists', { kind: 'absent' }],
    ['{"lists":[{"id":3},{"id":4}]}', 'lists[].id', lists(3, 4)],
    ['{"lists":[]}', 'lists[].id', { kind: 'empty' }],
    ['{"lists":null}', 'lists[].id', { kind: 'absent' }],
    ['{"lists":[3]}', 'lists[]', lists(3)],
    ['{"a":[{"b":[{"c":1}]},{"b":[{"c":2},{"c":1}]}]}', 'a[].b[].c', lists(1, 2)],
    ['{"a":[{"b":[1,2]},{"b":[]}]}', 'a[].b', lists(1, 2)],
  ])('reads %s at %s', (text, path, expected) => {
    expect(readIds(body(text), path)).toEqual(expected)
  })

  it.each([
    ['J07', '{"lists":[1.0]}', 'lists'],
    ['J07', '{"lists":[1e0]}', 'lists'],
    ['J07', '{"lists":[10e-1]}', 'lists'],
    ['J07', '{"lists":[-0]}', 'lists'],
    ['J06', '{"lists":[2147483648]}', 'lists'],
    ['J08', '{"lists":["3"]}', 'lists'],
    ['J08', '{"lists":"3"}', 'lists'],
    ['J08', '{"lists":[[3]]}', 'lists'],
    ['J08', '{"lists":[true]}', 'lists'],
    ['J08', '{"lists":{"$gt":0}}', 'lists'],
    ['J08', '{"lists":{"0":3}}', 'lists'],
    ['J08', '{"lists":[0]}', 'lists'],
    ['J08', '{"lists":[-1]}', 'lists'],
    ['J09', '{"lists":[null]}', 'lists'],
    ['J09', '{"lists":[3,null]}', 'lists'],
    ['J08', '{"data":[{"lists":[3]}]}', 'data.lists'],
    ['J08', '{"data":"x"}', 'data.lists'],
    ['J08', '{"data":1.5}', 'data.rawJSON'],
    ['J08', '{"lists":{"id":3}}', 'lists[].id'],
    ['J08', '{"lists":[3]}', 'lists[].id'],
    ['J09', '{"lists":[{"id":3},{}]}', 'lists[].id'],
    ['J09', '{"lists":[{"id":null}]}', 'lists[].id'],
    ['J09', '{"lists":[null]}', 'lists[].id'],
    ['J08', '{"lists":3}', 'lists[]'],
  ])('%s does not read %s at %s', (_id, text, path) => {
    expect(readIds(body(text), path)).toEqual(unreadable)
  })

  it('J21 does not read more than 10,000 ids', () => {
    const ids = Array.from({ length: 10_001 }, (_, index) => index + 1)
    expect(readIds({ lists: ids.slice(1) }, 'lists').kind).toBe('lists')
    expect(readIds({ lists: ids }, 'lists')).toEqual({ kind: 'unreadable', why: '`lists` holds more than 10000 ids' })
  })
})

describe('readNames', () => {
  it.each([
    ['{}', []],
    ['{"headers":null}', []],
    ['{"headers":[]}', []],
    ['{"headers":{"Bcc":"a","X":1}}', ['Bcc', 'X']],
    ['{"headers":[{"X":"a"},null,{"bcc":"b","x":"c"}]}', ['X', 'bcc', 'x']],
  ])('finds the names in %s', (text, texts) => {
    expect(readNames(body(text), 'headers')).toEqual({ kind: 'texts', texts })
  })

  it.each(['{"headers":"Bcc"}', '{"headers":["Bcc"]}', '{"headers":[[1]]}'])('does not read %s', (text) => {
    expect(readNames(body(text), 'headers')).toEqual({ kind: 'unreadable' })
  })
})

describe('readText', () => {
  it.each([
    ['{}', 'mode', []],
    ['{"mode":null}', 'mode', []],
    ['{"mode":"blocklist"}', 'mode', ['blocklist']],
    ['{"mode":""}', 'mode', ['']],
    ['{"mode":true}', 'mode', ['true']],
    ['{"mode":0}', 'mode', ['0']],
    ['{"mode":-0}', 'mode', ['0']],
    ['{"mode":1.0}', 'mode', ['1']],
    ['{"mode":10e-1}', 'mode', ['1']],
    ['{"mode":0.50}', 'mode', ['0.5']],
    ['{"mode":["a",1,null]}', 'mode', ['a', '1']],
    ['{"mode":[]}', 'mode', []],
    ['{"a":{"mode":"x"}}', 'a.mode', ['x']],
    ['{"a":[{"mode":"x"},{}]}', 'a[].mode', ['x']],
  ])('reads %s at %s', (text, path, texts) => {
    expect(readText(body(text), path)).toEqual({ kind: 'texts', texts })
  })

  it.each([
    ['{"mode":{}}', 'mode'],
    ['{"mode":[["a"]]}', 'mode'],
    ['{"mode":[{"a":1}]}', 'mode'],
    ['{"a":"x"}', 'a.mode'],
    ['{"a":{"mode":1}}', 'a[].mode'],
  ])('does not read %s at %s', (text, path) => {
    expect(readText(body(text), path)).toEqual({ kind: 'unreadable' })
  })
})

describe('writeIds', () => {
  it.each([
    ['{"a":1,"lists":[3,4],"z":1.0}', 'lists', [3], '{"a":1,"lists":[3],"z":1.0}'],
    ['{"a":1}', 'lists', [3, 4], '{"a":1,"lists":[3,4]}'],
    ['{"lists":null}', 'lists', [3], '{"lists":[3]}'],
    ['{"lists":[]}', 'lists', [-1], '{"lists":[-1]}'],
    ['{"list":3}', 'list', [3], '{"list":3}'],
    ['{}', 'data.lists', [3], '{"data":{"lists":[3]}}'],
    ['{"data":{"x":1,"lists":[3,4]}}', 'data.lists', [4], '{"data":{"x":1,"lists":[4]}}'],
    ['{"lists":[{"id":3,"n":"a"},{"id":4,"n":"b"}]}', 'lists[].id', [4], '{"lists":[{"id":4,"n":"b"}]}'],
    ['{"lists":[]}', 'lists[].id', [3, 4], '{"lists":[{"id":3},{"id":4}]}'],
    ['{}', 'lists[].id', [3], '{"lists":[{"id":3}]}'],
    ['{"lists":[3,4]}', 'lists[]', [4], '{"lists":[4]}'],
    ['{"a":[{"b":[1,2],"k":0},{"b":[3]},{"b":[2]}]}', 'a[].b', [2], '{"a":[{"b":[2],"k":0},{"b":[2]}]}'],
  ])('writes into %s at %s the lists %j', (text, path, ids, expected) => {
    const before = body(text)
    expect(writeJson(writeIds(before, path, ids)).toString()).toBe(expected)
    expect(writeJson(before).toString()).toBe(text)
  })

  it('leaves exactly those ids to be read, whatever the body was', () => {
    const id = fc.integer({ min: 1, max: 9 })
    const ids = fc.uniqueArray(id, { minLength: 1 })
    const bodies = fc.oneof(
      fc.record({ lists: fc.oneof(ids, fc.constant(null), id, fc.constant([])) }, { requiredKeys: [] }),
      fc.record({ lists: fc.array(fc.record({ id, name: fc.string() })) }, { requiredKeys: [] }),
      fc.record({ lists: fc.array(fc.record({ id: ids })) }),
    )
    fc.assert(
      fc.property(bodies, ids, fc.constantFrom('lists', 'lists[].id'), (before, granted, path) => {
        const named = readIds(before as JsonObject, path)
        if (named.kind === 'unreadable') return
        // As `decide` does: the granted ones of those that are named, or all of the caller's own where none is.
        const left: number[] = named.kind === 'lists' ? named.ids.filter((each) => granted.includes(each)) : granted
        if (left.length === 0) return
        const after = readIds(writeIds(before as JsonObject, path, left), path)
        expect(after.kind === 'lists' ? new Set<number>(after.ids) : after).toEqual(new Set(left))
      }),
      { numRuns: 1_000 },
    )
  })
})
