/** Rows S: where a message ends. Behind each attack stands a second request; who reads the framing wrongly would send it on. */
import { connect } from 'node:net'
import { expect } from 'vitest'
import {
  type Bytes,
  type Case,
  custom,
  expectNothingForwarded,
  expectOnlyForwarded,
  get,
  lineOf,
  passes,
  row,
  type Row,
  short,
} from '../case.ts'
import { portOf, send, valueOf, type World } from '../world.ts'

const smuggled = (world: World): string =>
  `GET /api/settings HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: ${world.admin.authorization}\r\nConnection: close\r\n\r\n`

const outer =
  (lines: readonly string[], body: string, firstLine = 'PUT /api/settings HTTP/1.1'): Bytes =>
  (world) =>
    [
      firstLine,
      'Host: gateway.test',
      `Authorization: ${world.admin.authorization}`,
      'Content-Type: application/json',
      ...lines,
      '',
      body,
    ].join('\r\n')

/** Refused with one of `statuses`, the connection ends there, and the backend sees neither the request nor the one behind it. */
const ends = (name: string, bytes: Bytes, statuses: readonly number[] = [400]): Case =>
  custom(name, async (world) => {
    world.witness.forget()
    const { answers, isClosed } = await send(portOf(world), `${bytes(world).toString('latin1')}${smuggled(world)}`)
    expect({ statuses: answers.map(({ status }) => status), isClosed }).toEqual({
      statuses: [statuses.find((status) => status === answers[0]?.status) ?? statuses[0]],
      isClosed: true,
    })
    await expectNothingForwarded(world)
  })

const chunked = 'Transfer-Encoding: chunked'
const inChunks = (body: string): Bytes => outer([chunked], body)

/** The field counts as some other one: the body ends where Content-Length says, and the request behind it is one of its own. */
const isPlainData = (name: string, line: string): Case =>
  custom(name, async (world) => {
    world.witness.forget()
    const body = '{"a":1}'
    const bytes = outer([`Content-Length: ${body.length}`, line], body)(world)
    const { answers } = await send(portOf(world), `${bytes.toString()}${smuggled(world)}`)
    const lines = world.witness.seen().requests.map(lineOf)
    const both = ['PUT /api/settings', 'GET /api/settings']
    expect([answers.map(({ status }) => status).join(), lines]).toEqual(
      answers[0]?.status === 200 ? ['200,200', both] : ['400', []],
    )
  })

const version = (name: string, firstLine: string, lines: readonly string[] = []): Case =>
  ends(name, () => [firstLine, 'Host: gateway.test', ...lines, '', ''].join('\r\n'), [400, 505])

