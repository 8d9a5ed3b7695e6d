/** Stories of backends that are ill: a whole gateway over real sockets, and backends that count what they see. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { UpstreamConfig } from '../../src/config/config.ts'
import type { MemberState, UpstreamHealth } from '../../src/model/ports.ts'
import { openGateway, type Running, type User } from '../helpers/gateway.ts'
import { asking, type Asked, ask, unlimited, until, type World } from './world.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** A backend that can go away and come back on its port. */
interface Ill {
  readonly url: string
  handler: Handler
  /** Targets of all requests, by method. */
  readonly seen: { readonly method: string; readonly target: string }[]
  connections: number
  /** The most requests under way at once. */
  most: number
  stop(): Promise<void>
  start(): Promise<void>
}

const well: Handler = (_request, response) => {
  response.setHeader('content-type', 'application/json').end('{"data":"well"}')
}

async function startIll(handler: Handler = well): Promise<Ill> {
  const sockets = new Set<Socket>()
  let server: Server | undefined
  let port = 0
  let underWay = 0
  const ill: Ill = {
    get url() {
      return `http://127.0.0.1:${port}`
    },
    handler,
    seen: [],
    connections: 0,
    most: 0,
    async start() {
      server = createServer((request, response) => {
        ill.seen.push({ method: request.method ?? '', target: request.url ?? '' })
        ill.most = Math.max(ill.most, ++underWay)
        response.on('close', () => underWay--)
        request.resume()
        ill.handler(request, response)
      })
      server.on('connection', (socket) => {
        ill.connections++
        sockets.add(socket)
        socket.on('close', () => sockets.delete(socket))
      })
      await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve))
      port = (server.address() as AddressInfo).port
    },
    /** As when its process ends: nobody listens, and all connections break. */
    async stop() {
      const closed = new Promise((resolve) => server?.close(resolve))
      for (const socket of sockets) socket.resetAndDestroy()
      await closed
    },
  }
  await ill.start()
  onTestFinished(() => ill.stop())
  return ill
}

interface Scene {
  readonly world: World
  readonly health: () => UpstreamHealth
  readonly states: () => readonly MemberState[]
  /** The words of the lines that were logged of members so far. */
  readonly told: () => readonly string[]
}

async function gatewayTo(backends: readonly Ill[], more: Partial<UpstreamConfig> = {}): Promise<Scene> {
  const { running, close } = await openGateway({ policies: unlimited })
  onTestFinished(close)
  const [tenant] = running.config.tenants
  const [first = '', ...others] = backends.map(({ url }) => url)
  const upstream: UpstreamConfig = { ...tenant.upstream, ...more, urls: [first, ...others] }
  running.gateway.reload({ ...running.config, tenants: [{ ...tenant, upstream }] }, running.policies)
  const world = worldOf(running, await running.user('root', ['administrator']))
  const health = (): UpstreamHealth => {
    const [one] = running.gateway.upstreams()
    if (one === undefined) throw new Error('no upstream')
    return one
  }
  return {
    world,
    health,
    states: () => health().members.map(({ state }) => state),
    told: () => running.log().flatMap((line) => (typeof line['member'] === 'string' ? [String(line['msg'])] : [])),
  }
}

function worldOf(running: Running, root: User): World {
  let id = 0
  const never = (): never => {
    throw new Error('not of this world')
  }
  const port = Number(new URL(running.url).port)
  return { running, root, port, nextId: () => ++id, use: never, linesOf: never, close: never }
}

const askOne = ({ world }: Scene, method = 'GET'): Promise<Asked> => ask(world, asking(method, world.nextId()))

const askMany = (scene: Scene, count: number, method = 'GET'): Promise<readonly Asked[]> =>
  Promise.all(Array.from({ length: count }, () => askOne(scene, method)))

const statusesOf = (asked: readonly Asked[]): readonly unknown[] => asked.map(({ status }) => status)
const ok = (count: number): readonly number[] => Array.from({ length: count }, () => 200)

