/** Rows R: what the libraries underneath do by default, and must not do here. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { startUpstream } from '../../helpers/upstream.ts'
import { custom, expectOnlyForwarded, get, lineOf, refuses, json, row, type Row } from '../case.ts'
import { wire } from '../witness.ts'
import { openWorld, portOf, send, valueOf, type World } from '../world.ts'

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string }>>
}

const lock = (): Lock =>
  JSON.parse(readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8')) as Lock

/** Below these a request could crash the process, pass a check or reach the wrong backend. */
const floors: readonly (readonly [name: string, floor: string])[] = [
  ['undici', '8.11.0'],
  ['fastify', '5.12.3'],
  ['find-my-way', '9.9.0'],
  ['@fastify/http-proxy', '11.6.3'],
  ['@fastify/reply-from', '12.6.5'],
  ['@fastify/rate-limit', '11.2.0'],
]

const rank = (version: string): number =>
  version.split('.').reduce((sum, part) => sum * 10_000 + Number.parseInt(part, 10), 0)

/** Every copy in the tree, however deep. */
const versionsOf = (name: string): readonly string[] =>
  Object.entries(lock().packages).flatMap(([path, { version }]) =>
    path.endsWith(`node_modules/${name}`) && version !== undefined ? [version] : [],
  )

const saying = async (world: World, said: string, bytes = get('/api/settings')(world)) => {
  world.witness.forget()
  world.witness.say((socket) => void socket.write(said, 'latin1'))
  const sent = await send(portOf(world), bytes)
  world.witness.say(undefined)
  return sent
}

const big = 'x'.repeat(1_048_576)

