/** Connections that are refused, never made, or closed before there is an answer. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { expect } from 'vitest'
import { http, type Script } from '../../helpers/upstream.ts'
import { askMany, custom, expectHealthy, expectOutcome, fault, requiredOf, row, withFaulty } from '../case.ts'
import { answerHealthy, ask, type Asked, asking, healthyAnswer, until, type World } from '../world.ts'

async function listen(server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
  })

/** Answers whatever comes, a request a packet. */
const healthy = (): Server =>
  createServer((wire) => void wire.on('error', () => {}).on('data', () => wire.write(healthyAnswer)))

/** A process that listens and never accepts: what its backlog cannot take is never answered. */
const deafProgram = `
const server = require('node:net').createServer()
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  require('node:fs').writeSync(1, String(server.address().port))
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})`

async function startDeaf(): Promise<{ readonly child: ChildProcess; readonly port: number; readonly fill: Socket[] }> {
  const child = spawn(process.execPath, ['-e', deafProgram], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(said.toString())
  const fill: Socket[] = []
  // The queue is full when one more connection does not come about.
  for (let connected = true; connected && fill.length < 64;) {
    const wire = connect(port, '127.0.0.1').on('error', () => {})
    fill.push(wire)
    connected = await Promise.race([
      once(wire, 'connect').then(() => true),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 500)),
    ])
  }
  return { child, port, fill }
}

/** Says something on each connection before it is asked, and then answers what it is asked with its target. */
const pusherProgram = `
const how = JSON.parse(process.argv[1])
const text = (body, isLast) => 'HTTP/1.1 200 OK\\r\\nContent-Length: ' + body.length + (isLast ? '\\r\\nConnection: close' : '') + '\\r\\n\\r\\n' + body
const server = require('node:net').createServer((wire) => {
  wire.on('error', () => {})
  setTimeout(() => wire.write(text('pushed', false)), how.pushMs)
  let pending = ''
  wire.on('data', (chunk) => {
    pending += chunk.toString('latin1')
    for (let end = pending.indexOf('\\r\\n\\r\\n'); end >= 0; end = pending.indexOf('\\r\\n\\r\\n')) {
      const head = pending.slice(0, end)
      const length = Number(/content-length: (\\d+)/i.exec(head)?.[1] ?? 0)
      if (pending.length < end + 4 + length) return
      pending = pending.slice(end + 4 + length)
      const isLast = how.isPolite && /^connection: close$/im.test(head)
      setTimeout(() => {
        wire.write(text(head.split(' ')[1], isLast))
        if (isLast) wire.end()
      }, how.answerMs)
    }
  })
})
server.listen(0, '127.0.0.1', () => require('node:fs').writeSync(1, String(server.address().port)))`