const codeOf = ({ body }: Asked): unknown => (JSON.parse(body.toString()) as { data: { code: string } }).data.code

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Callers who ask one after the other until they are told to stop. */
function load(scene: Scene, callers: number, method = 'GET'): { readonly asked: Asked[]; stop(): Promise<void> } {
  const asked: Asked[] = []
  let isOver = false
  const all = Array.from({ length: callers }, async () => {
    while (!isOver) asked.push(await askOne(scene, method))
  })
  return {
    asked,
    async stop() {
      isOver = true
      await Promise.all(all)
    },
  }
}

/** Nothing was sent twice that is not safe to repeat. */
const expectOnce = (...backends: readonly Ill[]): void => {
  const writes = backends.flatMap(({ seen }) =>
    seen.filter(({ method }) => method === 'POST').map(({ target }) => target),
  )
  expect(writes).toEqual([...new Set(writes)])
}

/** Of the upstream: everything came back. */
const expectAtRest = async ({ health }: Scene): Promise<void> => {
  await until(
    () => health().inFlight + health().queued + health().held === 0,
    () => JSON.stringify(health()),
  )
  expect(health().members.map(({ inFlight }) => inFlight)).toEqual(health().members.map(() => 0))
}

describe('two members', () => {
  it('of which one is dead: no request fails, and none is sent twice', async () => {
    const [dead, alive] = [await startIll(), await startIll()]
    await dead.stop()
    const scene = await gatewayTo([dead, alive])

    for (const method of ['GET', 'POST', 'GET', 'POST'])
      expect(statusesOf(await askMany(scene, 40, method))).toEqual(ok(40))
    expect(alive.seen).toHaveLength(160)
    expectOnce(alive)
    expect(scene.states()).toEqual(['open', 'healthy'])
    await expectAtRest(scene)
    await dead.start()
  })

  it('of which one dies and comes back under load: no read fails, writes only where they were under way', async () => {
    const [one, other] = [await startIll(), await startIll()]
    const scene = await gatewayTo([one, other])
    const reads = load(scene, 6)
    const writes = load(scene, 2, 'POST')
    await until(
      () => reads.asked.length > 100,
      () => 'load',
    )
    await one.stop()
    await until(
      () => scene.states()[0] === 'open',
      () => 'open',
    )
    const before = one.seen.length
    await one.start()
    await until(
      () => one.seen.length > before + 20,
      () => `asked again: ${JSON.stringify(scene.health())}`,
    )
    await Promise.all([reads.stop(), writes.stop()])

    expect(new Set(statusesOf(reads.asked))).toEqual(new Set([200]))
    // A connection that breaks under a write leaves it unknown whether it was done.
    expect(writes.asked.filter(({ status }) => status !== 200).length).toBeLessThanOrEqual(2)
    expectOnce(one, other)
    expect(scene.states()).toEqual(['healthy', 'healthy'])
    await expectAtRest(scene)
  })

  it('share the work', async () => {
    const slow: Handler = (request, response) => void setTimeout(() => well(request, response), 20)
    const [one, other] = [await startIll(slow), await startIll(slow)]
    const scene = await gatewayTo([one, other])
    for (let turn = 0; turn < 5; turn++) expect(statusesOf(await askMany(scene, 20))).toEqual(ok(20))

    for (const { seen } of [one, other]) expect(seen.length).toBeGreaterThan(25)
  })

  it('each hear their own name, where none is given', async () => {
    const hosts: unknown[] = []
    const note: Handler = (request, response) => {
      hosts.push(request.headers.host)
      well(request, response)
    }
    const [one, other] = [await startIll(note), await startIll(note)]
    const scene = await gatewayTo([one, other])
    await askMany(scene, 30)

    expect(new Set(hosts)).toEqual(new Set([one.url.slice(7), other.url.slice(7)]))
  })
})

