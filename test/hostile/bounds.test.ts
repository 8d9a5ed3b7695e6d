/**
 * What a connection may cost, over real sockets: slow heads, slow bodies, slow readers, idle and silent connections, many
 * requests, many connections. Each ends within its limit, and others go on meanwhile.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { describe, it, type TestContext } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { maxWaiting } from '../../src/screen/connection.ts'
import { get, request } from './case.ts'
import { openWorld, portOf, send, valueOf, type World } from './world.ts'

const defaults: Config['server'] = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveTimeoutMs: 15_000,
  idleTimeoutMs: 120_000,
  maxRequestsPerSocket: 10_000,
  maxConnections: 4096,
  maxConnectionsPerAddress: 1024,
  minBodyRate: 1024,
  shed: { lagMs: 0, heapPercent: 100, afterMs: 1_000 },
}

async function open(
  { onTestFinished }: TestContext,
  server: Partial<Config['server']>,
  config: Partial<Config> = {},
): Promise<World> {
  const world = await openWorld({ config: { ...config, server: { ...defaults, ...server } } })
  onTestFinished(() => world.close())
  return world
}

interface Visit {
  readonly text: string
  readonly ms: number
}

/** Sends `head`, then a piece of `rest` every `everyMs`, and reads until the gateway closes. */
function trickle(port: number, head: string, rest: string, everyMs: number, piece = 1): Promise<Visit> {
  return new Promise((resolve) => {
    const beganAt = performance.now()
    let text = ''
    let at = 0
    let timer: NodeJS.Timeout | undefined
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(head, 'latin1')
      timer = setInterval(() => {
        socket.write(rest.slice(at, at + piece), 'latin1')
        at += piece
      }, everyMs)
    })
    socket.on('data', (chunk) => (text += chunk.toString('latin1')))
    socket.on('error', () => {})
    socket.on('close', () => {
      clearInterval(timer)
      resolve({ text, ms: performance.now() - beganAt })
    })
  })
}

/** The status and code of the one answer. */
const outcome = ({ text }: Visit): readonly [status: number, code: string | undefined] => [
  Number(text.slice(9, 12)),
  /"code":"([a-z-]+)"/.exec(text)?.[1],
]

const isServed = async (world: World): Promise<boolean> => {
  const { answers } = await send(portOf(world), get('/api/lists/3')(world))
  return answers[0]?.status === 200
}

/** Connected, as the kernel sees it; whether it stays so is another matter. */
async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** A reset closes too. */
const closed = (socket: Socket): Promise<'closed'> =>
  new Promise((resolve) => {
    if (socket.destroyed) resolve('closed')
    else socket.resume().once('close', () => resolve('closed'))
  })

