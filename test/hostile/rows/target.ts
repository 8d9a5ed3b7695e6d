/** Rows P: the request target and its path. */
import { expect } from 'vitest'
import {
  custom,
  expectEnvelope,
  expectNothingForwarded,
  get,
  head,
  json,
  lineOf,
  passes,
  passesTargets,
  refuses,
  refusesTargets,
  request,
  row,
  type Row,
} from '../case.ts'
import { portOf, send } from '../world.ts'

const ambiguous = (...targets: readonly string[]) => refusesTargets(400, 'target-ambiguous', ...targets)
const unknown = (...targets: readonly string[]) => refusesTargets(404, 'route-unknown', ...targets)

/** Absolute-form with the Host that it names. */
const absolute = (target: string, host = 'gw.test') =>
  head(`GET ${target} HTTP/1.1`, [`Host: ${host}`, 'Connection: close'])

export const targetRows: readonly Row[] = [
  row('P01', ambiguous('/api/public/../settings', '/..', '/../', '/api/lists/..')),
  row(
    'P02',
    ambiguous(
      ...['/api/public/%2e%2e/settings', '/api/public/%2E%2e/settings', '/api/public/.%2e/settings'],
      ...['/api/public/%2e./settings', '/api/public/%2E%2E'],
    ),
  ),
  row('P03', ambiguous('/api/./settings', '/api/%2e/settings', '/api/settings/.', '/.', '/%2E')),
  row(
    'P04',
    ambiguous(
      '/api/public\\..\\settings',
      '/api\\settings',
      '/\\evil.test\\x',
      '\\\\evil.test\\x',
      '/api/lists?q=a\\b',
    ),
  ),
  row('P05', ambiguous('/api/public%5c..%5csettings', '/api/public%5C..%5Csettings', '/uploads/a%5cb')),
  row('P06', ambiguous('/api/lists%2f5', '/api%2fsettings', '/admin%2Fsecret.txt', '/uploads/..%2fsecret')),
  row('P07', ambiguous('//api/settings', '/api//settings', '///', '//', '//evil.test/x', '/api/settings//')),
  row('P08', unknown('/api/settings/', '/api/lists/5/', '/api/lists/', '/api/')),
  row(
    'P09',
    ambiguous(
      ...['/api/settings;x=1', '/api;x/settings', '/api/settings%3bx=1', '/api/settings;/..', '/api/settings%3B'],
      ...['/;/api/settings', '/uploads/a;b'],
    ),
  ),
  row('P10', unknown('/API/settings', '/api/Settings', '/Api/lists', '/api/lists/5/X', '/api/%53ettings')),
  row(
    'P11',
    passesTargets(
      ['/api/%73ettings', '/api/settings'],
      ['/%61pi/settings', '/api/settings'],
      ['/api/lists/%35', '/api/lists/5'],
      ['/uploads/%7Ea%2Db', '/uploads/~a-b'],
      ['/uploads/a%20b', '/uploads/a%20b'],
    ),
  ),
  row('P12', ambiguous('/api/%2573ettings', '/api/%252e%252e/settings', '/api/%25252f', '/uploads/100%25')),
  row(
    'P13',
    ambiguous(
      ...['/api/lists%00', '/api/lists%0d%0aX:1', '/api/lists%09', '/api/lists%0a', '/api/lists%7f', '/api/lists%1b'],
      ...['/uploads/%00.png', '/uploads/a%0Ab', '/uploads/a%C2%85b', '/uploads/%1F'],
    ),
  ),
  row(
    'P14',
    ambiguous('/api/%ff', '/api/%c0%ae%c0%ae/settings', '/api/%ed%a0%80', '/uploads/%ff', '/uploads/%F5%80%80%80'),
    refuses('GET with a raw byte 0xE9', get('/uploads/caf\xe9'), 400, ['target-ambiguous', 'header-invalid']),
    refuses('GET with raw UTF-8', get('/uploads/caf\xc3\xa9'), 400, ['target-ambiguous', 'header-invalid']),
  ),
  row('P15', ambiguous('/api/%zz', '/api/%2', '/a%', '/uploads/%', '/uploads/%4', '/uploads/%u0041')),
  row(
    'P16',
    unknown('/api/cafe%CC%81', '/api/caf%C3%A9', '/api%EF%BC%8Fsettings', '/api/%EF%BC%8E%EF%BC%8E/settings'),
    passesTargets(
      ['/uploads/cafe%CC%81', '/uploads/cafe%CC%81'],
      ['/uploads/caf%c3%a9', '/uploads/caf%C3%A9'],
      ['/uploads/%EF%BC%8E%EF%BC%8E%EF%BC%8F', '/uploads/%EF%BC%8E%EF%BC%8E%EF%BC%8F'],
    ),
  ),
  row(
    'P17',
    passes('a URL of this host', absolute('http://gw.test/api/settings'), { target: '/api/settings' }),
    passes('in other letters', absolute('HTTP://GW.test/api/settings'), { target: '/api/settings' }),
    passes('with the port', absolute('http://gw.test:8080/api/settings?pretty=1', 'gw.test:8080'), {
      target: '/api/settings?pretty=1',
    }),
    refuses('a URL of another host', absolute('http://other.test/api/settings'), 400, 'target-ambiguous'),
    refuses('a URL of another port', absolute('http://gw.test:81/api/settings'), 400, 'target-ambiguous'),
    refuses('a URL that climbs', absolute('http://gw.test/api/../settings'), 400, 'target-ambiguous'),
  ),
  row(
    'P18',
    refuses(
      'the URL of the backend',
      (world) => absolute(`http://127.0.0.1:${world.witness.port}/api/settings`)(world),
      400,
      'target-ambiguous',
    ),
    ...['https://gw.test/api/settings', 'http://u:p@gw.test/api/settings', 'http://gw.test@evil.test/api/settings'].map(
      (target) => refuses(target, absolute(target), 400, 'target-ambiguous'),
    ),
    ...['ftp://gw.test/api/settings', 'http:gw.test/api/settings', 'http://gw.test.evil.test/api/settings'].map(
      (target) => refuses(target, absolute(target), 400, ['target-ambiguous', 'header-invalid']),
    ),
  ),
  row(
    'P19',
    refuses('a query behind the authority', absolute('http://gw.test?next=/api/settings'), 400, 'target-ambiguous'),
    refuses('a fragment behind it', absolute('http://gw.test#/api/settings'), 400, [
      'target-ambiguous',
      'header-invalid',
    ]),
    refuses('no authority', absolute('http:///api/settings'), 400, ['target-ambiguous', 'header-invalid']),
    passes('an empty path is the root', absolute('http://gw.test'), { target: '/' }),
  ),
  row(
    'P20',
    ambiguous('/api/public#/../settings', '/api/lists#x?id=7', '/api/lists?id=5#&id=7', '/#', '/api/lists?query=%23#'),
  ),
  row(
    'P21',
    refuses('OPTIONS *', request('OPTIONS', '*'), 404, 'route-unknown'),
    ...['OPTIONS */test', 'GET *', 'GET *abc', 'POST *'].map((line) => {
      const [method = '', target = ''] = line.split(' ')
      return refuses(line, request(method, target), 400, ['target-ambiguous', 'header-invalid'])
    }),
  ),
  row(
    'P22',
    ...['CONNECT b:443', 'CONNECT /', 'CONNECT http://b:80', 'CONNECT gateway.test:80'].map((line) =>
      custom(line, async (world) => {
        world.witness.forget()
        const sent = await send(portOf(world), head(`${line} HTTP/1.1`, ['Host: gateway.test'])(world))
        expect({ isClosed: sent.isClosed, isTunnel: sent.answers.some(({ status }) => status < 300) }).toEqual({
          isClosed: true,
          isTunnel: false,
        })
        await expectNothingForwarded(world)
      }),
    ),
    ...['GET b:443', 'GET admin', 'GET api/settings', 'GET ?x', 'GET ./x'].map((line) =>
      refuses(line, head(`${line} HTTP/1.1`, ['Host: gateway.test', 'Connection: close']), 400, [
        'target-ambiguous',
        'header-invalid',
      ]),
    ),
  ),
  row(
    'P23',
    unknown('/api/settings/app.x/extra', '/api/lang/en/x', '/api/media/5/x', '/api/lists/5/x', '/api/templates/1/2/3'),
    ambiguous('/api/lang/en/../../settings', '/api/lang/en%2f..%2f..%2fsettings', '/api/media/5%2fx'),
  ),
  row('P24', unknown('/apiadmin', '/api-internal/x', '/uploadsx', '/adminx', '/api', '/uploads')),
  row('P25', ambiguous('/api/lists%3fid=7', '/api/lists%23x', '/api/lists%3Fid%3D7')),
  row(
    'P26',
    passes('a target of 8192 bytes', get(`/uploads/${'a'.repeat(8183)}`), { target: `/uploads/${'a'.repeat(8183)}` }),
    refuses('a target of 8193 bytes', get(`/uploads/${'a'.repeat(8184)}`), 414, 'target-too-long'),
    refuses('a query of 8193 bytes', get(`/uploads/x?${'a'.repeat(8184)}`), 414, 'target-too-long'),
    refuses('a target of 17 KiB', get(`/uploads/${'a'.repeat(17_408)}`), 431, 'headers-too-large'),
  ),
  row(
    'P27',
    passesTargets(['/api/lists/5', '/api/lists/5'], ['/api/lists/2147483647', '/api/lists/2147483647']),
    ambiguous(
      ...['05', '+5', '%2B5', '5.0', '0x5', '5%20', '%205', '-5', '5e0', '0', '00', '5,6', '5_0', 'NaN', 'true'].map(
        (id) => `/api/lists/${id}`,
      ),
      ...['99999999999999999999', '9007199254740993', '2147483648', '4294967301', '%D9%A5', '%EF%BC%95', '5%C2%A0'].map(
        (id) => `/api/lists/${id}`,
      ),
    ),
  ),
  row(
    'P28',
    refuses(
      'the fixed route speaks',
      json('PUT', '/api/subscribers/lists', '{"email":"a@ok.test"}'),
      400,
      'body-unreadable',
    ),
    refuses('a word is no id', json('PUT', '/api/subscribers/query', '{}'), 400, 'target-ambiguous'),
    refuses('nor where another method has it', request('DELETE', '/api/subscribers/lists'), 400, 'target-ambiguous'),
    passesTargets(['/archive/latest', '/archive/latest'], ['/archive/%6catest', '/archive/latest']),
    custom('an escaped word reaches the same rule', async (world) => {
      world.witness.forget()
      const bytes = json('PUT', '/api/subscribers/%6cists', '{"email":"a@ok.test"}')
      const sent = await send(portOf(world), bytes(world))
      expectEnvelope(world, sent, { status: 400, code: 'body-unreadable' })
      expect(world.witness.seen().requests.map(lineOf)).toEqual([])
    }),
  ),
]