describe('a backend that is started anew', () => {
  it.each([1_000, 1_800])('and away for %i ms under load costs GETs nothing', async (awayMs) => {
    const backend = await startIll((request, response) => void setTimeout(() => well(request, response), 5))
    // A machine that is slow to do anything takes longer to start it.
    const scene = await gatewayTo([backend], { retry: { budgetPercent: 10, waitMs: 10_000, held: 1_024 } })
    const reads = load(scene, 24)
    await until(
      () => reads.asked.length > 200,
      () => 'load',
    )
    for (let turn = 0; turn < 2; turn++) {
      await backend.stop()
      await pause(awayMs)
      const before = reads.asked.length
      await backend.start()
      await until(
        () => reads.asked.length > before + 200,
        () => `back: ${JSON.stringify(scene.health())}`,
      )
    }
    await reads.stop()

    const failed = reads.asked.filter(({ status, end }) => status !== 200 || end !== 'whole')
    expect([failed.length, reads.asked.length > 600]).toEqual([0, true])
    // One caller, one request: nothing was sent more than twice.
    const counts = Map.groupBy(backend.seen, ({ target }) => target)
    expect(Math.max(...[...counts.values()].map((each) => each.length))).toBeLessThanOrEqual(2)
    await expectAtRest(scene)
  })

  it('costs nothing with the defaults either, where it is back in time', async () => {
    const backend = await startIll()
    const scene = await gatewayTo([backend])
    await askMany(scene, 8)
    await backend.stop()
    const waiting = askMany(scene, 32)
    await pause(300)
    await backend.start()

    expect(statusesOf(await waiting)).toEqual(ok(32))
  })

  it('keeps nobody waiting for longer than was said', async () => {
    const backend = await startIll()
    const scene = await gatewayTo([backend], { retry: { budgetPercent: 10, waitMs: 400, held: 1_024 } })
    await backend.stop()
    const asked = await askMany(scene, 16)

    // Tried in vain, or not even tried.
    expect(asked.filter(({ status }) => status !== 502 && status !== 503)).toEqual([])
    expect(Math.min(...asked.map(({ ms }) => ms))).toBeGreaterThan(300)
    // Whoever comes later waits no more: not tried, so 503.
    const late = await askOne(scene)
    expect([late.status, codeOf(late)]).toEqual([503, 'upstream-unavailable'])
    expect(late.ms).toBeLessThan(300)
    await expectAtRest(scene)
    await backend.start()
  })

  it('holds no more requests than it may', async () => {
    const backend = await startIll()
    const scene = await gatewayTo([backend], { retry: { budgetPercent: 10, waitMs: 30_000, held: 5 } })
    await backend.stop()
    const waiting = askMany(scene, 20)
    await until(
      () => scene.health().held === 5,
      () => JSON.stringify(scene.health()),
    )
    await backend.start()

    const statuses = statusesOf(await waiting)
    expect(statuses.filter((status) => status === 200)).toHaveLength(5)
    expect(statuses.filter((status) => status === 502 || status === 503)).toHaveLength(15)
  })

  it('never gets a write that waited: that is told at once that nobody listens', async () => {
    const backend = await startIll()
    const scene = await gatewayTo([backend], { retry: { budgetPercent: 10, waitMs: 30_000, held: 64 } })
    await backend.stop()
    const asked = await askMany(scene, 4, 'POST')
    await backend.start()
    expect(statusesOf(asked)).toEqual([502, 502, 502, 502])
    expect(asked.map(codeOf)).toEqual(asked.map(() => 'upstream-refused'))
    await until(
      () => scene.states()[0] !== 'open',
      () => 'back',
    )
    expect(backend.seen.filter(({ method }) => method === 'POST')).toEqual([])
  })

  it('gives up whoever leaves while it is waited for', async () => {
    const backend = await startIll()
    const scene = await gatewayTo([backend], { retry: { budgetPercent: 10, waitMs: 30_000, held: 64 } })
    await backend.stop()
    const leaver = new AbortController()
    const { running, root } = scene.world
    const waiting = fetch(`${running.url}/api/lang/1`, {
      headers: { authorization: root.authorization },
      signal: leaver.signal,
    })
    await until(
      () => scene.health().held === 1,
      () => JSON.stringify(scene.health()),
    )
    leaver.abort()
    await expect(waiting).rejects.toThrow('aborted')
    await expectAtRest(scene)
    await backend.start()
  })
})

