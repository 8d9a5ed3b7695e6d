/** Names of backends: that nobody has, that move, and about which nobody says anything. */
import { execFileSync } from 'node:child_process'
import { promises } from 'node:dns'
import { closeSync, constants, openSync } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { createServer, type AddressInfo, type LookupFunction, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { systemNames } from '../../../src/forward/name-sources.ts'
import { createResolver } from '../../../src/forward/resolver.ts'
import { createUpstream } from '../../../src/forward/undici-upstream.ts'
import { startDns } from '../../helpers/dns-server.ts'
import { systemClock } from '../../helpers/gateway.ts'
import { answers, get, http, run } from '../../helpers/upstream.ts'
import { upstreamConfig } from '../../helpers/upstream-config.ts'
import { askMany, custom, requiredOf, row, withFaulty } from '../case.ts'
import { answerHealthy } from '../world.ts'

const patient = {
  connectTimeoutMs: 2_000,
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 10_000,
  totalTimeoutMs: 10_000,
} as const

/** One request to a backend of this name where this is the resolver. */
async function through(port: number, lookup: LookupFunction, connectTimeoutMs = 2_000, name = 'backend.test') {
  const upstream = createUpstream(upstreamConfig(`http://${name}:${port}`, { ...patient, connectTimeoutMs }), {
    name: 'test',
    clock: systemClock,
    lookup,
  })
  const { status, end } = await run(upstream, get('/'))
  await upstream.close()
  return {
    status: status ?? 'none',
    code: end === 'clean' ? undefined : end.code,
    log: end === 'clean' ? undefined : end.proxyError,
  }
}

const fails =
  (code: string): LookupFunction =>
  (name, _options, done) =>
    done(Object.assign(new Error(`lookup of ${name}`), { code }), [])

const names = (name: string, outcome: string, port: number | undefined, lookup: LookupFunction) =>
  custom(outcome, name, async (_world, id) => {
    await withFaulty({ script: answers(http(200)) }, async (faulty) => {
      const required = requiredOf(id, outcome)
      const began = performance.now()
      const { status, code, log } = await through(port ?? faulty.port, lookup, 500)
      expect({ status: code === undefined ? status : required.status, code, log }).toEqual({
        status: required.status,
        code: required.code,
        log: required.log,
      })
      expect(performance.now() - began).toBeLessThan(required.within * 1000)
    })
  })

/** Keeps all of libuv's threads waiting, by opening a pipe into which nobody writes; returns how to let them go. */
async function holdThreads(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-threads-'))
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const held = Array.from({ length: 8 }, () => open(pipe, constants.O_RDONLY))
  await new Promise((resolve) => setTimeout(resolve, 50))
  return async () => {
    const writer = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK)
    for (const handle of await Promise.all(held)) await handle.close()
    closeSync(writer)
    await rm(folder, { recursive: true })
  }
}

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
  })

export const nameRows = [
  row(
    'F33',
    names('no such name', 'unknown', undefined, fails('ENOTFOUND')),
    names('the resolver fails', 'resolver', undefined, fails('EAI_AGAIN')),
    names('the resolver is silent', 'silent', undefined, () => {}),
    names('the first of two addresses is dead', 'answered', undefined, (_name, _options, done) =>
      done(null, [
        { address: '127.0.0.9', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ]),
    ),
    names('only the IPv6 address is dead', 'answered', undefined, (_name, _options, done) =>
      done(null, [
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ]),
    ),
    custom('answered', 'the address changes: a new connection goes to the new one', async (_world, id) => {
      const seen: string[] = []
      const servers = ['127.0.0.1', '127.0.0.2'].map((host) => ({
        host,
        server: createServer((wire) => {
          seen.push(host)
          wire.on('error', () => {}).on('data', () => wire.end(http(200, '', ['Connection: close'])))
        }),
      }))
      const [first, second] = servers
      if (first === undefined || second === undefined) return
      await new Promise<void>((resolve) => first.server.listen(0, first.host, resolve))
      const { port } = first.server.address() as AddressInfo
      await new Promise<void>((resolve) => second.server.listen(port, second.host, resolve))
      let current = first.host
      const upstream = createUpstream(upstreamConfig(`http://backend.test:${port}`, { ...patient, connections: 1 }), {
        name: 'test',
        clock: systemClock,
        lookup: (_name, _options, done) => done(null, [{ address: current, family: 4 }]),
      })
      for (const host of [first.host, second.host, first.host]) {
        current = host
        expect((await run(upstream, get('/'))).status).toBe(requiredOf(id, 'answered').status)
      }
      expect(seen).toEqual([first.host, second.host, first.host])
      await upstream.close()
      await Promise.all(servers.map(({ server }) => close(server)))
    }),
    custom(
      'answered',
      'every thread of the process is held up, as by names that the system cannot find',
      async (world, id) => {
        await withFaulty({ script: answerHealthy }, async ({ port }) => {
          const free = await holdThreads()
          // The system's resolver has no thread left: it does not even find the machine itself.
          let isFound = false
          const system = promises.lookup('localhost').then(() => (isFound = true))
          world.use(`http://localhost:${port}`)
          const { asked } = await askMany(world, 'GET', 8)
          expect(asked.map(({ status }) => status)).toEqual(asked.map(() => requiredOf(id, 'answered').status))
          expect(isFound).toBe(false)
          await free()
          await system
          world.use('http://127.0.0.1:1')
        })
      },
    ),
    custom('answered', 'DNS is silent about four names: a fifth one is found in the meantime', async (_world, id) => {
      const server = await startDns((name) =>
        name === 'well.test' ? { addresses: ['127.0.0.1'], seconds: 1 } : 'silent',
      )
      const asking = (): promises.Resolver => {
        const resolver = new promises.Resolver({ timeout: 1_000, tries: 1 })
        resolver.setServers([server.server])
        return resolver
      }
      const sources = {
        ...systemNames(),
        dns: asking,
        resolvConf: () => '',
        system: () => new Promise<never>(() => {}),
      }
      const resolver = createResolver(sources, systemClock)
      await withFaulty({ script: answerHealthy }, async ({ port }) => {
        let ended = 0
        const stalled = ['a', 'b', 'c', 'd'].map(async (name) => {
          const { code } = await through(port, resolver.lookup, 2_000, `${name}.test`)
          ended++
          return code
        })
        const found = await through(port, resolver.lookup, 2_000, 'well.test')
        expect([found.status, found.code, ended]).toEqual([requiredOf(id, 'answered').status, undefined, 0])
        expect(new Set(await Promise.all(stalled))).toEqual(new Set(['upstream-connect-timeout']))
      })
      resolver.close()
      await server.close()
    }),
    custom('unknown', 'a name that nobody has, through the whole gateway', async (world) => {
      world.use('http://nowhere.invalid', { connectTimeoutMs: 5_000 })
      const { asked } = await askMany(world, 'GET', 8)
      // 504 where the machine's resolver itself does not answer.
      for (const { status } of asked) expect([502, 504]).toContain(status)
    }),
  ),
]