// Each waits for a clock most of its time.
describe.concurrent('time', () => {
  it('of a head: many that come byte by byte end with 408, and others are served meanwhile', async (test) => {
    const { expect } = test
    const world = await open(test, { headersTimeoutMs: 1_000 })
    const slow = Array.from({ length: 200 }, () =>
      trickle(portOf(world), 'GET /api/lists HTTP/1.1\r\n', 'X: y\r\n', 300),
    )

    expect(await isServed(world)).toBe(true)
    const visits = await Promise.all(slow)
    expect(new Set(visits.map((each) => outcome(each).join(' ')))).toEqual(new Set(['408 request-timeout']))
    // The limit, and the second that passes between two looks.
    expect(Math.max(...visits.map(({ ms }) => ms))).toBeLessThan(3_500)
    expect(world.witness.seen().requests.map(({ target }) => target)).toEqual(['/api/lists/3'])
  })

  it('of a request: a body that comes byte by byte ends with 408 and was never whole', async (test) => {
    const { expect } = test
    const world = await open(test, { requestTimeoutMs: 1_500, headersTimeoutMs: 1_000, minBodyRate: 1 })
    const head = request('PUT', '/api/settings', ['Content-Type: application/json', 'Content-Length: 1000'])(world)
    const visit = await trickle(portOf(world), head.toString('latin1'), ' '.repeat(1000), 100)

    expect(outcome(visit)).toEqual([408, 'request-timeout'])
    expect(visit.ms).toBeLessThan(4_000)
    expect(world.witness.seen().requests).toEqual([])
  })

  it.for([
    { how: 'judged', method: 'PUT', target: '/api/settings', type: 'Content-Type: application/json' },
    { how: 'passed unread', method: 'POST', target: '/webhooks/service/ses', type: 'Content-Type: text/plain' },
  ])(
    'of a slow body that is $how: below the least rate it ends, with a length or in chunks',
    async ({ method, target, type }, test) => {
      const { expect } = test
      const world = await open(test, { minBodyRate: 500 })
      const begun = (framing: string) => request(method, target, [type, framing])(world).toString('latin1')
      const [withLength, inChunks] = await Promise.all([
        trickle(portOf(world), begun('Content-Length: 100000'), ' '.repeat(1000), 200, 4),
        trickle(portOf(world), begun('Transfer-Encoding: chunked'), '1\r\n \r\n'.repeat(100), 300, 6),
      ])

      for (const visit of [withLength, inChunks]) {
        expect(outcome(visit)).toEqual([408, 'request-timeout'])
        expect([visit.ms > 4_000, visit.ms < 9_000]).toEqual([true, true])
      }
      expect(world.witness.seen().requests.filter(({ isComplete }) => isComplete)).toEqual([])
    },
  )

  it('of a slow body: who comes at the rate is not ended by it', async (test) => {
    const { expect } = test
    const world = await open(test, { minBodyRate: 500 })
    const head = request('PUT', '/api/settings', ['Content-Type: application/json', 'Content-Length: 7000'])(world)
    const visit = await trickle(portOf(world), head.toString('latin1'), `{"a":1}${' '.repeat(6993)}`, 100, 100)

    expect(Number(visit.text.slice(9, 12))).toBe(200)
    expect(visit.ms).toBeGreaterThan(6_000)
  })

  it('of a slow body: nor who has to wait for a backend that does not read', async (test) => {
    const { expect } = test
    const world = await open(test, { minBodyRate: 100_000 })
    // Reads nothing for six seconds, then everything.
    world.witness.say((socket, { method }) => {
      if (method === 'POST') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    })
    const size = 4 * 1024 * 1024
    const head = request('POST', '/webhooks/service/ses', ['Content-Type: text/plain', `Content-Length: ${size}`])(
      world,
    )
    world.witness.holdReading(6_000)
    const { answers } = await send(
      portOf(world),
      Buffer.concat([head as Buffer, Buffer.alloc(size, 'x')]),
      false,
      12_000,
    )

    expect(answers.map(({ status }) => status)).toEqual([200])
  })

  it('between two requests, and of a connection that says nothing', async (test) => {
    const { expect } = test
    const world = await open(test, { keepAliveTimeoutMs: 1_000, idleTimeoutMs: 1_500 })
    const beganAt = performance.now()
    const used = await connected(portOf(world))
    used.write(get('/api/lists/3')(world).toString('latin1').replace('Connection: close\r\n', ''))
    const silent = await connected(portOf(world))

    expect(await Promise.all([closed(used), closed(silent)])).toEqual(['closed', 'closed'])
    expect(performance.now() - beganAt).toBeLessThan(6_000)
  })

  it('of a reader who takes 10 MB a few bytes at a time: the whole exchange has an end, and memory a bound', async (test) => {
    const { expect } = test
    const world = await open(test, {})
    const [tenant] = world.running.config.tenants
    const upstream = { ...tenant.upstream, totalTimeoutMs: 3_000 }
    world.running.gateway.reload(
      { ...world.running.config, tenants: [{ ...tenant, upstream }] },
      world.running.policies,
    )
    const big = Buffer.alloc(10 * 1024 * 1024, 'x')
    world.witness.say((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${big.length}\r\n\r\n`)
      socket.write(big)
    })
    const before = process.memoryUsage().arrayBuffers
    const beganAt = performance.now()
    const readers = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const socket = connect({ port: portOf(world), host: '127.0.0.1', highWaterMark: 1024 } as never)
        socket.on('error', () => {})
        socket.pause()
        socket.write(get('/uploads/x')(world))
        let bytes = 0
        const timer = setInterval(() => (bytes += (socket.read(64) as Buffer | null)?.length ?? 0), 50)
        await once(socket, 'connect')
        return { socket, timer, bytes: () => bytes }
      }),
    )
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    // The witness in this very process writes the same Buffer to all: what grows is what the gateway holds.
    const heldMiB = (process.memoryUsage().arrayBuffers - before) / 1024 / 1024
    for (const { socket, timer } of readers) {
      clearInterval(timer)
      await closed(socket)
    }

    expect(heldMiB).toBeLessThan(64)
    expect(performance.now() - beganAt).toBeLessThan(10_000)
    world.witness.say(undefined)
    expect(await isServed(world)).toBe(true)
  })
})

describe.concurrent('numbers', () => {
  it('of requests on one connection: the last one that is answered says so, and nothing behind it is read', async (test) => {
    const { expect } = test
    const world = await open(test, { maxRequestsPerSocket: 3 })
    const one = get('/api/lists/3')(world).toString('latin1').replace('Connection: close\r\n', '')
    const { answers, isClosed } = await send(portOf(world), one.repeat(5))

    expect(isClosed).toBe(true)
    expect(answers.map(({ status, headers }) => [status, valueOf(headers, 'connection')]).slice(0, 3)).toEqual([
      [200, 'keep-alive'],
      [200, 'keep-alive'],
      [200, 'close'],
    ])
    expect(world.witness.seen().requests).toHaveLength(3)
  })

  it('of requests ahead of their answers: who sends more than are waited for loses the connection', async (test) => {
    const { expect } = test
    const world = await open(test, {})
    const one = get('/api/lists/3')(world).toString('latin1').replace('Connection: close\r\n', '')
    const last = get('/api/lists/4')(world).toString('latin1')
    const { answers } = await send(portOf(world), one.repeat(maxWaiting) + last)
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: maxWaiting + 1 }, () => 200))

    world.witness.forget()
    world.witness.say(() => {})
    const flood = await connected(portOf(world))
    flood.write(one)
    await world.witness.requestsBegun(1)
    for (let piece = 0; piece < 50 && !flood.destroyed; piece++) flood.write(one.repeat(100))
    await closed(flood)
    expect(world.witness.seen().requests).toHaveLength(1)
    world.witness.say(undefined)
    expect(await isServed(world)).toBe(true)
  })

  it('of all connections: what comes beyond is closed at once, and told', async (test) => {
    const { expect } = test
    const world = await open(test, { maxConnections: 3 })
    const some = await Promise.all(Array.from({ length: 3 }, () => connected(portOf(world))))
    const beyond = await connected(portOf(world))

    expect(await closed(beyond)).toBe('closed')
    expect(some.map(({ destroyed }) => destroyed)).toEqual([false, false, false])
    expect(world.running.log().filter(({ msg }) => String(msg).startsWith('more connections than'))).toMatchObject([
      { level: 'warn', refused: 1 },
    ])
    for (const socket of some) socket.destroy()
    await expect.poll(() => isServed(world)).toBe(true)
  })

  it('of the connections of one address: what comes beyond is closed at once, and told; room comes back', async (test) => {
    const { expect } = test
    const world = await open(test, { maxConnectionsPerAddress: 4 })
    const some = await Promise.all(Array.from({ length: 4 }, () => connected(portOf(world))))
    const beyond = await Promise.all(Array.from({ length: 5 }, () => connected(portOf(world))))

    expect(await Promise.all(beyond.map(closed))).toEqual(Array.from({ length: 5 }, () => 'closed'))
    expect(some.map(({ destroyed }) => destroyed)).toEqual([false, false, false, false])
    const told = world.running.log().filter(({ msg }) => String(msg).startsWith('more connections from one address'))
    expect(told).toMatchObject([
      { level: 'warn', client_ip: expect.stringContaining('127.0.0.1') as unknown, refused: 1 },
    ])
    // Another address of this machine has room of its own.
    const other = connect({ port: portOf(world), host: '127.0.0.1', localAddress: '127.0.0.2' })
    other.write(get('/api/lists/3')(world))
    const [chunk] = (await once(other, 'data')) as [Buffer]
    expect(chunk.toString('latin1').slice(0, 12)).toBe('HTTP/1.1 200')
    for (const socket of [...some, other]) socket.destroy()
    await expect.poll(() => isServed(world)).toBe(true)
  })

  it('of the connections of a trusted proxy are not counted', async (test) => {
    const { expect } = test
    const world = await open(test, { maxConnectionsPerAddress: 2 }, { trustedProxies: ['127.0.0.1'] })
    const some = await Promise.all(Array.from({ length: 5 }, () => connected(portOf(world))))

    expect(await isServed(world)).toBe(true)
    expect(some.map(({ destroyed }) => destroyed)).toEqual(Array.from({ length: 5 }, () => false))
    for (const socket of some) socket.destroy()
  })

  it('of the connections of one address behind TLS: half-made handshakes count, and room comes back', async (test) => {
    const { expect } = test
    const file = (name: string): string => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url))
    const tls = { certFile: file('good.pem'), keyFile: file('key.pem') }
    const world = await open(test, { maxConnectionsPerAddress: 3 }, { tls })
    const some = await Promise.all(Array.from({ length: 3 }, () => connected(portOf(world))))
    const secure = () => {
      const socket = connectTls({ port: portOf(world), host: '127.0.0.1', rejectUnauthorized: false })
      socket.on('error', () => {})
      return new Promise<boolean>((resolve) => {
        socket.once('secureConnect', () => resolve(true))
        socket.once('close', () => resolve(false))
      }).finally(() => socket.destroy())
    }

    expect(await secure()).toBe(false)
    for (const socket of some) socket.destroy()
    for (let again = 0; again < 10; again++) await expect.poll(secure).toBe(true)
  })
})