describe('the breaker', () => {
  const ill: Handler = (_request, response) => void response.socket?.destroy()
  const rule = { connectFailures: 5, failurePercent: 50, minRequests: 10, windowMs: 10_000, openMs: 60_000 }
  const impatient = { retry: { budgetPercent: 10, waitMs: 0, held: 1 } }

  it('opens when requests fail: 503 and Retry-After, without a connection, and says so in the log', async () => {
    const backend = await startIll(ill)
    const scene = await gatewayTo([backend], { breaker: rule, ...impatient })
    const first = statusesOf(await askMany(scene, 20, 'POST'))
    expect(first.filter((status) => status === 502).length).toBeGreaterThanOrEqual(10)
    expect(scene.states()).toEqual(['open'])
    const { connections, seen } = { connections: backend.connections, seen: backend.seen.length }

    for (const method of ['GET', 'POST', 'DELETE']) {
      const asked = await askOne(scene, method)
      expect([asked.status, codeOf(asked)]).toEqual([503, 'upstream-unavailable'])
      const seconds = Number(asked.headers['retry-after'])
      expect([seconds > 0, seconds <= 60]).toEqual([true, true])
    }
    expect([backend.connections, backend.seen.length]).toEqual([connections, seen])
    expect(scene.told()).toEqual(['breaker open: the member is left alone'])
    const [line] = scene.world.running.log().filter((each) => each['member'] !== undefined)
    expect(line).toMatchObject({
      level: 'warn',
      upstream: 'default',
      member: backend.url,
      state: 'open',
      error: { code: 'upstream-reset', proxy_error: 'connection_terminated' },
    })
    expect(JSON.stringify(line)).not.toContain('demo')
  })

  it('opens when nobody listens, at the fifth in a row', async () => {
    const backend = await startIll()
    await backend.stop()
    const scene = await gatewayTo([backend], { breaker: rule, ...impatient })
    const statuses: unknown[] = []
    for (let at = 0; at < 7; at++) statuses.push((await askOne(scene, 'POST')).status)

    expect(statuses).toEqual([502, 502, 502, 502, 502, 503, 503])
    await backend.start()
  })

  it('lets exactly one through when it is time, and all when that one is answered', async () => {
    let isIll = true
    const held: (() => void)[] = []
    const backend = await startIll((request, response) => {
      if (isIll) ill(request, response)
      else held.push(() => well(request, response))
    })
    const scene = await gatewayTo([backend], { breaker: { ...rule, openMs: 300 }, ...impatient })
    await askMany(scene, 20, 'POST')
    expect(scene.states()).toEqual(['open'])
    isIll = false
    await pause(350)
    const before = backend.seen.length
    const many = askMany(scene, 20, 'POST')
    await until(
      () => held.length === 1,
      () => 'one through',
    )
    // The others are refused while it is under way.
    const rest = await askMany(scene, 5)
    expect([scene.states(), statusesOf(rest)]).toEqual([['half-open'], [503, 503, 503, 503, 503]])
    held[0]?.()
    const statuses = statusesOf(await many)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 503)).toHaveLength(19)
    expect(backend.seen.length - before).toBe(1)

    backend.handler = well
    expect(scene.states()).toEqual(['healthy'])
    expect(statusesOf(await askMany(scene, 20, 'POST'))).toEqual(ok(20))
    expect(scene.told()).toEqual([
      'breaker open: the member is left alone',
      'breaker half-open: one request tries the member',
      'breaker closed: the member is back',
    ])
  })

  it('lets the next one through when the first leaves without having heard', async () => {
    let isIll = true
    const backend = await startIll((request, response) => {
      if (isIll) ill(request, response)
    })
    const scene = await gatewayTo([backend], { breaker: { ...rule, openMs: 200 }, ...impatient })
    await askMany(scene, 20, 'POST')
    isIll = false
    await pause(250)
    const leaver = new AbortController()
    const { running, root } = scene.world
    const first = fetch(`${running.url}/api/lang/1`, {
      headers: { authorization: root.authorization },
      signal: leaver.signal,
    })
    await until(
      () => scene.health().inFlight === 1,
      () => 'under way',
    )
    leaver.abort()
    await expect(first).rejects.toThrow('aborted')
    await until(
      () => scene.health().inFlight === 0,
      () => 'given up',
    )
    backend.handler = well
    expect((await askOne(scene)).status).toBe(200)
    expect(scene.states()).toEqual(['healthy'])
  })

  it('counts no status: a backend that answers 400 and 500 is asked on', async () => {
    const backend = await startIll((request, response) => {
      response.statusCode = request.method === 'POST' ? 400 : 500
      response.end('{}')
    })
    const scene = await gatewayTo([backend], { breaker: rule })
    const asked = [...(await askMany(scene, 40)), ...(await askMany(scene, 40, 'POST'))]

    expect(new Set(statusesOf(asked))).toEqual(new Set([400, 500]))
    expect([backend.seen.length, scene.states()]).toEqual([80, ['healthy']])
  })

  it('is over soon after somebody listens again, however long it was open', async () => {
    const backend = await startIll()
    await backend.stop()
    const scene = await gatewayTo([backend], { breaker: rule, ...impatient })
    for (let at = 0; at < 6; at++) await askOne(scene, 'POST')
    expect(scene.states()).toEqual(['open'])
    await pause(1_500)
    await backend.start()
    const startedAt = performance.now()
    await until(
      () => scene.states()[0] === 'half-open',
      () => 'knocked at',
    )
    const statuses = statusesOf([await askOne(scene, 'POST')])
    // It is knocked at ten times a second; the bound is for machines that have something else to do.
    expect(performance.now() - startedAt).toBeLessThan(5_000)
    expect([statuses, scene.states()]).toEqual([[200], ['healthy']])
  })
})

