import { describe, expect, it } from 'vitest'
import type { FieldType } from '../../src/policy/body-shape.ts'
import { judgeMultipart, type JudgedMultipart, writeJsonPart } from '../../src/scope/judge-multipart.ts'

const shape: Parameters<typeof judgeMultipart>[0] = {
  kind: 'multipart',
  parts: new Map([
    [
      'params',
      {
        kind: 'json',
        fields: new Map<string, FieldType>([
          ['mode', 'text'],
          ['lists', 'ids'],
        ]),
      },
    ],
    ['file', { kind: 'file' }],
    ['note', { kind: 'text' }],
  ]),
  maxBytes: 1_000,
}
const contentType = 'multipart/form-data; boundary=B'

interface Sent {
  readonly name: string
  readonly content?: string
  readonly filename?: string
  readonly type?: string
}

function bodyOf(...parts: readonly Sent[]): Buffer {
  const written = parts.map(({ name, content = '', filename, type }) => {
    const file = filename === undefined ? '' : `; filename="${filename}"`
    const media = type === undefined ? '' : `\r\nContent-Type: ${type}`
    return `--B\r\nContent-Disposition: form-data; name="${name}"${file}${media}\r\n\r\n${content}\r\n`
  })
  return Buffer.from(`${written.join('')}--B--\r\n`)
}

const judge = (...parts: readonly Sent[]): JudgedMultipart =>
  judgeMultipart(shape, ['lists', 'mode'], bodyOf(...parts), contentType)
const params = { name: 'params', content: '{"mode":"subscribe","lists":[1,2]}' }
const file = { name: 'file', content: 'a,b', filename: 'a.csv' }

describe('judgeMultipart', () => {
  it('takes the declared parts and gives what the JSON ones hold', () => {
    expect(judge(params, file, { name: 'note', content: 'x', type: 'text/plain; charset=utf-8' })).toEqual({
      kind: 'ok',
      contentType,
      parts: new Map([['params', { mode: 'subscribe', lists: [1, 2] }]]),
    })
  })

  it('takes several files under one name: attachments', () => {
    expect(judge(params, file, file).kind).toBe('ok')
  })

  it.each(['application/json', 'application/json; charset=UTF-8', 'text/plain'])(
    'takes JSON that is called %s',
    (type) => {
      expect(judge({ ...params, type }).kind).toBe('ok')
    },
  )

  it.each([
    ['C07 a part that stands twice', [params, params], 'the part `params` stands twice'],
    ['C07 a text that stands twice', [{ name: 'note' }, { name: 'note' }], 'the part `note` stands twice'],
    ['J02 a part in another spelling', [params, { ...params, name: 'Params' }], 'the part `Params` is unknown'],
    ['J05 a part that is not declared', [params, { name: 'lists', content: '7' }], 'the part `lists` is unknown'],
    // A backend would not find it among the fields, and look for `params` in the query instead.
    ['C07 JSON sent as a file', [{ ...params, filename: 'p.json' }], 'the part `params`: no file is taken here'],
    ['C07 a file sent as a field', [{ name: 'file' }], 'the part `file`: a file name is missing'],
    [
      'C01 JSON in another charset',
      [{ ...params, type: 'application/json; charset=utf-16' }],
      'the part `params`: its content type is not application/json or text/plain in UTF-8',
    ],
    [
      'C05 JSON of another type',
      [{ ...params, type: 'application/octet-stream' }],
      'the part `params`: its content type is not application/json or text/plain in UTF-8',
    ],
    [
      'C05 text of another type',
      [{ name: 'note', type: 'text/html' }],
      'the part `note`: its content type is not text/plain in UTF-8',
    ],
    ['J19 an empty JSON part', [{ name: 'params' }], 'the part `params` is empty'],
    [
      'J01 a key that stands twice',
      [{ name: 'params', content: '{"lists":[1],"lists":[7]}' }],
      'the part `params`: the key `lists` stands twice, at byte 13',
    ],
    [
      'J02 a key in another spelling',
      [{ name: 'params', content: '{"Lists":[7]}' }],
      'the part `params`: the field `Lists` is spelt `lists`',
    ],
    [
      'J14 a second value',
      [{ name: 'params', content: '{}{"lists":[7]}' }],
      'the part `params`: something follows the value, at byte 2',
    ],
    ['J18 no object', [{ name: 'params', content: '[7]' }], 'the part `params`: the body is not a JSON object'],
  ])('cannot read %s', (_name, parts, why) => {
    expect(judge(...parts)).toEqual({ kind: 'unreadable', why })
  })

  it('J08 tells what is wrong in a field', () => {
    expect(judge({ name: 'params', content: '{"lists":["3"]}' })).toEqual({
      kind: 'invalid',
      fields: [{ path: 'params.lists[0]', problem: '`"3"` is not an integer id' }],
    })
  })

  it('C07 cannot read a body that is cut, or without its boundary', () => {
    expect(judgeMultipart(shape, [], bodyOf(params).subarray(0, -4), contentType).kind).toBe('unreadable')
    expect(judgeMultipart(shape, [], bodyOf(params), 'multipart/form-data').kind).toBe('unreadable')
    expect(judgeMultipart(shape, [], bodyOf(params), undefined).kind).toBe('unreadable')
    expect(judgeMultipart(shape, [], Buffer.alloc(0), contentType).kind).toBe('unreadable')
  })
})

describe('writeJsonPart', () => {
  it('writes other JSON into the part and leaves the file', () => {
    const written = writeJsonPart(bodyOf(params, file), contentType, 'params', { mode: 'subscribe', lists: [2] })
    expect(written).toEqual(bodyOf({ name: 'params', content: '{"mode":"subscribe","lists":[2]}' }, file))
  })

  it('adds the part where there is none', () => {
    expect(writeJsonPart(bodyOf(file), contentType, 'params', { lists: [2] })).toEqual(
      bodyOf({ name: 'params', content: '{"lists":[2]}' }, file),
    )
  })
})
