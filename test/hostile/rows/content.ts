/** Rows C: content types, encodings, and what overrides method or path. */
import { expect } from 'vitest'
import {
  type Case,
  custom,
  expectEnvelope,
  get,
  json,
  passes,
  refuses,
  request,
  row,
  type Row,
  short,
} from '../case.ts'
import { portOf, send } from '../world.ts'

const typed = (type: string, body = '{"a":1}') => request('PUT', '/api/settings', [`Content-Type: ${type}`], body)
const unsupported = (...types: readonly string[]): Case[] =>
  types.map((type) => refuses(short(type), typed(type), 415, 'media-type-unsupported'))
const taken = (...types: readonly string[]): Case[] =>
  types.map((type) =>
    passes(short(type), typed(type), {
      method: 'PUT',
      target: '/api/settings',
      body: '{"a":1}',
      headers: { 'content-type': 'application/json', 'content-encoding': undefined },
    }),
  )

const boundary = 'x-boundary'
const part = (head: string, content: string): string => `--${boundary}\r\n${head}\r\n\r\n${content}\r\n`
const params = (content: string, head = 'Content-Disposition: form-data; name="params"'): string => part(head, content)
const file = part('Content-Disposition: form-data; name="file"; filename="a.csv"', 'email\r\na@b.test')
const multipart = (body: string, type = `multipart/form-data; boundary=${boundary}`) =>
  request('POST', '/api/import/subscribers', [`Content-Type: ${type}`], body)
const good = `${params('{"mode":"subscribe","lists":[3]}')}${file}--${boundary}--\r\n`
const upload = (name: string, body: string, type?: string): Case =>
  refuses(name, multipart(body, type), 400, 'body-unreadable')

const form = (body: string, target = '/api/campaigns/1/preview') =>
  request('POST', target, ['Content-Type: application/x-www-form-urlencoded'], body)
const badForm = (...bodies: readonly string[]): Case[] =>
  bodies.map((body) => refuses(short(body), form(body), 400, 'body-unreadable'))

const unexpected = (method: string, target: string, lines: readonly string[], body: string): Case =>
  refuses(`${method} ${target} ${lines[0] ?? ''}`, request(method, target, lines, body), 400, 'body-not-expected')
const allTrue = `--${boundary}\r\nContent-Disposition: form-data; name="all"\r\n\r\ntrue\r\n--${boundary}--\r\n`
const asMultipart = [`Content-Type: multipart/form-data; boundary=${boundary}`]