async function startPusher(how: object): Promise<{ readonly port: number; end(): Promise<void> }> {
  const child = spawn(process.execPath, ['-e', pusherProgram, JSON.stringify(how)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  return {
    port: Number(said.toString()),
    async end() {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}

const closesAtOnce: Script = (wire) => void wire.end()
const resetsAtOnce: Script = (wire) => void wire.resetAndDestroy()

/** The first request on a connection is answered, each later one ends it. */
const onlyReused =
  (ends: Script): Script =>
  (wire, received) => {
    if (answered.has(wire)) return ends(wire, received)
    answered.add(wire)
    answerHealthy(wire, received)
  }
const answered = new WeakSet<Socket>()

/** The connection of the first answer is closed behind it; the one of the second is kept. */
async function askTwice(world: World): Promise<void> {
  for (let time = 0; time < 2; time++) await askMany(world, 'GET', 1)
}

const reused = (how: string, ends: Script) => [
  custom('repeated', `${how} on a connection used before: what is safe is sent once more`, async (world, id) => {
    await withFaulty({ script: onlyReused(ends) }, async ({ url, requests }) => {
      world.use(url, { connections: 1 })
      await askTwice(world)
      const { asked } = await askMany(world, 'GET', 1)
      await expectOutcome(world, requiredOf(id, 'repeated'), 'GET', asked, requests)
    })
  }),
  custom('not-repeated', `${how} on a connection used before: a write is never sent again`, async (world, id) => {
    for (const method of ['POST', 'PUT', 'DELETE']) {
      await withFaulty({ script: onlyReused(ends) }, async ({ url, requests }) => {
        world.use(url, { connections: 1 })
        await askTwice(world)
        const { asked } = await askMany(world, method, 1)
        await expectOutcome(world, requiredOf(id, 'not-repeated'), method, asked, requests)
        await expectHealthy1(world)
      })
    }
  }),
]

async function expectHealthy1(world: World): Promise<void> {
  expect((await ask(world, asking('GET', world.nextId()))).status).toBe(200)
}

/** Numbers without a pattern, the same in each run. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ; state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) yield state / 2_147_483_648
}

export const connectionRows = [
  row(
    'F01',
    custom('default', 'nobody listens', async (world, id) => {
      for (const method of ['GET', 'POST', 'DELETE']) {
        for (const count of [1, 64]) {
          const server = createServer()
          const port = await listen(server)
          await close(server)
          world.use(`http://127.0.0.1:${port}`)
          const { asked } = await askMany(world, method, count)
          await expectOutcome(world, requiredOf(id, 'default'), method, asked, [])
          const back = healthy()
          await listen(back, port)
          await expectHealthy(world)
          world.use('http://127.0.0.1:1')
          await close(back)
        }
      }
    }),
  ),
  row(
    'F02',
    custom('default', 'nobody accepts, and the backlog is full', async (world, id) => {
      const { child, port, fill } = await startDeaf()
      try {
        world.use(`http://127.0.0.1:${port}`, { connectTimeoutMs: 400 })
        for (const method of ['GET', 'POST']) {
          for (const count of [1, 64]) {
            const { asked } = await askMany(world, method, count)
            await expectOutcome(world, requiredOf(id, 'default'), method, asked, [])
          }
        }
      } finally {
        for (const wire of fill) wire.destroy()
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
      const back = healthy()
      await listen(back, port)
      await expectHealthy(world)
      world.use('http://127.0.0.1:1')
      await close(back)
    }),
  ),
  row(
    'F03',
    fault('unread', 'accepts and reads nothing', {
      onConnection: (wire) => void wire.pause(),
      limits: { headersTimeoutMs: 400 },
    }),
    fault('read', 'reads and never answers', { limits: { headersTimeoutMs: 400 } }),
    custom('given-up', 'the connection of a request without an answer is closed', async (world, id) => {
      await withFaulty({}, async ({ url, requests, connectionClosed }) => {
        world.use(url, { headersTimeoutMs: 400 })
        const { asked } = await askMany(world, 'GET', 1)
        await expectOutcome(world, requiredOf(id, 'given-up'), 'GET', asked, requests)
        await connectionClosed(1)
      })
    }),
  ),
  row(
    'F04',
    fault('default', 'closed when it is accepted', { onConnection: (wire) => void wire.end() }),
    fault('default', 'closed when the request has come', { script: closesAtOnce }),
    reused('closed', closesAtOnce),
  ),
  row(
    'F05',
    fault('default', 'reset when it is accepted', { onConnection: (wire) => void wire.resetAndDestroy() }),
    fault('default', 'reset when the request has come', { script: resetsAtOnce }),
    reused('reset', resetsAtOnce),
  ),
  row(
    'F13',
    custom('default', 'an answer nobody asked for, on idle connections, 200 times', async (world, id) => {
      const script: Script = (wire, { target }) => {
        wire.write(http(200, target), () => setImmediate(() => wire.write(http(200, 'poison'))))
      }
      await withFaulty({ script }, async ({ url, requests, connectionClosed }) => {
        world.use(url, { connections: 1 })
        for (let turn = 1; turn <= 200; turn++) {
          const method = turn % 2 === 0 ? 'GET' : 'POST'
          const { asked } = await askMany(world, method, 1)
          await expectOutcome(world, requiredOf(id, 'default'), method, asked, requests)
          expect(asked.map(({ body }) => body.toString())).toEqual(asked.map(({ target }) => target))
          await connectionClosed(turn)
        }
      })
    }),
    custom('default', 'in one packet with an answer that was asked for, many at once', async (world, id) => {
      const script: Script = (wire, { target }) => void wire.write(http(200, target) + http(200, 'poison'))
      await withFaulty({ script }, async ({ url, requests }) => {
        world.use(url, { connections: 2 })
        // No more than the queue of two connections takes.
        for (let turn = 0; turn < 8; turn++) {
          const { asked } = await askMany(world, 'GET', 8)
          await expectOutcome(world, requiredOf(id, 'default'), 'GET', asked, requests)
          expect(asked.map(({ body }) => body.toString())).toEqual(asked.map(({ target }) => target))
        }
      })
    }),
  ),
  row(
    'F24',
    ...[0, 1, 10, 100].map((mostMs) =>
      custom('read', `idle connections closed after 0 to ${mostMs} ms`, async (world, id) => {
        const chance = numbers(mostMs + 1)
        const waiting = new Set<NodeJS.Timeout>()
        const script: Script = (wire, { target }) => {
          wire.write(http(200, target))
          // More than a tenth would use up the retries there are.
          if (chance.next().value > 0.08) return
          const timer = setTimeout(() => {
            waiting.delete(timer)
            wire.end()
          }, chance.next().value * mostMs)
          waiting.add(timer)
        }
        await withFaulty({ script }, async ({ url, requests }) => {
          world.use(url)
          for (let turn = 0; turn < 40; turn++) {
            const [reads, writes] = await Promise.all([askMany(world, 'GET', 8), askMany(world, 'POST', 2)])
            await expectOutcome(world, requiredOf(id, 'read'), 'GET', reads.asked, requests)
            // A write may have been done before the connection broke: it fails, and is seen once at most.
            await expectOutcome(world, requiredOf(id, 'write'), 'POST', writes.asked, requests)
            await new Promise((resolve) => setTimeout(resolve, chance.next().value * mostMs))
          }
        })
        for (const timer of waiting) clearTimeout(timer)
      }),
    ),
    custom('write', 'writes on connections that were just closed are seen once at most', async (world, id) => {
      const script: Script = (wire, { target }) => void wire.end(http(200, target))
      await withFaulty({ script }, async ({ url, requests }) => {
        world.use(url, { connections: 4 })
        for (let turn = 0; turn < 50; turn++) {
          const { asked } = await askMany(world, 'PUT', 4)
          await expectOutcome(world, requiredOf(id, 'write'), 'PUT', asked, requests)
        }
      })
    }),
  ),
  row(
    'F26',
    ...[
      { pushMs: 0, answerMs: 0, isPolite: true },
      { pushMs: 0, answerMs: 0, isPolite: false },
      { pushMs: 0, answerMs: 60, isPolite: false },
      { pushMs: 3, answerMs: 60, isPolite: true },
      { pushMs: 10, answerMs: 60, isPolite: false },
      { pushMs: 30, answerMs: 200, isPolite: false },
    ].map((how) =>
      custom(
        'default',
        `answers ${how.pushMs} ms after it is connected to, and again ${how.answerMs} ms after it is asked${how.isPolite ? '' : ', and closes nothing'}`,
        async (world, id) => {
          const { status: allowed } = requiredOf(id, 'default')
          const pusher = await startPusher(how)
          world.use(`http://127.0.0.1:${pusher.port}`)
          const asked: Asked[] = []
          for (let turn = 0; turn < 12; turn++) {
            const count = turn % 3 === 0 ? 8 : 1
            asked.push(...(await askMany(world, turn % 2 === 0 ? 'GET' : 'POST', count)).asked)
          }
          for (const { status, target, body } of asked) {
            expect(allowed).toContain(status)
            // Never what another one asked for.
            if (status === 200) expect(['pushed', target]).toContain(body.toString())
          }
          world.use('http://127.0.0.1:1')
          await pusher.end()
        },
      ),
    ),
    ...[1, 2].map((count) =>
      custom('default', `answers before it is asked, ${count} at once`, async (world, id) => {
        const pushed = { onConnection: (wire: Socket) => void wire.write(http(200, 'pushed')) }
        const script: Script = (wire, { target }) => void wire.write(http(200, target))
        await withFaulty({ ...pushed, script }, async ({ url, requests, connections }) => {
          world.use(url)
          for (const method of ['GET', 'POST']) {
            const { asked } = await askMany(world, method, count)
            await expectOutcome(world, requiredOf(id, 'default'), method, asked, requests)
            for (const { status, target, body } of asked) {
              if (status === 200) expect(['pushed', target]).toContain(body.toString())
            }
            // The answer that came second belongs to nobody: its connection goes.
            await until(
              () => connections.every(({ destroyed }) => destroyed),
              () => 'poisoned connections are closed',
            )
          }
        })
      }),
    ),
  ),
]
