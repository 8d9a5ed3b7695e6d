/** The life of backends: names, restarts, processes that stop, streams without end, neighbours. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createHttpServer, get as httpGet, type ServerResponse } from 'node:http'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { expect } from 'vitest'
import type { UpstreamConfig } from '../../../src/config/config.ts'
import { openGateway } from '../../helpers/gateway.ts'
import type { Script } from '../../helpers/upstream.ts'
import { askMany, custom, expectHealthy, expectOutcome, requiredOf, row } from '../case.ts'
import { type Asked, healthyAnswer, unlimited, until } from '../world.ts'

/** Answers whatever comes until it is killed. */
const backendProgram = `
require('node:http').createServer((request, response) => {
  request.resume().on('end', () => response.setHeader('content-type', 'application/json').end('{"data":"healthy"}'))
}).listen(Number(process.argv[1]), '127.0.0.1', function () { require('node:fs').writeSync(1, String(this.address().port)) })`

async function startProcess(port = 0) {
  const child = spawn(process.execPath, ['-e', backendProgram, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }
  return { child, port: Number(said.toString()), end }
}

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
  })

export const lifeRows = [
  row(
    'F34',
    ...(['SIGTERM', 'SIGKILL'] as const).map((signal) =>
      custom('down', `the backend goes down by ${signal} under load and comes again, 3 times`, async (world, id) => {
        let backend = await startProcess()
        const { port } = backend
        world.use(`http://127.0.0.1:${port}`)
        await expectHealthy(world)
        for (let turn = 0; turn < 3; turn++) {
          let isDown = false
          const all: Asked[] = []
          const load = Array.from({ length: 8 }, async (_, at) => {
            while (!isDown) all.push(...(await askMany(world, at % 2 === 0 ? 'GET' : 'POST', 1)).asked)
          })
          await until(
            () => all.length > 50,
            () => 'load',
          )
          await backend.end(signal)
          const { asked } = await askMany(world, 'GET', 8)
          await expectOutcome(world, requiredOf(id, 'down'), 'GET', asked, [])
          isDown = true
          await Promise.all(load)
          for (const { status, end } of all)
            expect([
              [200, 'whole'],
              [502, 'whole'],
              [503, 'whole'],
              [200, 'cut'],
            ]).toContainEqual([status, end])
          backend = await startProcess(port)
          await expectHealthy(world)
        }
        world.use('http://127.0.0.1:1')
        await backend.end('SIGKILL')
      }),
    ),
  ),
  row(
    'F35',
    custom('default', 'the process is stopped under connections that were in use, and goes on', async (world, id) => {
      const backend = await startProcess()
      world.use(`http://127.0.0.1:${backend.port}`, { headersTimeoutMs: 500 })
      await expectHealthy(world)
      backend.child.kill('SIGSTOP')
      for (const method of ['GET', 'DELETE']) {
        const { asked } = await askMany(world, method, 32)
        await expectOutcome(world, { ...requiredOf(id, 'default'), seen: 0 }, method, asked, [])
      }
      backend.child.kill('SIGCONT')
      world.use(`http://127.0.0.1:${backend.port}`, { headersTimeoutMs: 10_000 })
      await expectHealthy(world)
      world.use('http://127.0.0.1:1')
      await backend.end('SIGKILL')
    }),
    custom('open', 'and is left alone meanwhile; it is asked again soon after it goes on', async (world, id) => {
      const backend = await startProcess()
      const breaker = { connectFailures: 5, failurePercent: 50, minRequests: 20, windowMs: 10_000, openMs: 1_000 }
      world.use(`http://127.0.0.1:${backend.port}`, { headersTimeoutMs: 500, breaker })
      await expectHealthy(world)
      backend.child.kill('SIGSTOP')
      await askMany(world, 'DELETE', 32)
      const { asked } = await askMany(world, 'DELETE', 8)
      await expectOutcome(world, requiredOf(id, 'open'), 'DELETE', asked, [])
      backend.child.kill('SIGCONT')
      await until(
        () => world.running.gateway.upstreams()[0]?.members[0]?.state === 'healthy',
        () => 'asked again',
        () => askMany(world, 'GET', 1),
      )
      await expectHealthy(world)
      world.use('http://127.0.0.1:1')
      await backend.end('SIGKILL')
    }),
  ),
  row(
    'F39',
    custom(
      'default',
      '200 event streams stand still, each gets an event, and a drain ends them',
      async (_world, id) => {
        const count = 200
        const open = new Set<ServerResponse>()
        const server = createHttpServer((_request, response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
          open.add(response)
        })
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
        const upstreamUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
        const { running, close: drain } = await openGateway({ policies: unlimited })
        const [tenant] = running.config.tenants
        // The limits pass many times while the streams stand still: events are rare, and the route has a limit of its own.
        const upstream = {
          ...tenant.upstream,
          urls: [upstreamUrl] as const,
          connections: count,
          bodyTimeoutMs: 100,
          totalTimeoutMs: 200,
        }
        running.gateway.reload({ ...running.config, tenants: [{ ...tenant, upstream }] }, running.policies)
        const { authorization } = await running.user('root', ['administrator'])
        const before = process.memoryUsage().heapUsed
        const streams = Array.from({ length: count }, () => {
          const got = { text: '', isClosed: false }
          const request = httpGet(
            `${running.url}/api/events?type=error`,
            { agent: false, headers: { authorization } },
            (response) => {
              response.on('data', (chunk: Buffer) => (got.text += chunk.toString()))
              response.on('error', () => {}).on('close', () => (got.isClosed = true))
            },
          )
          request.on('error', () => {})
          return got
        })
        await until(
          () => open.size === count,
          () => `streams: ${open.size}`,
        )
        await new Promise((resolve) => setTimeout(resolve, 1_000))
        for (const response of open) response.write('data: 1\n\n')
        await until(
          () => streams.every(({ text }) => text === 'data: 1\n\n'),
          () =>
            `an event each: ${JSON.stringify([...new Set(streams.map(({ text, isClosed }) => `${text} ${isClosed}`))])}`,
        )
        expect(streams.some(({ isClosed }) => isClosed)).toBe(false)
        // Callers, gateway and backend are one process here.
        expect(process.memoryUsage().heapUsed - before).toBeLessThan(count * 500 * 1024)
        await drain()
        await until(
          () => streams.every(({ isClosed }) => isClosed),
          () => 'closed by the drain',
        )
        expect(requiredOf(id, 'default').status).toBe(200)
        await close(server)
      },
    ),
  ),
  row(
    'F40',
    custom('healthy', 'a neighbour is answered while every connection of another tenant hangs', async (world, id) => {
      const hung = await withBoth(
        world,
        { headersTimeoutMs: 3_000, connections: 8, queue: { size: 32, waitMs: 10_000 } },
        () => {},
      )
      expect(hung.ms).toBeLessThan(requiredOf(id, 'healthy').within * 1000)
      expect(hung.neighbours).toEqual(Array.from({ length: 64 }, () => 200))
      // The neighbours were done before any of the others.
      expect(hung.endedBefore).toBe(0)
      expect(new Set(hung.others)).toEqual(new Set([503, 504]))
    }),
  ),
]

