/** Rows J: JSON bodies. */
import { expect } from 'vitest'
import {
  type Bytes,
  type Case,
  custom,
  expectNothingForwarded,
  json,
  passes,
  refuses,
  request,
  row,
  type Row,
  short,
} from '../case.ts'
import { portOf, send } from '../world.ts'

/** An open object, and a closed one. */
const open = (body: string | Buffer): Bytes => json('PUT', '/api/settings', body)
const subscriber = (body: string | Buffer): Bytes => json('POST', '/api/subscribers', body)

const name = (body: string | Buffer): string => short(typeof body === 'string' ? body : body.toString('latin1'))
const unreadable = (bytes: (body: string | Buffer) => Bytes, ...bodies: readonly (string | Buffer)[]): Case[] =>
  bodies.map((body) => refuses(name(body), bytes(body), 400, 'body-unreadable'))
const invalid = (...bodies: readonly string[]): Case[] =>
  bodies.map((body) => refuses(name(body), subscriber(body), 422, 'body-invalid'))
const sends = (asked: string, body: string): Case =>
  passes(short(asked), open(asked), { method: 'PUT', target: '/api/settings', body })
const sendsSubscriber = (asked: string, body: string): Case =>
  passes(short(asked), subscriber(asked), { method: 'POST', target: '/api/subscribers', body })