export const contentRows: readonly Row[] = [
  row(
    'C01',
    unsupported(
      'application/json; charset=utf-7',
      'application/json; charset=utf-16',
      'application/json; charset="utf-16"',
    ),
    taken('application/json; charset=UTF-8', 'application/json; charset="utf-8"', 'application/json;charset=utf-8'),
  ),
  row(
    'C02',
    refuses('a length', request('PUT', '/api/settings', [], '{"a":1}'), 415, 'media-type-unsupported'),
    refuses(
      'chunks',
      request('PUT', '/api/settings', ['Transfer-Encoding: chunked'], '7\r\n{"a":1}\r\n0\r\n\r\n'),
      415,
      'media-type-unsupported',
    ),
  ),
  row(
    'R8',
    // A route that takes anything: not one type may be read on the way, or nothing is left to send.
    ...[
      'text/plain',
      'text/plain; charset=UTF-8',
      'application/json',
      'application/x-www-form-urlencoded',
      'image/png',
    ].map((type) =>
      passes(`${type} streams by`, request('POST', '/subscription/form', [`Content-Type: ${type}`], 'not{json'), {
        method: 'POST',
        target: '/subscription/form',
        body: 'not{json',
        headers: { 'content-type': type },
      }),
    ),
    refuses(
      'more than 16 MiB without credentials',
      request('POST', '/subscription/form', ['Content-Type: text/plain', 'Content-Length: 16777217'], 'a'),
      413,
      'body-too-large',
    ),
    custom('more than 16 MiB in chunks: never whole to the backend', async (world) => {
      world.witness.forget()
      const chunk = `100000\r\n${'a'.repeat(0x100000)}\r\n`
      const lines = ['Content-Type: text/plain', 'Transfer-Encoding: chunked']
      const bytes = request('POST', '/subscription/form', lines, `${chunk.repeat(16)}1\r\na\r\n0\r\n\r\n`)
      expectEnvelope(world, await send(portOf(world), bytes(world)), { status: 413, code: 'body-too-large' })
      const [received] = world.witness.seen().requests
      await world.witness.connectionClosed(received?.connection ?? 1)
      expect([received?.target, received?.isComplete]).toEqual(['/subscription/form', false])
    }),
    passes('no type streams by', request('POST', '/subscription/form', [], 'x'), {
      method: 'POST',
      target: '/subscription/form',
      body: 'x',
      headers: { 'content-type': undefined },
    }),
    passes(
      'chunks stream by',
      request(
        'POST',
        '/subscription/form',
        ['Content-Type: text/plain', 'Transfer-Encoding: chunked'],
        '3\r\nabc\r\n0\r\n\r\n',
      ),
      {
        method: 'POST',
        target: '/subscription/form',
        body: 'abc',
      },
    ),
  ),
  row(
    'C03',
    ...[
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/xml',
      'text/xml',
      'text/plain',
      'application/octet-stream',
    ].map((type) =>
      refuses(
        type,
        request('POST', '/api/subscribers', [`Content-Type: ${type}`], 'email=a%40b.test&lists=7'),
        415,
        'media-type-unsupported',
      ),
    ),
    refuses(
      'tx with a part that nobody declared',
      request('POST', '/api/tx', asMultipart, allTrue),
      400,
      'body-unreadable',
    ),
  ),
  row(
    'C04',
    unexpected('DELETE', '/api/lists?id=5', asMultipart, allTrue),
    unexpected('DELETE', '/api/lists?id=5', ['Content-Type: application/json'], '{"all":true}'),
    unexpected('DELETE', '/api/lists/5', ['Transfer-Encoding: chunked'], '0\r\n\r\n'),
    unexpected('GET', '/api/subscribers', asMultipart, allTrue.replace('"all"', '"query"')),
    unexpected('GET', '/api/subscribers', ['Content-Type: application/x-www-form-urlencoded'], 'query=1%3D1'),
    unexpected('GET', '/uploads/x', ['Transfer-Encoding: chunked'], '1\r\na\r\n0\r\n\r\n'),
    refuses(
      'DELETE with a semicolon and parts',
      request('DELETE', '/api/lists?id=5;', asMultipart, allTrue),
      400,
      'query-invalid',
    ),
    refuses('OPTIONS with a body', request('OPTIONS', '/api/lists', asMultipart, allTrue), 405, 'method-not-allowed'),
  ),
  row(
    'C05',
    unsupported(
      ...['application/json\ta', 'application/json, text/plain', 'application/json garbage', 'application/json/x'],
      ...[
        'application/vnd.api+json',
        'text/json',
        'application/json; a=b',
        'application/json; charset=utf-8; charset=utf-8',
      ],
      ...['application/json; boundary=x', 'application/jsonp', 'application / json', 'json', ';application/json'],
    ),
    taken(
      'application/json;',
      'application/json ;charset=utf-8',
      'Application/JSON',
      ' application/json',
      'application/json;;',
    ),
  ),
  row(
    'C06',
    refuses(
      'the same twice',
      json('PUT', '/api/settings', '{"a":1}', ['Content-Type: application/json']),
      400,
      'header-duplicate',
    ),
    refuses(
      'two that differ',
      json('PUT', '/api/settings', '{"a":1}', ['content-type: text/plain']),
      400,
      'header-duplicate',
    ),
    refuses(
      'the other first',
      request('PUT', '/api/settings', ['Content-Type: text/plain', 'CONTENT-TYPE: application/json'], '{"a":1}'),
      400,
      'header-duplicate',
    ),
  ),
  row(
    'C07',
    passes('the one form that is taken', multipart(good), {
      method: 'POST',
      target: '/api/import/subscribers',
      body: good,
    }),
    upload(
      'a name twice',
      `${params('{"mode":"subscribe","lists":[3]}')}${params('{"mode":"blocklist"}')}${file}--${boundary}--\r\n`,
    ),
    upload(
      'name*=',
      `${params('{"lists":[7]}', "Content-Disposition: form-data; name*=utf-8''params")}--${boundary}--\r\n`,
    ),
    upload(
      'name= and name*=',
      `${params('{"lists":[3]}', `Content-Disposition: form-data; name="params"; name*=utf-8''file`)}--${boundary}--\r\n`,
    ),
    upload(
      'a name without quotes',
      `${params('{"lists":[7]}', 'Content-Disposition: form-data; name=params')}--${boundary}--\r\n`,
    ),
    upload('a file name with a path', good.replace('"a.csv"', '"../../a.csv"')),
    upload('an empty file name', good.replace('"a.csv"', '""')),
    upload('a field as a file', good.replace('name="params"', 'name="params"; filename="p"')),
    upload('line feeds alone', good.replaceAll('\r\n', '\n')),
    upload('text before the first boundary', `preamble\r\n${good}`),
    upload('text behind the last', `${good}epilogue`),
    upload('a line end before the first boundary', `\r\n${good}`),
    upload('a part behind the last boundary', `${good}${params('{"lists":[7]}')}--${boundary}--\r\n`),
    upload('blanks behind a boundary', good.replace(`--${boundary}\r\n`, `--${boundary} \t\r\n`)),
    upload('another boundary inside a part', good.replace('a@b.test', `a@b.test--${boundary}`)),
    upload(
      'base64',
      `${params('e30=', 'Content-Disposition: form-data; name="params"\r\nContent-Transfer-Encoding: base64')}--${boundary}--\r\n`,
    ),
    upload(
      'parts in a part',
      good.replace('filename="a.csv"', 'filename="a.csv"\r\nContent-Type: multipart/mixed; boundary=y'),
    ),
    upload(
      'a disposition twice',
      good.replace('name="file"', 'name="x"\r\nContent-Disposition: form-data; name="file"'),
    ),
    upload('a folded head', good.replace('; filename=', ';\r\n filename=')),
    upload(
      'a part that nobody declared',
      `${good.replace(`--${boundary}--\r\n`, '')}${params('1', 'Content-Disposition: form-data; name="overwrite"')}--${boundary}--\r\n`,
    ),
    upload('names in other letters', good.replace('name="params"', 'name="Params"')),
    upload('no end', good.replace(`--${boundary}--\r\n`, '')),
    upload('a key twice in the JSON of a part', `${params('{"lists":[3],"lists":[7]}')}${file}--${boundary}--\r\n`),
    ...[
      `multipart/form-data; boundary=${'b'.repeat(71)}`,
      'multipart/form-data',
      'multipart/form-data; boundary=""',
      'multipart/form-data; boundary="x boundary "',
      `multipart/form-data; boundary=${boundary}; boundary=y`,
      `multipart/mixed; boundary=${boundary}`,
    ].map((type) => refuses(short(type), multipart(good, type), 415, 'media-type-unsupported')),
  ),
  row(
    'C08',
    passes('a form', form('content_type=html&template_id=1&body=a+b%3B'), {
      method: 'POST',
      target: '/api/campaigns/1/preview',
      body: 'content_type=html&template_id=1&body=a%20b%3B',
    }),
    badForm(
      ...[
        'body=a&body=b',
        'body=a;template_id=1',
        'body=%zz',
        'body=%ff',
        'Body=a',
        'template_id[]=1',
        '=1',
        'body=a&',
        'x=1',
      ],
      ...['body=a%00', 'temp%6cate_id=1&template_id=2', 'TEMPLATE_ID=7', `body=a${'&'.repeat(10_000)}`],
    ),
    refuses('with a query', form('body=a', '/api/campaigns/1/preview?body=b'), 400, 'query-invalid'),
    refuses('a number that is none', form('template_id=0x1'), 422, 'body-invalid'),
  ),
  row(
    'C09',
    ...['gzip', 'br', 'deflate', 'gzip, gzip', 'x-gzip', 'zstd', 'identity, gzip', ''].map((coding) =>
      refuses(
        `Content-Encoding: ${coding}`,
        json('PUT', '/api/settings', '{"a":1}', [`Content-Encoding: ${coding}`]),
        415,
        'media-type-unsupported',
      ),
    ),
    passes('identity goes', json('PUT', '/api/settings', '{"a":1}', ['Content-Encoding: identity']), {
      method: 'PUT',
      target: '/api/settings',
      body: '{"a":1}',
      headers: { 'content-encoding': undefined },
    }),
  ),
  row(
    'C10',
    ...['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'].map((header) =>
      passes(`${header}: DELETE`, get('/api/settings', [`${header}: DELETE`]), {
        target: '/api/settings',
        headers: { [header.toLowerCase()]: undefined },
      }),
    ),
    refuses('?_method=DELETE', get('/api/settings?_method=DELETE'), 400, 'query-invalid'),
    refuses('_method in a body', json('POST', '/api/subscribers', '{"_method":"DELETE"}'), 400, 'body-unreadable'),
    refuses('_method in a form', form('_method=DELETE'), 400, 'body-unreadable'),
  ),
  row(
    'C11',
    ...[
      ...['X-Original-URL', 'X-Rewrite-URL', 'X-Forwarded-Prefix', 'X-Forwarded-Path', 'X-Original-Method'],
      ...['X-Envoy-Original-Path', 'X-Accel-Redirect', 'X-Original-URI', 'X-Forwarded-Uri', 'X-Forwarded-Server'],
    ].map((header) =>
      passes(`${header}: /api/users`, get('/api/settings', [`${header}: /api/users`]), {
        target: '/api/settings',
        headers: { [header.toLowerCase()]: undefined },
      }),
    ),
  ),
]