async function withBoth(
  { running }: Parameters<typeof askMany>[0],
  dead: Pick<UpstreamConfig, 'headersTimeoutMs' | 'connections' | 'queue'>,
  script: Script,
) {
  const [tenant] = running.config.tenants
  const sick = createServer(
    (wire) => void wire.on('error', () => {}).on('data', () => script(wire, undefined as never)),
  )
  const well = createServer((wire) => void wire.on('error', () => {}).on('data', () => wire.write(healthyAnswer)))
  const ports = await Promise.all(
    [sick, well].map(async (server) => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return (server.address() as AddressInfo).port
    }),
  )
  const urlOf = (at: number): string => `http://127.0.0.1:${ports[at] ?? 0}`
  const tenants = [
    { ...tenant, hosts: ['well.test'], upstream: { ...tenant.upstream, urls: [urlOf(1)] } },
    {
      ...tenant,
      name: 'sick' as typeof tenant.name,
      hosts: ['sick.test'],
      upstream: { ...tenant.upstream, urls: [urlOf(0)], ...dead },
    },
  ] as const
  running.gateway.reload({ ...running.config, tenants }, running.policies)
  let ended = 0
  const from = (host: string): Promise<number> =>
    new Promise((resolve, reject) => {
      httpGet(`${running.url}/api/public/lists`, { agent: false, headers: { host } }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0))
      }).on('error', reject)
    })
  // 8 connections and a queue of 32: the others are not even tried.
  const waiting = Array.from({ length: 40 }, async () => {
    const status = await from('sick.test')
    ended++
    return status
  })
  await new Promise<void>((resolve) => {
    const look = (): void =>
      void sick.getConnections((_error, count) => (count === 8 ? resolve() : setTimeout(look, 5)))
    look()
  })
  const over = await from('sick.test')
  const began = performance.now()
  const neighbours = await Promise.all(Array.from({ length: 64 }, () => from('well.test')))
  const ms = performance.now() - began
  const endedBefore = ended
  const others = [over, ...(await Promise.all(waiting))]
  running.gateway.reload({ ...running.config, tenants: [tenant] }, running.policies)
  await Promise.all([close(sick), close(well)])
  return { neighbours, ms, endedBefore, others }
}
