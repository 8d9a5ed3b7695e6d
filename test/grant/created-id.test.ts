import { describe, expect, it } from 'vitest'
import { createdId } from '../../src/grant/created-id.ts'

describe('createdId', () => {
  it.each([
    ['{"data":{"id":12}}', 'data.id', 12],
    ['{"id":1}', 'id', 1],
    [' {"data" : {"name":"x", "id" : 2147483647} } ', 'data.id', 2147483647],
    ['{"data":{"\\u0069d":12}}', 'data.id', 12],
    ['{"data":{"id":12},"id":3}', 'data.id', 12],
  ])('reads %s at %s', (text, path, id) => {
    expect(createdId(Buffer.from(text), path)).toBe(id)
  })

  it.each([
    [''],
    ['{}'],
    ['null'],
    ['{"data":null}'],
    ['{"data":[{"id":3}]}'],
    ['{"data":{"id":null}}'],
    ['{"data":{"id":"3"}}'],
    ['{"data":{"id":[3]}}'],
    ['{"data":{"id":0}}'],
    ['{"data":{"id":-3}}'],
    ['{"data":{"id":3.5}}'],
    ['{"data":{"id":3e0}}'],
    ['{"data":{"id":2147483648}}'],
    ['{"data":{"id":3,"id":4}}'],
    ['{"data":{"id":3}}{"data":{"id":4}}'],
    ['{"data":{"id":3}'],
    ['\ufeff{"data":{"id":3}}'],
    ['{"data":{"ID":3}}'],
  ])('reads nothing in %j', (text) => {
    expect(createdId(Buffer.from(text), 'data.id')).toBe(undefined)
  })

  it('reads nothing inherited', () => {
    expect(createdId(Buffer.from('{"data":{}}'), 'data.constructor.length')).toBe(undefined)
  })
})
