import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/model/failure.ts'
import type { BodyShape, MultipartShape } from '../../src/policy/body-shape.ts'
import { noBody } from '../../src/model/screened-headers.ts'
import { type BodyHead, bodyFailure, judgeBytes } from '../../src/scope/take-body.ts'
import { rule } from '../helpers/rule.ts'

const shape: MultipartShape = {
  kind: 'multipart',
  parts: new Map([
    ['file', { kind: 'file' }],
    ['data', { kind: 'json', fields: new Map([['ids', 'ids']]), strip: new Set(['id']), most: new Map([['ids', 1]]) }],
  ]),
  maxBytes: 200,
}
const json: BodyShape = {
  kind: 'json',
  fields: new Map([['ids', 'ids']]),
  strip: new Set(['id']),
  most: new Map([['ids', 1]]),
  optional: false,
  maxBytes: 100,
  parted: { json: 'data', shape },
}
const form: BodyShape = { kind: 'form', fields: new Map([['a', 'number']]), optional: false, maxBytes: 100 }

const jsonType = 'application/json'
const multipartType = 'multipart/form-data; boundary=b'
const formType = 'application/x-www-form-urlencoded'
const part = (name: string, content: string, more = '') =>
  `--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${content}\r\n`
const file = part('file', 'hello', '; filename="a.txt"')

const head = (type: string, bytes: number): BodyHead => ({
  contentType: type,
  contentEncoding: undefined,
  framing: bytes === 0 ? noBody : { kind: 'length', bytes },
})
const failed = (body: BodyShape, type: string, length: number) => bodyFailure(body, head(type, length))?.code

/** What is taken, or the code and details of the refusal. */
function taken(body: BodyShape, text: string, type: string): unknown {
  try {
    return judgeBytes(rule({ body }), Buffer.from(text), type)
  } catch (error) {
    if (error instanceof Failure) return [error.code, error.options.message ?? error.options.details]
    throw error
  }
}

describe('bodyFailure', () => {
  it.each([
    ['JSON within its bound', json, jsonType, 100, undefined],
    ['JSON beyond its bound', json, jsonType, 101, 'body-too-large'],
    ['JSON beside files within theirs', json, multipartType, 200, undefined],
    ['JSON beside files beyond theirs', json, multipartType, 201, 'body-too-large'],
    [
      'JSON without files where files are not taken',
      { ...json, parted: undefined },
      multipartType,
      9,
      'media-type-unsupported',
    ],
    ['a form within its bound', form, `${formType}; charset=utf-8`, 100, undefined],
    ['a form beyond its bound', form, formType, 101, 'body-too-large'],
    ['JSON for a form', form, jsonType, 2, 'media-type-unsupported'],
    ['a body that nobody asked for', { kind: 'none' }, formType, 2, 'body-not-expected'],
    ['no body', { kind: 'none' }, formType, 0, undefined],
  ] as const)('of %s', (_what, body, type, length, code) => {
    expect(failed(body, type, length)).toBe(code)
  })
})

describe('judgeBytes', () => {
  it('takes the same JSON alone and beside files', () => {
    const beside = `${part('data', '{"ids":[3],"id":7}')}${file}--b--\r\n`

    expect(taken(json, '{"ids":[3],"id":7}', jsonType)).toEqual({ kind: 'json', value: { ids: [3] } })
    expect(taken(json, beside, multipartType)).toEqual({
      kind: 'parted',
      part: 'data',
      bytes: Buffer.from(beside),
      contentType: multipartType,
      value: { ids: [3] },
    })
  })

  it.each([
    [`${file}--b--\r\n`, ['body-unreadable', 'the part `data` is missing']],
    [`${part('data', '{}')}${part('data', '{}')}--b--\r\n`, ['body-unreadable', 'the part `data` stands twice']],
    [`${part('data', '{}')}${part('params', '{}')}--b--\r\n`, ['body-unreadable', 'the part `params` is unknown']],
    [
      `${part('data', '{"ids":[3,5]}')}--b--\r\n`,
      ['body-invalid', { fields: [{ path: 'data.ids', problem: 'more than 1 element' }] }],
    ],
    [`${part('data', '{"Ids":[3]}')}--b--\r\n`, ['body-unreadable', 'the part `data`: the field `Ids` is spelt `ids`']],
  ])('refuses JSON beside files: %j', (text, refusal) => {
    expect(taken(json, text, multipartType)).toEqual(refusal)
  })

  it('refuses JSON beside files that is as long as a file may be', () => {
    const wide = { ...json, parted: { json: 'data', shape: { ...shape, maxBytes: 4 * 1024 * 1024 } } }
    const beside = (ids: string) => `${part('data', `{"id":"${'x'.repeat(1024 * 1024 - ids.length)}"${ids}}`)}--b--\r\n`

    expect(taken(wide, beside(',"ids":[3]'), multipartType)).toEqual([
      'body-unreadable',
      'the part `data` is longer than 1 MiB',
    ])
  })

  it('takes a form, or none where it is optional', () => {
    expect(taken(form, 'a=5', formType)).toEqual({ kind: 'form', value: { a: '5' } })
    expect(taken(form, '', formType)).toEqual(['body-unreadable', 'this endpoint takes a form'])
    expect(taken({ ...form, optional: true }, '', formType)).toEqual({ kind: 'none' })
    expect(taken(form, 'a=x', formType)).toEqual([
      'body-invalid',
      { fields: [{ path: 'a', problem: 'a whole number in plain decimal is expected' }] },
    ])
  })
})