describe('the cap and the line', () => {
  it('are never exceeded, as the backend counts, and what finds no room is told at once', async () => {
    const held: (() => void)[] = []
    const backend = await startIll((request, response) => void held.push(() => well(request, response)))
    const scene = await gatewayTo([backend], { inFlight: 4, queue: { size: 6, waitMs: 30_000 } })
    const many = Array.from({ length: 30 }, () => askOne(scene))
    const refused: Asked[] = []
    for (const each of many) void each.then((asked) => refused.push(asked))
    await until(
      () => refused.length === 20,
      () => `refused: ${refused.length}`,
    )
    expect([backend.seen.length <= 4, new Set(refused.map(codeOf))]).toEqual([true, new Set(['overloaded'])])
    expect(new Set(refused.map(({ status, headers }) => [status, headers['retry-after']].join(' ')))).toEqual(
      new Set(['503 1']),
    )
    await until(
      () => scene.health().inFlight === 4 && scene.health().queued === 6 && held.length === 4,
      () => JSON.stringify(scene.health()),
    )
    for (let answered = 0; answered < 10; answered++) {
      await until(
        () => held.length > 0,
        () => 'the next one',
      )
      held.shift()?.()
    }
    const statuses = statusesOf(await Promise.all(many))
    expect([
      statuses.filter((status) => status === 200).length,
      statuses.filter((status) => status === 503).length,
    ]).toEqual([10, 20])
    expect([backend.most, backend.seen.length]).toEqual([4, 10])
    await expectAtRest(scene)
  })

  it('keep nobody waiting for longer than was said', async () => {
    const backend = await startIll(() => {})
    const scene = await gatewayTo([backend], { inFlight: 1, queue: { size: 8, waitMs: 200 }, headersTimeoutMs: 3_000 })
    const first = askOne(scene)
    await until(
      () => backend.seen.length === 1,
      () => 'under way',
    )
    const [waited] = await askMany(scene, 1)
    expect([waited?.status, waited === undefined ? '' : codeOf(waited), backend.seen.length]).toEqual([
      503,
      'overloaded',
      1,
    ])
    expect((await first).status).toBe(504)
  })

  it('hold over all members together, whatever the load does', async () => {
    const slow: Handler = (request, response) => void setTimeout(() => well(request, response), 3)
    const [one, other] = [await startIll(slow), await startIll(slow)]
    const scene = await gatewayTo([one, other], { inFlight: 7, queue: { size: 64, waitMs: 30_000 } })
    const reads = load(scene, 24)
    const writes = load(scene, 8, 'POST')
    await until(
      () => reads.asked.length + writes.asked.length > 1_000,
      () => 'load',
    )
    await Promise.all([reads.stop(), writes.stop()])

    expect(new Set(statusesOf([...reads.asked, ...writes.asked]))).toEqual(new Set([200]))
    expect(one.most + other.most).toBeLessThanOrEqual(14)
    expect(Math.max(one.most, other.most)).toBeLessThanOrEqual(7)
    await expectAtRest(scene)
  })
})

