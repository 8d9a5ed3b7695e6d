/** Rows M: methods, upgrades, ranges, expectations. */
import { connect } from 'node:net'
import { expect } from 'vitest'
import {
  custom,
  expectNothingForwarded,
  expectOnlyForwarded,
  get,
  head,
  passes,
  refuses,
  request,
  row,
  type Row,
} from '../case.ts'
import { portOf, send, valueOf } from '../world.ts'

const upgrade = (lines: readonly string[]) => get('/api/settings', lines)
const anonymous = (line: string) => (): string => `${line} HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\n\r\n`

export const methodRows: readonly Row[] = [
  row(
    'M01',
    passes('HEAD is judged as GET', request('HEAD', '/api/lists/5'), { method: 'HEAD', target: '/api/lists/5' }),
    custom('and refused as GET, without a body', async (world) => {
      world.witness.forget()
      const bytes = `HEAD /api/lists/4 HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: ${world.reader.authorization}\r\nConnection: close\r\n\r\n`
      const { answers, text } = await send(portOf(world), bytes, true)
      expect([answers.map(({ status }) => status), text.endsWith('\r\n\r\n')]).toEqual([[403], true])
      await expectNothingForwarded(world)
    }),
    custom('keeps the length of the answer', async (world) => {
      const { answers, text } = await send(portOf(world), request('HEAD', '/api/settings')(world), true)
      expect(answers.map(({ status, headers }) => [status, valueOf(headers, 'content-length')])).toEqual([[200, '56']])
      expect(text.endsWith('\r\n\r\n')).toBe(true)
    }),
    refuses('a path that is not there', request('POST', '/api/lists/5/x'), 404, 'route-unknown'),
  ),
  row(
    'M02',
    refuses('OPTIONS without credentials', anonymous('OPTIONS /api/lists'), 403, 'credentials-missing'),
    refuses('of a route that is not there, the same', anonymous('OPTIONS /api/none'), 403, 'credentials-missing'),
    refuses(
      'a preflight',
      () =>
        'OPTIONS /api/lists HTTP/1.1\r\nHost: gateway.test\r\nOrigin: https://evil.test\r\nAccess-Control-Request-Method: DELETE\r\nConnection: close\r\n\r\n',
      403,
      'credentials-missing',
    ),
    refuses('OPTIONS with them', request('OPTIONS', '/api/lists'), 405, 'method-not-allowed'),
  ),
  row(
    'M03',
    ...[
      'TRACE',
      'TRACK',
      'PROPFIND',
      'QUERY',
      'SEARCH',
      'LINK',
      'PURGE',
      'FOO',
      'get',
      'GeT',
      'GETS',
      'PRI',
      'constructor',
      '__proto__',
    ].map((method) =>
      custom(method, async (world) => {
        world.witness.forget()
        const { answers, isClosed } = await send(portOf(world), request(method, '/api/settings')(world))
        expect([isClosed, answers.map(({ status }) => [400, 405, 501].includes(status))]).toEqual([true, [true]])
        await expectNothingForwarded(world)
      }),
    ),
    refuses('PATCH where it is not', request('PATCH', '/api/settings'), 405, 'method-not-allowed'),
  ),
  row(
    'M04',
    ...[
      [
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Version: 13',
      ],
      ['Connection: upgrade, keep-alive', 'Upgrade: WebSocket'],
      ['Connection: Upgrade', 'Upgrade: foo/2, websocket'],
    ].map((lines) =>
      custom(lines.join(', ').slice(0, 70), async (world) => {
        world.witness.forget()
        const bytes = head('GET /api/settings HTTP/1.1', ['Host: gateway.test', ...lines])
        const { answers } = await send(portOf(world), bytes(world))
        expect(answers.map(({ status }) => status)).toEqual([400])
        await expectNothingForwarded(world)
      }),
    ),
    custom('without credentials', async (world) => {
      world.witness.forget()
      const bytes =
        'GET /api/settings HTTP/1.1\r\nHost: gateway.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
      const { answers } = await send(portOf(world), bytes)
      expect(answers.map(({ status }) => status)).toEqual([403])
      await expectNothingForwarded(world)
    }),
  ),
  row(
    'M04',
    // Node leaves the errors of such a connection to whoever takes it over: nobody had, and the process ended.
    custom('reset at once, without credentials, a hundred times: the gateway lives', async (world) => {
      world.witness.forget()
      const fatal: unknown[] = []
      const note = (error: unknown): void => void fatal.push(error)
      process.on('uncaughtException', note)
      const bytes = (at: number): string =>
        `GET /api/settings HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: token nobody:${at}\r\n` +
        'Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
      for (let at = 0; at < 100; at += 1) await resetBehind(portOf(world), bytes(at))
      await expectNothingForwarded(world)
      process.off('uncaughtException', note)
      expect(fatal).toEqual([])
    }),
    // http-proxy threw where nobody catches: the connection had an answer under way already.
    custom(
      'behind a request whose answer is under way: refused, the connection ends, and the gateway lives',
      async (world) => {
        world.witness.forget()
        const fatal: unknown[] = []
        const note = (error: unknown): void => void fatal.push(error)
        process.on('uncaughtException', note)
        const first = get('/api/settings')(world).toString().replace('Connection: close\r\n', '')
        const second = first.replace('\r\n\r\n', '\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
        const { answers } = await send(portOf(world), first + second + get('/api/settings')(world).toString())
        await expectOnlyForwarded(world, ['GET /api/settings'])
        process.off('uncaughtException', note)
        expect([fatal, answers.map(({ status }) => status)]).toEqual([[], [200, 400]])
      },
    ),
    custom('with a body and a request behind it: neither is read', async (world) => {
      world.witness.forget()
      const bytes =
        'POST /subscription/form HTTP/1.1\r\nHost: gateway.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Content-Length: 5\r\n\r\nhello'
      const { answers, isClosed } = await send(portOf(world), bytes + get('/api/settings')(world).toString())
      expect([answers.map(({ status }) => status), isClosed]).toEqual([[400], true])
      await expectNothingForwarded(world)
    }),
  ),
  row(
    'M05',
    custom('h2c with a smuggled upgrade', async (world) => {
      world.witness.forget()
      const bytes = head('GET /api/settings HTTP/1.1', [
        'Host: gateway.test',
        'Connection: Upgrade, HTTP2-Settings',
        'Upgrade: h2c',
        'HTTP2-Settings: AAMAAABkAAQAAP__',
      ])
      const { answers } = await send(portOf(world), bytes(world))
      expect(answers.map(({ status }) => status)).toEqual([400])
      await expectNothingForwarded(world)
    }),
    passes('h2c without Connection', upgrade(['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__']), {
      target: '/api/settings',
      headers: { upgrade: undefined, 'http2-settings': undefined },
    }),
  ),
  row(
    'M07',
    passes('17 ranges go', get('/uploads/x', [`Range: bytes=${'0-0,'.repeat(1_000)}0-0`]), {
      target: '/uploads/x',
      headers: { range: undefined },
    }),
    passes(
      'a few pass',
      get('/uploads/x', ['Range: bytes=0-0,2-3', 'If-Range: "a"', 'If-None-Match: *', 'If-Match: "b"']),
      {
        target: '/uploads/x',
        headers: { range: 'bytes=0-0,2-3', 'if-range': '"a"', 'if-none-match': '*', 'if-match': '"b"' },
      },
    ),
    passes('but not where the answer is read here', get('/api/lists', ['Range: bytes=0-9']), {
      target: '/api/lists',
      headers: { range: undefined },
    }),
    refuses('two of them', get('/uploads/x', ['Range: bytes=0-0', 'Range: bytes=1-1']), 400, 'header-duplicate'),
    ...[206, 304, 416].map((status) =>
      custom(`${status} passes as it is`, async (world) => {
        const lines = status === 304 ? ['ETag: "a"'] : ['Content-Range: bytes 0-0/9', 'Content-Length: 1']
        world.witness.say(
          (socket) =>
            void socket.write(`HTTP/1.1 ${status} X\r\n${lines.join('\r\n')}\r\n\r\n${status === 304 ? '' : 'a'}`),
        )
        const { answers } = await send(portOf(world), get('/uploads/x', ['Range: bytes=0-0'])(world), status === 304)
        world.witness.say(undefined)
        expect(answers.map((answer) => [answer.status, answer.body, valueOf(answer.headers, 'content-range')])).toEqual(
          [[status, status === 304 ? '' : 'a', status === 304 ? undefined : 'bytes 0-0/9']],
        )
      }),
    ),
  ),
  row(
    'M08',
    custom('a bad credential is refused before a byte of 10 MiB is asked for', async (world) => {
      world.witness.forget()
      const text = await answerTo(
        portOf(world),
        'PUT /api/settings HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: token x:y\r\nContent-Type: application/json\r\n' +
          'Content-Length: 10485760\r\nExpect: 100-continue\r\n\r\n',
      )
      expect(text).toMatch(/^HTTP\/1\.1 403 /)
      await expectNothingForwarded(world)
    }),
    custom('a body that is too large is refused before it is asked for', async (world) => {
      world.witness.forget()
      const text = await answerTo(
        portOf(world),
        `PUT /api/settings HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: ${world.admin.authorization}\r\n` +
          'Content-Type: application/json\r\nContent-Length: 10485760\r\nExpect: 100-continue\r\n\r\n',
      )
      expect(text).toMatch(/^HTTP\/1\.1 413 /)
      await expectNothingForwarded(world)
    }),
    ...['200-ok', '100-continue, 200-ok', '100-continue;x=1', ''].map((value) =>
      refuses(`Expect: ${value}`, get('/api/settings', [`Expect: ${value}`]), 400, 'header-invalid'),
    ),
    refuses(
      'two of them',
      get('/api/settings', ['Expect: 100-continue', 'Expect: 100-continue']),
      400,
      'header-duplicate',
    ),
  ),
]

/** The first bytes that come for a head alone; then the connection is given up. */
function answerTo(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.on('error', () => {})
    socket.once('data', (chunk) => {
      socket.destroy()
      resolve(chunk.toString('latin1'))
    })
  })
}

/** Writes and resets the connection as soon as the bytes are out. */
function resetBehind(port: number, bytes: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, () => socket.resetAndDestroy()))
    socket.on('error', () => {})
    socket.on('close', () => resolve())
  })
}
