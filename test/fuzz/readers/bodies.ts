/** Multipart bodies, forms, and fields of JSON, as the shipped policy's shapes read them. */
import { judgeForm } from '../../../src/scope/judge-form.ts'
import { judgeJson } from '../../../src/scope/judge-json.ts'
import { judgeMultipart, writeJsonPart } from '../../../src/scope/judge-multipart.ts'
import { parseMultipart, writePart } from '../../../src/scope/multipart.ts'
import type { FieldType, FormType, MultipartShape } from '../../../src/policy/body-shape.ts'
import { writeJson } from '../../../src/model/json.ts'
import { writePairs } from '../../../src/model/pairs.ts'
import type { Target } from '../fuzzer.ts'
import { holdsControl, must, same } from './assert.ts'

const part = (name: string, content: string, more = ''): string =>
  `--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${content}\r\n`
const fields: ReadonlyMap<string, FieldType> = new Map<string, FieldType>([
  ...([
    ['email', 'text'],
    ['lists', 'ids'],
    ['id', 'id'],
    ['attribs', 'object'],
    ['ok', 'bool'],
    ['n', 'number'],
  ] as const),
  ...([
    ['texts', 'texts'],
    ['objects', 'objects'],
    ['any', 'any'],
  ] as const),
])
const shape: MultipartShape = {
  kind: 'multipart',
  parts: new Map([
    ['params', { kind: 'json', fields, strip: new Set(['uuid']) }],
    ['file', { kind: 'file' }],
    ['text', { kind: 'text' }],
  ]) as MultipartShape['parts'],
  maxBytes: 4096,
}

export const multipartReader: Target = {
  name: 'multipart',
  seeds: [
    `${part('params', '{"lists":[3]}')}${part('file', 'a,b\r\n--c', '; filename="a.csv"')}--b--\r\n`,
    `${part('text', 'x')}--b--`,
    `--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\nContent-Type: text/csv\r\nContent-Length: 2\r\n\r\nab\r\n--b--\r\n`,
    `--b\nContent-Disposition: form-data; name="params"\n\n{}\n--b--\n`,
  ],
  words: [
    ...[
      '--b',
      '--b\r\n',
      '\r\n--b',
      '--b--',
      '--b--\r\n',
      '\r\n',
      '\n',
      '\r',
      '\r\n\r\n',
      ':',
      ';',
      '"',
      '\\',
      'name=',
      '\0',
    ],
    ...[
      'filename="',
      'form-data',
      'Content-Type: ',
      'text/plain',
      'Content-Transfer-Encoding: base64',
      'name*=',
      '; name="params"',
    ],
    ...['{"lists":[3]}', '"Lists":', '\xc3\xa9', '\xff', ' ', '\t'],
  ],
  run(input) {
    const read = parseMultipart(input, 'b')
    if (read.kind === 'unreadable') return must(read.why.length > 0, 'a refusal says nothing')
    // The long way: every delimiter separates, and nothing else does.
    const text = input.toString('latin1')
    const between = text.split('--b')
    same(between.length, read.parts.length + 2, 'another reader counts other parts')
    for (const [at, each] of read.parts.entries()) {
      const raw = between[at + 1] ?? ''
      const headEnd = raw.indexOf('\r\n\r\n')
      same(each.bytes.toString('latin1'), raw.slice(headEnd + 4, -2), 'another reader finds another content')
      must(raw.slice(0, headEnd).includes(`name="`), 'a part without a name')
      const names = each.name + (each.filename ?? '')
      must(!holdsControl(names) && !/["\\]/.test(names), 'a name holds syntax')
    }
    const [first] = read.parts
    if (first !== undefined) {
      const again = parseMultipart(writePart(input, 'b', first, '{"a":"--b"}'), 'b')
      must(
        again.kind === 'parts' && again.parts.length === read.parts.length,
        'a part that is written anew breaks the body',
      )
      if (again.kind === 'parts')
        same(
          again.parts.slice(1).map(({ bytes }) => bytes),
          read.parts.slice(1).map(({ bytes }) => bytes),
          'writing one part changes another',
        )
    }
    const judged = judgeMultipart(shape, ['lists'], input, 'multipart/form-data; boundary=b')
    if (judged.kind !== 'ok') return undefined
    const params = judged.parts.get('params')
    if (params === undefined) return undefined
    const anew = writeJsonPart(input, judged.contentType, 'params', params)
    const twice = judgeMultipart(shape, ['lists'], anew, judged.contentType)
    must(
      twice.kind === 'ok' && writeJson(twice.parts.get('params') ?? null).equals(writeJson(params)),
      'what is written is judged otherwise',
    )
    return undefined
  },
}

const formFields: ReadonlyMap<string, FormType> = new Map<string, FormType>([
  ...([
    ['body', 'text'],
    ['template_id', 'id'],
    ['ok', 'bool'],
    ['n', 'number'],
  ] as const),
])

export const formReader: Target = {
  name: 'form',
  seeds: ['body=a+b&template_id=5', 'ok=true&n=-1', 'body=%0d%0ax', 'Body=x', 'template_id=05'],
  words: [
    '&',
    '=',
    '+',
    ';',
    '%',
    '%2B',
    '%26',
    '%0d%0a',
    '%00',
    '%ff',
    'body',
    'BODY',
    'template_id',
    'n',
    'ok',
    '\xc3\xa9',
    '\xc5\xbf',
  ],
  run(input) {
    const judged = judgeForm(formFields, input)
    if (judged.kind !== 'ok') return
    const sent = writePairs(Object.entries(judged.value))
    const again = judgeForm(formFields, Buffer.from(sent))
    same(again.kind === 'ok' ? { ...again.value } : again, { ...judged.value }, 'what is written is judged otherwise')
    const reference = Object.fromEntries(
      [...new URLSearchParams(`?${input.toString('utf8')}`)].filter(([name, value]) => value !== '' || name === 'body'),
    )
    same({ ...judged.value }, reference, 'WHATWG reads other fields')
  },
}

export const fieldsReader: Target = {
  name: 'fields',
  seeds: [
    '{"email":"a@b.test","lists":[1,2],"id":5,"attribs":{},"ok":true,"n":1.5,"texts":["a"],"objects":[{}],"any":null}',
    '{"lists":null,"uuid":"x"}',
    '{"Lists":[7]}',
    '{"li\xc5\xbfts":[7]}',
  ],
  words: [
    '"lists":',
    '"Lists":',
    '"li\\u017fts":',
    '"id":',
    '"ID":',
    '[1]',
    '[null]',
    '1.0',
    '2147483648',
    '"5"',
    '{}',
    'null',
    '"email":',
    ',',
    '"uuid":1',
  ],
  run(input) {
    const judged = judgeJson({ fields, strip: new Set(['uuid']) }, ['lists', 'id'], input)
    if (judged.kind !== 'ok') return
    const written = writeJson(judged.value)
    const again = judgeJson({ fields }, ['lists', 'id'], written)
    must(again.kind === 'ok' && writeJson(again.value).equals(written), 'what is written is judged otherwise')
    const value = JSON.parse(written.toString()) as Record<string, unknown>
    must(
      Object.keys(value).every((key) => fields.has(key)),
      'a field that nobody declared',
    )
    const { lists = [], id = 1 } = value
    const isId = (each: unknown): boolean =>
      Number.isInteger(each) && Number(each) >= 1 && Number(each) <= 2_147_483_647
    must(isId(id) && Array.isArray(lists) && lists.every(isId), 'an id that is none')
    must(!/"lists":\[[^\]]*[.eE"]/.test(written.toString()), 'an id in another spelling')
  },
}
