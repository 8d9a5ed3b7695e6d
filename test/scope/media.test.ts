import { describe, expect, it } from 'vitest'
import type { BodyShape } from '../../src/policy/body-shape.ts'
import { judgeMedia } from '../../src/scope/media.ts'

const json: BodyShape = {
  kind: 'json',
  fields: undefined,
  strip: new Set(),
  most: new Map(),
  optional: false,
  maxBytes: 10,
  parted: undefined,
}
const multipart: BodyShape = { kind: 'multipart', parts: new Map(), maxBytes: 10 }
const parted: BodyShape = {
  ...json,
  parted: { json: 'data', shape: { kind: 'multipart', parts: new Map(), maxBytes: 20 } },
}
const form: BodyShape = { kind: 'form', fields: new Map(), optional: false, maxBytes: 10 }
const images: BodyShape = { kind: 'stream', types: ['text/csv', 'multipart/form-data'] }
const anything: BodyShape = { kind: 'stream', types: 'any' }

const taken = (contentType: string | undefined, boundary?: string) => ({ kind: 'taken', contentType, boundary })

describe('judgeMedia', () => {
  it.each([
    ['C05', json, 'application/json', taken('application/json')],
    // Backends compare it by case: one spelling is sent on.
    ['C05', json, 'Application/JSON; charset=UTF-8', taken('application/json')],
    [
      'C07',
      multipart,
      'multipart/form-data; boundary=----WebKitFormBoundaryAb1',
      taken('multipart/form-data; boundary=----WebKitFormBoundaryAb1', '----WebKitFormBoundaryAb1'),
    ],
    ['C07', multipart, 'multipart/form-data; boundary="a.b"', taken('multipart/form-data; boundary=a.b', 'a.b')],
    [
      'C07',
      multipart,
      `multipart/form-data; charset=utf-8; boundary=${'b'.repeat(70)}`,
      taken(`multipart/form-data; boundary=${'b'.repeat(70)}`, 'b'.repeat(70)),
    ],
    ['C03', parted, 'application/json', taken('application/json')],
    ['C03', parted, 'multipart/form-data; boundary=x', taken('multipart/form-data; boundary=x', 'x')],
    [
      'C03',
      form,
      'application/x-www-form-urlencoded; charset=UTF-8',
      taken('application/x-www-form-urlencoded; charset=utf-8'),
    ],
    ['C03', images, 'Text/CSV', taken('text/csv')],
    ['C03', images, 'text/csv; charset=utf-8', taken('text/csv; charset=utf-8')],
    ['C03', images, 'multipart/form-data; boundary=x', taken('multipart/form-data; boundary=x', 'x')],
    ['C03', anything, 'anything at all', taken(undefined)],
    ['C02', anything, undefined, taken(undefined)],
  ] as const)('%s takes %j with %s', (_id, shape, contentType, expected) => {
    expect(judgeMedia(shape, contentType, undefined)).toEqual(expected)
    expect(judgeMedia(shape, contentType, 'Identity')).toEqual(expected)
  })

  it.each([
    ['C01', json, 'application/json; charset=utf-7'],
    ['C01', json, 'application/json; charset=utf-16'],
    ['C01', json, 'application/json; charset=latin1'],
    ['C02', json, undefined],
    ['C03', json, 'application/x-www-form-urlencoded'],
    ['C03', form, 'application/json'],
    ['C03', parted, 'application/x-www-form-urlencoded'],
    ['C03', form, 'multipart/form-data; boundary=x'],
    ['C03', json, 'multipart/form-data; boundary=x'],
    ['C03', json, 'application/xml'],
    ['C03', json, 'text/xml'],
    ['C03', images, 'text/xml'],
    ['C05', json, 'application/json, text/plain'],
    ['C05', json, 'application/json; version=1'],
    ['C05', json, 'application/json; boundary=x'],
    ['C05', json, 'application/vnd.api+json'],
    ['C05', json, 'text/json'],
    ['C07', multipart, 'multipart/form-data'],
    ['C07', multipart, 'multipart/form-data; boundary=""'],
    ['C07', multipart, 'multipart/form-data; boundary="a "'],
    ['C07', multipart, 'multipart/form-data; boundary="a=b"'],
    ['C07', multipart, `multipart/form-data; boundary=${'b'.repeat(71)}`],
    ['C07', multipart, 'multipart/form-data; charset=utf-16; boundary=x'],
    ['C07', multipart, 'multipart/mixed; boundary=x'],
  ] as const)('%s refuses for %j the type %s', (_id, shape, contentType) => {
    expect(judgeMedia(shape, contentType, undefined).kind).toBe('unsupported')
  })

  it.each(['gzip', 'br', 'deflate', 'gzip, gzip', 'x-gzip', 'identity, gzip', ''])(
    'C09 refuses the coding %j',
    (coding) => {
      expect(judgeMedia(json, 'application/json', coding).kind).toBe('unsupported')
      expect(judgeMedia(images, 'text/csv', coding).kind).toBe('unsupported')
    },
  )

  it('says what the endpoint takes', () => {
    expect(judgeMedia(images, undefined, undefined)).toEqual({
      kind: 'unsupported',
      why: 'the content type is missing; this endpoint takes text/csv, multipart/form-data',
    })
  })
})