export const stackRows: readonly Row[] = [
  row(
    'R1',
    ...[
      [
        'a length and Connection: close',
        `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${big.length}\r\n\r\n`,
      ],
      ['HTTP/1.0', `HTTP/1.0 200 OK\r\nContent-Length: ${big.length}\r\n\r\n`],
      ['no length', 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n'],
    ].map(([name = '', head = '']) =>
      custom(`1 MiB with ${name} to a slow reader`, async (world) => {
        world.witness.say((socket) => socket.end(head + big))
        const socket = connect(portOf(world), '127.0.0.1')
        socket.write(get('/uploads/x')(world))
        await once(socket, 'readable')
        let bytes = ''
        // A piece a turn: the gateway has to hold the backend back, and the backend has long said all.
        for await (const chunk of socket.iterator({ destroyOnReturn: true })) {
          bytes += (chunk as Buffer).toString('latin1')
          await new Promise((resolve) => setImmediate(resolve))
        }
        world.witness.say(undefined)
        expect(bytes.match(/x{16,}/g)?.reduce((sum, piece) => sum + piece.length, 0)).toBe(big.length)
        await expectOnlyForwarded(world, world.witness.seen().requests.map(lineOf))
      }),
    ),
  ),
  row(
    'R3',
    custom('a 503 is told once, at once, and says when to come back', async (world) => {
      const { answers } = await saying(world, wire(503, '{}', ['Retry-After: 120']))
      expect(answers.map(({ status, headers }) => [status, valueOf(headers, 'retry-after')])).toEqual([[503, '120']])
      await expectOnlyForwarded(world, ['GET /api/settings'])
    }),
  ),
  row(
    'R4',
    custom('a closed port is 502 and names no address', async () => {
      const port = await closedPort()
      const world = await openWorld()
      try {
        const { running } = world
        const [tenant] = running.config.tenants
        const upstream = { ...tenant.upstream, urls: [`http://127.0.0.1:${port}`] as const }
        running.gateway.reload({ ...running.config, tenants: [{ ...tenant, upstream }] }, running.policies)
        const { answers, text } = await send(portOf(world), get('/api/settings')(world))
        expect([answers[0]?.status, answers[0]?.body]).toEqual([
          502,
          expect.stringContaining('"code":"upstream-refused"'),
        ])
        expect(text).not.toMatch(new RegExp(`${port}|127\\.0\\.0\\.1|ECONN|undici`))
      } finally {
        await world.close()
      }
    }),
  ),
  row(
    'R7',
    custom('the backend is given up when its caller leaves', async (world) => {
      world.witness.forget()
      world.witness.say(() => {})
      const socket = connect(portOf(world), '127.0.0.1')
      socket.write(get('/api/settings')(world))
      await world.witness.requestsBegun(1)
      socket.destroy()
      await world.witness.connectionClosed(world.witness.seen().requests[0]?.connection ?? 1)
      world.witness.say(undefined)
    }),
  ),
  row(
    'R9',
    custom('a head that does not come to its end is 408', async () => {
      const world = await openWorld()
      await world.close()
      const slow = await openWorld({ config: { server: { ...world.running.config.server, headersTimeoutMs: 300 } } })
      try {
        const { answers, isClosed } = await send(
          portOf(slow),
          'GET /api/settings HTTP/1.1\r\nHost: gateway.test\r\nX-A: ',
        )
        expect([isClosed, answers[0]?.status, answers[0]?.body]).toEqual([
          true,
          408,
          expect.stringContaining('"code":"request-timeout"'),
        ])
      } finally {
        await slow.close()
      }
    }),
  ),
  row(
    'R9',
    custom('the same behind TLS, where the framework takes other options', async () => {
      const world = await openWorld()
      await world.close()
      const file = (name: string): string => fileURLToPath(new URL(`../../fixtures/tls/${name}`, import.meta.url))
      const server = { ...world.running.config.server, headersTimeoutMs: 300 }
      const tls = { certFile: file('good.pem'), keyFile: file('key.pem') }
      const slow = await openWorld({ config: { server, tls } })
      try {
        const said = await overTls(portOf(slow), 'GET /api/settings HTTP/1.1\r\nHost: gateway.test\r\nX-A: ')
        expect(said).toMatch(/^HTTP\/1\.1 408 [^]*"code":"request-timeout"/)
        // Node would refuse it itself, without the envelope.
        expect(await overTls(portOf(slow), 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatch(
          /^HTTP\/1\.1 400 [^]*"code":"header-invalid"/,
        )
      } finally {
        await slow.close()
      }
    }),
  ),
  row(
    'R15',
    custom('a backend that dies behind its head leaves nothing of it on the failure', async (world) => {
      world.witness.say((socket) => {
        socket.write(
          'HTTP/1.1 500 X\r\nContent-Encoding: gzip\r\nSet-Cookie: a=b\r\nETag: "x"\r\nContent-Length: 9\r\n\r\n',
        )
        socket.end()
      })
      const { answers } = await send(portOf(world), get('/api/settings')(world))
      world.witness.say(undefined)
      const [answer] = answers
      expect(answer?.status).toBe(500)
      expect(['content-encoding', 'set-cookie', 'etag'].map((name) => valueOf(answer?.headers ?? [], name))).toEqual([
        undefined,
        undefined,
        undefined,
      ])
      expect(JSON.parse(answer?.body ?? '')).toMatchObject({ data: { code: 'backend-error' } })
    }),
    custom('nor does one that promised JSON make the envelope gzip', async (world) => {
      world.witness.say((socket) =>
        socket.end('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n'),
      )
      const { answers, text } = await send(portOf(world), get('/api/settings')(world))
      world.witness.say(undefined)
      const isEnvelope = answers[0]?.status === 502 && valueOf(answers[0].headers, 'content-encoding') === undefined
      const isCut = answers[0]?.body === ''
      expect([isEnvelope || isCut, text.includes('"data"') && text.includes('gzip')]).toEqual([true, false])
    }),
  ),
  row(
    'R14',
    ...[
      'Host',
      'Authorization',
      'Proxy-Authorization',
      'Content-Type',
      'Range',
      'If-Range',
      'Expect',
      'Origin',
      'X-API-Key',
    ].map((name) =>
      refuses(
        `two of ${name}`,
        json('PUT', '/api/settings', '{}', [`${name}: 100-continue`, `${name}: 100-continue`]),
        400,
        ['header-duplicate', 'header-invalid'],
      ),
    ),
  ),
  row(
    'R17',
    custom('a backend that offers HTTP/2 is spoken to in HTTP/1.1', async (world) => {
      const spoken: unknown[] = []
      const folder = new URL('../../fixtures/tls/', import.meta.url)
      const read = (file: string): Buffer => readFileSync(new URL(file, folder))
      const tls = { cert: read('good.pem'), key: read('key.pem'), ALPNProtocols: ['h2', 'http/1.1'] }
      const backend = await startUpstream((socket) => void socket.write(wire(200, '{}')), {
        tls,
        onConnection: (socket) => spoken.push((socket as TLSSocket).alpnProtocol),
      })
      const { running } = world
      const [tenant] = running.config.tenants
      const upstream = {
        ...tenant.upstream,
        urls: [backend.url] as const,
        caFile: fileURLToPath(new URL('ca.pem', folder)),
      }
      running.gateway.reload({ ...running.config, tenants: [{ ...tenant, upstream }] }, running.policies)
      const { answers } = await send(portOf(world), get('/api/settings')(world))
      running.gateway.reload(running.config, running.policies)
      await backend.close()
      expect([answers.map(({ status }) => status), spoken]).toEqual([[200], ['http/1.1']])
    }),
  ),
  row(
    'R18',
    ...floors.map(([name, floor]) =>
      custom(`every ${name} is at least ${floor}`, async () => {
        const versions = versionsOf(name)
        expect(versions.length).toBeGreaterThan(0)
        expect(versions.filter((version) => rank(version) < rank(floor))).toEqual([])
      }),
    ),
  ),
]

/** All that comes for `bytes` until the gateway closes the connection. */
function overTls(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => socket.write(bytes))
    socket.on('data', (chunk) => (text += chunk.toString('latin1')))
    socket.on('error', () => {})
    socket.on('close', () => resolve(text))
  })
}

async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