describe('the budget of retries', () => {
  it('stops a storm: a backend that breaks every connection sees little more than it is asked', async () => {
    const backend = await startIll((_request, response) => void response.socket?.destroy())
    const scene = await gatewayTo([backend], {
      connections: 8,
      queue: { size: 512, waitMs: 30_000 },
      breaker: { connectFailures: 1_000, failurePercent: 100, minRequests: 1_000_000, windowMs: 10_000, openMs: 1_000 },
    })
    const asked = await askMany(scene, 400)

    expect(new Set(statusesOf(asked))).toEqual(new Set([502]))
    // A tenth of 400; those of the first connections are within it.
    expect(backend.seen.length).toBeGreaterThan(400)
    expect(backend.seen.length).toBeLessThanOrEqual(440)
    await expectAtRest(scene)
  })
})

describe('probes', () => {
  const probe = {
    path: '/health',
    intervalMs: 50,
    timeoutMs: 1_000,
    healthy: 2,
    unhealthy: 3,
    statuses: [{ first: 200, last: 299 }],
  }

  it('take a member out whose answers are bad, and bring it back: no request is lost', async () => {
    let status = 503
    const sick: Handler = (request, response) => {
      if (request.url !== '/health') return well(request, response)
      response.statusCode = status
      return void response.end()
    }
    const [one, other] = [await startIll(sick), await startIll()]
    const scene = await gatewayTo([one, other], { probe })
    await until(
      () => scene.states()[0] === 'ejected',
      () => JSON.stringify(scene.health()),
    )
    const before = one.seen.filter(({ target }) => target !== '/health').length
    expect(statusesOf(await askMany(scene, 30))).toEqual(ok(30))
    expect(one.seen.filter(({ target }) => target !== '/health')).toHaveLength(before)
    status = 204
    await until(
      () => scene.states()[0] === 'healthy',
      () => JSON.stringify(scene.health()),
    )
    await until(
      () => one.seen.some(({ target }) => target !== '/health'),
      () => 'asked again',
      () => askMany(scene, 10),
    )
    expect(scene.told()).toEqual([
      'member down: its answers to probes are bad',
      'member up: its answers to probes are good',
    ])
  })

  it('take out who does not answer in time, and where nobody is left it is 503', async () => {
    const backend = await startIll((request, response) => {
      if (request.url !== '/health') well(request, response)
    })
    const scene = await gatewayTo([backend], { probe: { ...probe, timeoutMs: 60 } })
    await until(
      () => scene.states()[0] === 'ejected',
      () => JSON.stringify(scene.health()),
    )
    const asked = await askOne(scene)
    expect([asked.status, codeOf(asked)]).toEqual([503, 'upstream-unavailable'])
  })

  it('carry no credential, and count against no limit', async () => {
    const heads: IncomingMessage['headers'][] = []
    const backend = await startIll((request, response) => {
      if (request.url === '/health') heads.push(request.headers)
      well(request, response)
    })
    const scene = await gatewayTo([backend], { probe, inFlight: 1 })
    await until(
      () => heads.length > 2,
      () => 'probes',
    )
    for (const head of heads) expect([head.authorization, head.cookie]).toEqual([undefined, undefined])
    expect(scene.health().inFlight).toBe(0)
  })
})
