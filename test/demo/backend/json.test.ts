import { describe, expect, it } from 'vitest'
import { goJson, goMap, jsonb, jsonbText } from '../../../src/demo/backend/json.ts'

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