export const framingRows: readonly Row[] = [
  row(
    'S01',
    ends('length, then coding', outer(['Content-Length: 31', chunked], '0\r\n\r\n')),
    ends('coding, then length', outer([chunked, 'Content-Length: 31'], '0\r\n\r\n')),
    ends('in other letters', outer(['content-length: 31', 'transfer-encoding: CHUNKED'], '0\r\n\r\n')),
    ends('the length right for both', outer(['Content-Length: 5', chunked], '0\r\n\r\n')),
    ends('a length of 0', outer(['Content-Length: 0', chunked], '0\r\n\r\n')),
  ),
  row(
    'S02',
    ends('two equal lengths', outer(['Content-Length: 7', 'Content-Length: 7'], '{"a":1}')),
    ends('two that differ', outer(['Content-Length: 7', 'Content-Length: 0'], '{"a":1}')),
    ...[
      '5, 5',
      '7, 7',
      '+5',
      '-1',
      '0x5',
      '5 6',
      '',
      '10000000000000000000000',
      '7;',
      '"7"',
      '7\t7',
      '1e1',
      '\u00b2',
    ].map((length) => ends(`Content-Length: ${short(length)}`, outer([`Content-Length: ${length}`], '{"a":1}'))),
  ),
  row(
    'S03',
    ...[
      ...[
        'chunked, chunked',
        'gzip, chunked',
        'chunked, gzip',
        'gzip',
        'identity',
        'xchunked',
        '"chunked"',
        'deflate, chunked',
      ],
      ...['chunked;q=1', 'chunked,', ',chunked', 'chunked, identity', '', 'chunke', 'Chunked, chunked'],
    ].map((coding) =>
      ends(`Transfer-Encoding: ${coding}`, outer([`Transfer-Encoding: ${coding}`], '0\r\n\r\n'), [400, 501]),
    ),
    ends('two of them', outer([chunked, chunked], '0\r\n\r\n')),
    ends('two that differ', outer([chunked, 'Transfer-Encoding: identity'], '0\r\n\r\n')),
  ),
  row(
    'S04',
    ...[
      ...['Transfer-Encoding : chunked', ' Transfer-Encoding: chunked', '\tTransfer-Encoding: chunked'],
      ...['\x0b', '\x0c', '\xa0', '\x00', '\x7f', '\xff', '\r', '\n'].flatMap((byte) => [
        `${byte}Transfer-Encoding: chunked`,
        `Transfer-Encoding${byte}: chunked`,
        `Transfer-Encoding:${byte}chunked`,
        `Transfer-Encoding: chunked${byte}`,
        `Transfer-Encoding: chun${byte}ked`,
      ]),
      ...['X: X\rTransfer-Encoding: chunked', 'X: X\nTransfer-Encoding: chunked', 'X: X\r\rTransfer-Encoding: chunked'],
      ...['Transfer_Encoding: chunked', 'Transfer Encoding: chunked', 'Transfer-Encoding:\r\n chunked'],
    ].map((line) => isPlainData(short(JSON.stringify(line)), line)),
  ),
  row(
    'S05',
    ends('line feeds alone', (world) =>
      outer(['Content-Length: 7'], '{"a":1}')(world).toString().replaceAll('\r\n', '\n'),
    ),
    ends('a line feed alone behind the first line', (world) =>
      outer(['Content-Length: 7'], '{"a":1}')(world).toString().replace('HTTP/1.1\r\n', 'HTTP/1.1\n'),
    ),
    ends('a line feed alone before the empty line', (world) =>
      outer(['Content-Length: 7'], '{"a":1}')(world).toString().replace('\r\n\r\n', '\n\r\n'),
    ),
    ends('an empty line of a line feed', (world) =>
      outer(['Content-Length: 7'], '{"a":1}')(world).toString().replace('\r\n\r\n', '\r\n\n'),
    ),
    ends('a bare CR in a value', outer(['X: a\rb', 'Content-Length: 7'], '{"a":1}')),
    ends('an empty line that ends in CR X', (world) =>
      outer(['Content-Length: 7'], '{"a":1}')(world).toString().replace('\r\n\r\n', '\r\n\rX'),
    ),
    ends('a line feed behind the size of a chunk', inChunks('7\n{"a":1}\r\n0\r\n\r\n')),
    ends('no line end behind a chunk', inChunks('7\r\n{"a":1}0\r\n\r\n')),
    ends('a line feed behind a chunk', inChunks('7\r\n{"a":1}\n0\r\n\r\n')),
    ends('two bytes that are no line end behind a chunk', inChunks('7\r\n{"a":1}XX0\r\n\r\n')),
    ends('a bare CR in an extension', inChunks('7;a\rb\r\n{"a":1}\r\n0\r\n\r\n')),
    ends('a line feed in an extension', inChunks('7;a\nb\r\n{"a":1}\r\n0\r\n\r\n')),
  ),
  row(
    'S06',
    ...['0x7', 'FFFFFFFFFFFFFFFF0', '-1', ' 7', '', 'g', '7 7', '+7', '7,', '0x', '7\0'].map((size) =>
      ends(`a size of ${JSON.stringify(size)}`, inChunks(`${size}\r\n{"a":1}\r\n0\r\n\r\n`)),
    ),
    ends('a blank behind the size', inChunks('7 \r\n{"a":1}\r\n0\r\n\r\n')),
    ends('an extension of 20 KiB', inChunks(`7;${'a'.repeat(20_480)}\r\n{"a":1}\r\n0\r\n\r\n`), [400, 413]),
    passes(
      'an extension of a few bytes is thrown away',
      (world) => outer([chunked, 'Connection: close'], '7;a=b\r\n{"a":1}\r\n0\r\n\r\n')(world),
      {
        method: 'PUT',
        target: '/api/settings',
        body: '{"a":1}',
      },
    ),
    passes(
      'sizes with zeros before',
      (world) => outer([chunked, 'Connection: close'], '0007\r\n{"a":1}\r\n00\r\n\r\n')(world),
      {
        method: 'PUT',
        target: '/api/settings',
        body: '{"a":1}',
      },
    ),
  ),
  row(
    'S07',
    ends('a folded line', outer(['X-A: b', ' c', 'Content-Length: 7'], '{"a":1}')),
    ends('a folded length', outer(['Content-Length:', ' 7'], '{"a":1}')),
    ends('a blank before the first header', (world) =>
      outer(['Content-Length: 7'], '{"a":1}')(world).toString().replace('Host', ' Host'),
    ),
    ...[
      'X-A',
      'X-A b',
      ': b',
      'X(A: b',
      'X"A: b',
      'X/A: b',
      'X A: b',
      'X-A : b',
      'X{A}: b',
      'X=A: b',
      'X@A: b',
      'X\xe9: b',
    ].map((line) => ends(`the line ${short(JSON.stringify(line))}`, outer([line, 'Content-Length: 7'], '{"a":1}'))),
  ),
  row(
    'S08',
    ends('a coding in HTTP/1.0', outer([chunked], '7\r\n{"a":1}\r\n0\r\n\r\n', 'PUT /api/settings HTTP/1.0')),
    version('HTTP/0.9', 'GET /api/settings'),
    version('HTTP/0.9 by name', 'GET /api/settings HTTP/0.9'),
    ...[
      'HTTP/1.2',
      'HTTP/2.0',
      'HTTP/1.1x',
      'http/1.1',
      'HTTP/1,1',
      'HTTP/01.1',
      'HTTP/1.10',
      'HTTP /1.1',
      'HTTPS/1.1',
      'ICY/1.1',
      'HTTP/3',
    ].map((name) => version(name, `GET /api/settings ${name}`)),
    version('two blanks in the first line', 'GET  /api/settings HTTP/1.1x'),
    version('a tab in the first line', 'GET\t/api/settings\tHTTP/1.1'),
  ),
  row(
    'S09',
    custom('trailers are thrown away', async (world) => {
      world.witness.forget()
      const bytes = outer(
        [chunked, 'Connection: close', 'Trailer: Authorization, X-Late'],
        '7\r\n{"a":1}\r\n0\r\nAuthorization: Basic eA==\r\nX-Late: 1\r\nHost: evil.test\r\n\r\n',
      )(world)
      const { answers } = await send(portOf(world), bytes.toString())
      const { requests, bytes: seen } = world.witness.seen()
      expect([answers.map(({ status }) => status), requests.map(lineOf)]).toEqual([[200], ['PUT /api/settings']])
      expect(requests[0]?.body.toString()).toBe('{"a":1}')
      expect(seen).not.toMatch(/x-late|evil\.test|eA==|trailer/i)
    }),
    ends('a length in a trailer', inChunks('7\r\n{"a":1}\r\n0\r\nContent-Length: 99\r\n\r\n')),
    custom('a credential in a trailer is none', async (world) => {
      world.witness.forget()
      const { answers } = await send(
        portOf(world),
        'PUT /api/settings HTTP/1.1\r\nHost: gateway.test\r\nTransfer-Encoding: chunked\r\nTrailer: Authorization\r\n' +
          `Content-Type: application/json\r\nConnection: close\r\n\r\n7\r\n{"a":1}\r\n0\r\nAuthorization: ${world.admin.authorization}\r\n\r\n`,
      )
      expect(answers.map(({ status }) => status)).toEqual([403])
      await expectNothingForwarded(world)
    }),
  ),
  row(
    'S10',
    custom('less than the length, then the end', async (world) => {
      world.witness.forget()
      await cutOff(world, outer(['Content-Length: 100'], '{"a":1}')(world))
      await expectNothingForwarded(world)
    }),
    custom('no last chunk, then the end', async (world) => {
      world.witness.forget()
      await cutOff(world, outer([chunked], '7\r\n{"a":1}\r\n')(world))
      await expectNothingForwarded(world)
    }),
    custom('a streamed body that is cut never looks whole to the backend', async (world) => {
      world.witness.forget()
      const bytes =
        'POST /webhooks/service/ses HTTP/1.1\r\nHost: gateway.test\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nhalf'
      const socket = connect(portOf(world), '127.0.0.1', () => socket.write(bytes))
      socket.on('error', () => {})
      await world.witness.requestsBegun(1)
      socket.destroy()
      const [received] = world.witness.seen().requests
      await world.witness.connectionClosed(received?.connection ?? 1)
      expect([received?.target, received?.isComplete]).toEqual(['/webhooks/service/ses', false])
    }),
    custom('more than the length is the next request, with a credential of its own or none', async (world) => {
      world.witness.forget()
      const body = '{"a":1}'
      const bytes = outer([`Content-Length: ${body.length}`], body)(world)
      const second = 'DELETE /api/lists/3 HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\n\r\n'
      const { answers } = await send(portOf(world), `${bytes.toString()}${second}`)
      expect(answers.map(({ status }) => status)).toEqual([200, 403])
      await expectOnlyForwarded(world, ['PUT /api/settings'])
    }),
  ),
  row(
    'S11',
    custom('allowed, refused, allowed: in order, each judged alone', async (world) => {
      world.witness.forget()
      const one = (target: string, authorization: string, last = false): string =>
        `GET ${target} HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: ${authorization}\r\n${last ? 'Connection: close\r\n' : ''}\r\n`
      const { answers } = await send(
        portOf(world),
        one('/api/lists/3', world.reader.authorization) +
          one('/api/lists/4', world.reader.authorization) +
          one('/api/lists/4', world.admin.authorization, true),
      )
      expect(answers.map(({ status }) => status)).toEqual([200, 403, 200])
      await expectOnlyForwarded(world, ['GET /api/lists/3', 'GET /api/lists/4'])
    }),
    custom('the credential of one request is not that of the next', async (world) => {
      world.witness.forget()
      const first = get('/api/settings')(world).toString().replace('Connection: close\r\n', '')
      const second = 'GET /api/settings HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\n\r\n'
      const { answers } = await send(portOf(world), first + second)
      expect(answers.map(({ status }) => status)).toEqual([200, 403])
      await expectOnlyForwarded(world, ['GET /api/settings'])
    }),
  ),
  row(
    'S12',
    ...[101, 500, 1_999, 2_001, 2_600].map((count) =>
      ends(
        `${count} headers, a credential as the last`,
        (world) =>
          `GET /api/settings HTTP/1.1\r\nHost: gateway.test\r\n${'a:1\r\n'.repeat(count)}Authorization: ${world.admin.authorization}\r\n\r\n`,
        [431],
      ),
    ),
    passes(
      '100 headers',
      (world) =>
        `GET /api/settings HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\n${'X-A: 1\r\n'.repeat(97)}Authorization: ${world.admin.authorization}\r\n\r\n`,
      { target: '/api/settings' },
    ),
  ),
  row(
    'S13',
    ends(
      '16 KiB of headers',
      get(
        '/api/settings',
        Array.from({ length: 17 }, (_, at) => `X-${at}: ${'a'.repeat(1_000)}`),
      ),
      [431],
    ),
    ends('one header of 20 KiB', get('/api/settings', [`X-A: ${'a'.repeat(20_480)}`]), [431]),
    ends(
      '10,000 cookies',
      get(
        '/api/settings',
        Array.from({ length: 10_000 }, () => 'Cookie: a=b'),
      ),
      [431],
    ),
  ),
  row(
    'S15',
    custom('the preface of HTTP/2', async (world) => {
      world.witness.forget()
      const sent = await send(portOf(world), 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
      expect([sent.isClosed, sent.answers.map(({ status }) => status)]).toEqual([true, [400]])
      expect(valueOf(sent.answers[0]?.headers ?? [], 'connection')).toBe('close')
      await expectNothingForwarded(world)
    }),
  ),
]

/** Sends and ends: nothing more comes. */
function cutOff(world: World, bytes: string | Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(portOf(world), '127.0.0.1', () => socket.end(bytes))
    socket.on('error', () => {}).on('close', () => resolve())
    socket.resume()
  })
}