const chunked = (body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')])
const mebibyte = 1_048_576
const padded = (length: number): Buffer => Buffer.from(`{"name":"${'a'.repeat(length - 11)}"}`)
const surrogates = '{"a":"\\ud83d\\ude00"}'

export const jsonRows: readonly Row[] = [
  row(
    'J01',
    unreadable(subscriber, '{"lists":[1],"lists":[7]}', '{"lists":[1],"l\\u0069sts":[7]}'),
    unreadable(open, '{"data":{"a":1},"data":{"b":2}}', '{"a":{"b":1,"b":1}}', '{"a":[{"b":1,"b":2}]}'),
  ),
  row(
    'J02',
    unreadable(
      subscriber,
      '{"lists":[1],"Lists":[7]}',
      '{"LISTS":[7]}',
      '{"Lists":[7],"lists":[1]}',
      '{"EMAIL":"a@b.test"}',
    ),
  ),
  row(
    'J03',
    unreadable(
      subscriber,
      '{"li\u017fts":[7]}',
      '{"li\\u017fts":[7]}',
      '{"lists":[1],"li\u017fts":[7]}',
      '{"attrib\u017f":{}}',
    ),
  ),
  row(
    'J04',
    sendsSubscriber('{"email":"a@b.test","li\\u0073ts":[7]}', '{"email":"a@b.test","lists":[7]}'),
    unreadable(subscriber, '{"lists\\u0000":[1]}', '{"lists\\u001f":[1]}'),
    unreadable(open, '{"a\\u0000":1}', '{"a\\nb":1}'),
  ),
  row(
    'J05',
    unreadable(
      subscriber,
      '{"email":"a@b.test","extra":true}',
      '{"subscriber_mode":"external"}',
      '{"":1}',
      '{" lists":[7]}',
      '{"lists ":[7]}',
    ),
  ),
  row(
    'J06',
    unreadable(
      open,
      '{"id":9007199254740993}',
      '{"id":18446744073709551615}',
      '{"id":-9007199254740993}',
      '{"a":[9007199254740992]}',
    ),
    invalid('{"lists":[2147483648]}', '{"lists":[9007199254740991]}'),
    sends('{"id":9007199254740991}', '{"id":9007199254740991}'),
  ),
  row(
    'J07',
    invalid(
      '{"lists":[1.0]}',
      '{"lists":[1e0]}',
      '{"lists":[10e-1]}',
      '{"lists":[-0]}',
      '{"lists":[0]}',
      '{"lists":[-1]}',
    ),
    unreadable(open, '{"id":1E400}', '{"id":-1e999}'),
    sends('{"a":1.0,"b":1e0,"c":10e-1,"d":-0,"e":1e-400}', '{"a":1.0,"b":1e0,"c":10e-1,"d":-0,"e":1e-400}'),
  ),
  row(
    'J08',
    invalid(
      ...[
        '{"lists":["5"]}',
        '{"lists":"5"}',
        '{"lists":5}',
        '{"lists":true}',
        '{"lists":{"$gt":0}}',
        '{"lists":[[5]]}',
      ],
      ...['{"email":["a@b.test"]}', '{"email":{"$ne":""}}', '{"preconfirm_subscriptions":"true"}', '{"attribs":"{}"}'],
    ),
  ),
  row(
    'J09',
    invalid('{"lists":[null]}', '{"lists":[1,null]}'),
    sendsSubscriber('{"email":"a@b.test","lists":null}', '{"email":"a@b.test"}'),
  ),
  row('J10', unreadable(open, Buffer.from('\ufeff{"a":1}'), Buffer.from('{"a":1}\ufeff'), Buffer.from('\ufeff'))),
  row(
    'J11',
    unreadable(
      open,
      Buffer.from('\ufeff{"a":1}', 'utf16le'),
      Buffer.from('{"a":1}', 'utf16le'),
      Buffer.from('00000000007b00000022', 'hex'),
    ),
    ['utf-16', 'utf-32', 'utf-16le', 'iso-8859-1'].map((charset) =>
      refuses(
        `charset=${charset}`,
        request('PUT', '/api/settings', [`Content-Type: application/json; charset=${charset}`], '{"a":1}'),
        415,
        'media-type-unsupported',
      ),
    ),
  ),
  row(
    'J12',
    unreadable(
      open,
      Buffer.from('{"a":"\xff"}', 'latin1'),
      Buffer.from('{"a":"\xc3"}', 'latin1'),
      Buffer.from('{"a":"\xc0\xae"}', 'latin1'),
      Buffer.from('{"a":"\xed\xa0\x80"}', 'latin1'),
      Buffer.from('{"\xff":1}', 'latin1'),
    ),
    sends('{"a":"\u00e9"}', '{"a":"\u00e9"}'),
  ),
  row(
    'J13',
    unreadable(open, '{"a":"\\ud800"}', '{"\\ud800":1}', '{"a":"\\udc00\\ud800"}', '{"a":"\\ud800x"}'),
    sends(surrogates, '{"a":"\u{1f600}"}'),
  ),
  row(
    'J14',
    unreadable(
      open,
      '{"lists":[1]}{"lists":[7]}',
      '{"a":1}x',
      '{"a":1}\0',
      '{"a":1} {}',
      '{"a":1},',
      '{"a":1}]',
      'x{"a":1}',
    ),
    sends(' \t\r\n{"a":1} \r\n', '{"a":1}'),
  ),
  row(
    'J15',
    unreadable(
      open,
      ...[
        '{"a":1/**/}',
        '{"a":1,}',
        "{'a':1}",
        '{"a":NaN}',
        '{"a":Infinity}',
        '{"a":-Infinity}',
        '{"a":0x1}',
        '{"a":01}',
      ],
      ...[
        '{"a":+1}',
        '{"a":.5}',
        '{"a":1.}',
        '{a:1}',
        '{"a":1 "b":2}',
        '{"a"}',
        '{"a":}',
        '{,}',
        '{"a":[1,]}',
        '{"a":tru}',
      ],
      ...[
        '{"a":True}',
        '{"a":"\t"}',
        '{"a":"\\x41"}',
        '{"a":"\\u00"}',
        '{"a":1e}',
        '{"a":-}',
        '//\n{}',
        '{"a":\u00a01}',
        '{',
      ],
    ),
  ),
  row(
    'J16',
    refuses('[ 100,000 deep', open('['.repeat(100_000)), 400, 'body-unreadable'),
    refuses('{"a": 20,000 deep', open('{"a":'.repeat(20_000)), 400, 'body-unreadable'),
    refuses('33 deep and closed', open(`{"a":${'['.repeat(32)}${']'.repeat(32)}}`), 400, 'body-unreadable'),
    sends(`{"a":${'['.repeat(31)}${']'.repeat(31)}}`, `{"a":${'['.repeat(31)}${']'.repeat(31)}}`),
  ),
  row(
    'J17',
    unreadable(
      open,
      ...['{"__proto__":{"admin":true}}', '{"constructor":{"prototype":{"admin":true}}}', '{"\\u005f_proto__":1}'],
      ...['{"a":{"__proto__":{"admin":true}}}', '{"a":[{"prototype":1}]}'],
    ),
    custom('and no object has changed', async () => expect(({} as { admin?: unknown }).admin).toBeUndefined()),
    sends('{"toString":1,"hasOwnProperty":2}', '{"toString":1,"hasOwnProperty":2}'),
  ),
  row('J18', unreadable(open, '[]', '"x"', '5', 'null', 'true', '"{\\"lists\\":[7]}"', '[{"lists":[7]}]')),
  row(
    'J19',
    refuses(
      'no body where one is declared',
      json('PUT', '/api/settings', '', ['Content-Length: 0']),
      400,
      'body-unreadable',
    ),
    refuses('neither a body nor a length', json('POST', '/api/subscribers', ''), 400, 'body-unreadable'),
    unreadable(open, ' ', '\r\n\t '),
    refuses(
      'no chunk',
      json('PUT', '/api/settings', '0\r\n\r\n', ['Transfer-Encoding: chunked']),
      400,
      'body-unreadable',
    ),
    passes('none where it is optional', json('PUT', '/api/subscribers/5/blocklist', '', ['Content-Length: 0']), {
      method: 'PUT',
      target: '/api/subscribers/5/blocklist',
    }),
    passes('white space where it is optional', json('PUT', '/api/subscribers/5/blocklist', '  '), {
      method: 'PUT',
      target: '/api/subscribers/5/blocklist',
    }),
  ),
  row(
    'J20',
    passes('1 MiB', json('PUT', '/api/settings', padded(mebibyte)), {
      method: 'PUT',
      target: '/api/settings',
      body: padded(mebibyte).toString(),
    }),
    passes('1 MiB in chunks', json('PUT', '/api/settings', chunked(padded(mebibyte)), ['Transfer-Encoding: chunked']), {
      method: 'PUT',
      target: '/api/settings',
      body: padded(mebibyte).toString(),
    }),
    refuses('a byte more', json('PUT', '/api/settings', padded(mebibyte + 1)), 413, 'body-too-large'),
    refuses(
      'a byte more in chunks',
      json('PUT', '/api/settings', chunked(padded(mebibyte + 1)), ['Transfer-Encoding: chunked']),
      413,
      'body-too-large',
    ),
    refuses(
      'a length that is only said',
      json('PUT', '/api/settings', '{', ['Content-Length: 999999999999999']),
      413,
      'body-too-large',
    ),
  ),
  row(
    'J21',
    refuses(
      '100,000 keys',
      open(`{${Array.from({ length: 100_000 }, (_, at) => `"${at}":1`).join(',')}}`.slice(0, mebibyte)),
      ...([400, 'body-unreadable'] as const),
    ),
    refuses(
      '1,001 keys',
      open(`{${Array.from({ length: 1_001 }, (_, at) => `"k${at}":1`).join(',')}}`),
      400,
      'body-unreadable',
    ),
    refuses('a key of almost 1 MiB', open(`{"${'k'.repeat(mebibyte - 16)}":1}`), 400, 'body-unreadable'),
    refuses(
      '50,000 ids',
      subscriber(`{"lists":[${Array.from({ length: 50_000 }, (_, at) => at + 1).join(',')}]}`),
      422,
      'body-invalid',
    ),
    refuses('200,000 values', open(`{"a":[${'0,'.repeat(200_000)}0]}`), 400, 'body-unreadable'),
  ),
  row(
    'J22',
    ...[
      ...[
        'a@ok.test%0d%0aBcc:%20x@evil.test',
        'a@ok.test,b@evil.test',
        '%22a@ok.test%22@evil.test',
        'N%20%3Cb@evil.test%3E',
      ],
      ...[
        'a@ok.test.',
        'a@ex%C3%A4mple.test',
        "a'@ok.test",
        'a@ok.test%20',
        '%20a@ok.test',
        'a@',
        '@ok.test',
        'a@b@ok.test',
        '',
      ],
    ].map((email) =>
      refuses(
        `the look-up by ${short(email)}`,
        request('GET', `/api/subscribers?email=${email}`),
        400,
        'query-invalid',
      ),
    ),
    passes('the look-up by a@OK.TEST', request('GET', '/api/subscribers?email=a@OK.TEST'), {
      target: '/api/subscribers?query=subscribers.email%3D%27a%40ok.test%27',
    }),
    custom('mail to an address that could be two: a caller who reads some lists is refused', async (world) => {
      world.witness.forget()
      const mailer = world.running
      const user = await mailer.user(`mailer-${Date.now()}`, ['mailer', 'reader'], ['alpha readers'])
      const bodies = [
        'a@ok.test\\r\\nBcc: x@evil.test',
        'a@ok.test,b@evil.test',
        'N <b@evil.test>',
        '\\"a@ok.test\\"@evil.test',
      ]
      for (const email of bodies) {
        const body = `{"subscriber_email":"${email}","template_id":1}`
        const { answers } = await send(
          portOf(world),
          `POST /api/tx HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: ${user.authorization}\r\nConnection: close\r\n` +
            `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        )
        expect([email, answers.map(({ status }) => status)]).toEqual([email, [403]])
      }
      await expectNothingForwarded(world)
    }),
  ),
]
