/** Row M06: WebSockets where a rule allows them. A gateway of its own, whose list 3 may be opened as one. */
import { expect } from 'vitest'
import type { UpstreamConfig } from '../../../src/config/config.ts'
import type { PolicySet } from '../../../src/policy/rule.ts'
import { openGateway, type Running, type User } from '../../helpers/gateway.ts'
import {
  type End,
  frame,
  opcodes,
  openSocket,
  type OpeningOptions,
  startSocketBackend,
  type SocketBackend,
  switching,
} from '../../helpers/web-socket.ts'
import { custom, row, type Case, type Row } from '../case.ts'
import { withLimits } from '../world.ts'

/** The route of one list carries WebSockets; whose answers are read here cannot. */
function withSockets(shipped: PolicySet): PolicySet {
  const limited = withLimits(shipped, 1_000_000, 1_000_000)
  const policies = [...limited.policies].map(([name, policy]) => {
    const rules = policy.rules.map((rule) =>
      rule.id === 'GET /api/lists/:id' ? { ...rule, websocket: true, answer: [] } : rule,
    )
    return [name, { ...policy, rules }] as const
  })
  return { ...limited, policies: new Map(policies) }
}

interface Scene {
  readonly running: Running
  readonly backend: SocketBackend
  readonly reader: User
  open(options?: OpeningOptions, target?: string): Promise<End>
  /** As the reader; the tunnel stands, and both of its ends. */
  tunnel(): Promise<{ readonly caller: End; readonly backend: End }>
}

const scene = (
  name: string,
  run: (scene: Scene) => Promise<void>,
  answer: (key: string, head: string) => string | undefined = (key) => switching(key),
  upstream: Partial<UpstreamConfig> = {},
): Case =>
  custom(name, async () => {
    const backend = await startSocketBackend(answer)
    const { running, close } = await openGateway({ policies: withSockets, upstreamUrl: backend.url })
    try {
      if (Object.keys(upstream).length > 0) reconfigure(running, upstream)
      const reader = await running.user('ada', ['reader'], ['alpha readers'])
      const port = Number(new URL(running.url).port)
      const open: Scene['open'] = (options = {}, target = '/api/lists/3') => openSocket(port, target, options)
      await run({
        ...{ running, backend, reader, open },
        async tunnel() {
          const count = backend.ends.length
          const caller = await open({ authorization: reader.authorization })
          expect(caller.head).toMatch(/^HTTP\/1\.1 101 /)
          const other = backend.ends[count]
          if (other === undefined) throw new Error('the backend was not asked')
          return { caller, backend: other }
        },
      })
    } finally {
      await close()
      await backend.close()
    }
  })

function reconfigure(running: Running, upstream: Partial<UpstreamConfig>): void {
  const [tenant] = running.config.tenants
  const changed = { ...tenant, upstream: { ...tenant.upstream, ...upstream } }
  running.gateway.reload({ ...running.config, tenants: [changed] }, running.policies)
}

const eventually = (holds: () => unknown, wanted: unknown, timeout = 5_000): Promise<void> =>
  expect.poll(holds, { timeout, interval: 10 }).toEqual(wanted) as Promise<void>

const masked = (opcode: number, payload: Buffer | string = '', isFinal = true): Buffer =>
  frame(opcode, payload, { isMasked: true, isFinal })
const textsOf = (end: End): readonly string[] =>
  end.frames().flatMap(({ opcode, payload }) => (opcode === opcodes.text ? [payload.toString()] : []))

/** No tunnel: an envelope, nothing of the backend in it, and the connection ends. */
async function expectRefused(end: End, status: number, code: string, backend: SocketBackend): Promise<void> {
  await eventually(() => end.isClosed, true)
  const text = `${end.head}\r\n\r\n${end.bytes.toString()}`
  expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect((JSON.parse(end.bytes.toString()) as { data: { code: string } }).data.code).toBe(code)
  expect(text).not.toContain(new URL(backend.url).port)
}

const judgedFirst: readonly Case[] = [
  ...(
    [
      ['nobody', {}, '/api/lists/3', 403, 'credentials-missing'],
      ['a wrong token', { authorization: 'token ada:x' }, '/api/lists/3', 403, 'credentials-invalid'],
      ['a list out of reach', { isReader: true }, '/api/lists/4', 403, 'list-denied'],
      ['a plain route', { isReader: true }, '/api/lang/en', 400, 'header-invalid'],
      ['a bad key', { isReader: true, key: 'dGhlIHNhbXBsZQ==' }, '/api/lists/3', 400, 'header-invalid'],
      ['another version', { isReader: true, version: '8' }, '/api/lists/3', 400, 'header-invalid'],
    ] as const
  ).map(([name, options, target, status, code]) =>
    scene(`judged before 101: ${name}`, async ({ open, backend, reader }) => {
      const isReader = 'isReader' in options
      const end = await open({ ...options, ...(isReader && { authorization: reader.authorization }) }, target)
      await expectRefused(end, status, code, backend)
      expect(backend.ends).toHaveLength(0)
    }),
  ),
]

const failedUpgrades: readonly Case[] = [
  ...(
    [
      ['200', () => 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'],
      ['403', () => 'HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n'],
      ['500', () => 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n'],
      ['the answer to another key', () => switching('b3RoZXIgc2FtcGxlIGtleQ==')],
      ['an extension', (key: string) => switching(key, ['Sec-WebSocket-Extensions: permessage-deflate'])],
      ['a subprotocol nobody offered', (key: string) => switching(key, ['Sec-WebSocket-Protocol: chat'])],
      ['another protocol', (key: string) => switching(key).replace('Upgrade: websocket', 'Upgrade: h2c')],
      ['nonsense', () => 'nonsense\r\n\r\n'],
    ] as const
  ).map(([name, answer]) =>
    scene(
      `the backend answers ${name}: 502, and no tunnel`,
      async ({ open, backend, reader, running }) => {
        await expectRefused(await open({ authorization: reader.authorization }), 502, 'upstream-protocol', backend)
        await eventually(() => backend.ends[0]?.isClosed, true)
        expect(running.gateway.upstreams()[0]?.tunnels).toBe(0)
        const [line] = running.log().filter(({ msg }) => msg === 'request')
        expect(line).toMatchObject({ status: 502, path: '/api/lists/3', error: { code: 'upstream-protocol' } })
      },
      answer,
    ),
  ),
  scene(
    'the backend never answers: 504',
    async ({ open, backend, reader }) => {
      await expectRefused(await open({ authorization: reader.authorization }), 504, 'upstream-timeout', backend)
      await eventually(() => backend.ends[0]?.isClosed, true)
    },
    () => undefined,
    { headersTimeoutMs: 150 },
  ),
  scene('the backend is not there: 502', async ({ open, backend, reader }) => {
    await backend.close()
    await expectRefused(await open({ authorization: reader.authorization }), 502, 'upstream-refused', backend)
  }),
  scene(
    'the caller leaves before the backend has answered: it is given up',
    async ({ open, backend, reader, running }) => {
      const opening = open({ authorization: reader.authorization })
      await eventually(() => backend.ends.length, 1)
      backend.ends[0]?.socket.pause()
      const port = Number(new URL(running.url).port)
      const leaver = openSocket(port, '/api/lists/3', { authorization: reader.authorization })
      await eventually(() => running.gateway.upstreams()[0]?.tunnels, 2)
      await running.gateway.drain()
      await Promise.all([opening, leaver])
      expect(running.gateway.upstreams()[0]?.tunnels).toBe(0)
    },
    () => undefined,
    { headersTimeoutMs: 300 },
  ),
]

const carried: readonly Case[] = [
  scene('frames pass both ways as they are, those that came early too', async ({ open, backend, reader, running }) => {
    const early = masked(opcodes.text, 'early')
    const caller = await open({ authorization: reader.authorization, early })
    const other = backend.ends[0]
    if (other === undefined) throw new Error('the backend was not asked')
    const up = [masked(opcodes.text, 'one', false), masked(opcodes.ping, 'p'), masked(opcodes.continuation, 'two')]
    const down = [frame(opcodes.binary, Buffer.alloc(70_000, 5)), frame(opcodes.pong, 'p'), frame(opcodes.text, 'hi')]
    for (const each of up) caller.socket.write(each)
    for (const each of down) other.socket.write(each)
    await eventually(() => other.bytes.equals(Buffer.concat([early, ...up])), true)
    await eventually(() => caller.bytes.equals(Buffer.concat(down)), true)
    // The backend hears the gateway's credential and its headers, not the caller's.
    expect(other.head).toMatch(/^authorization: token super:demo$/im)
    expect(other.head).not.toContain(reader.token)
    expect(caller.head.toLowerCase()).not.toContain('set-cookie')

    caller.socket.write(masked(opcodes.close, Buffer.from([3, 232])))
    await eventually(() => other.closing(), [1000, ''])
    other.socket.end(frame(opcodes.close, Buffer.from([3, 232])))
    caller.socket.end()
    await eventually(() => [caller.isClosed, other.isClosed], [true, true])
    await eventually(() => running.log().filter(({ msg }) => msg === 'request').length, 1)
    const [line] = running.log().filter(({ msg }) => msg === 'request')
    expect(line).toMatchObject({ status: 101, upstream_status: 101, user: 'ada', decision: 'allow' })
    expect([line?.['error'], Number(line?.['bytes_in']) > 20, Number(line?.['bytes_out']) > 70_000]).toEqual([
      undefined,
      true,
      true,
    ])
  }),
  scene('one side breaks: so does the other', async ({ tunnel, running }) => {
    for (const side of ['caller', 'backend'] as const) {
      const both = await tunnel()
      both[side].socket.resetAndDestroy()
      await eventually(() => [both.caller.isClosed, both.backend.isClosed], [true, true])
    }
    await eventually(() => running.gateway.upstreams()[0]?.tunnels, 0)
  }),
]

const bounded: readonly Case[] = [
  ...(
    [
      [
        'a message of 100 MiB',
        frame(opcodes.binary, Buffer.alloc(4_096), { isMasked: true, length: 100 * 1024 * 1024 }),
        1009,
      ],
      ['a frame that is not masked', frame(opcodes.text, 'x'), 1002],
      ['a reserved bit', frame(opcodes.text, 'x', { isMasked: true, reserved: 4 }), 1002],
      ['a ping in parts', frame(opcodes.ping, 'x', { isMasked: true, isFinal: false }), 1002],
    ] as const
  ).map(([name, bytes, code]) =>
    scene(`${name}: both sides are told ${code}, and nothing of it passes`, async ({ tunnel, running }) => {
      const { caller, backend } = await tunnel()
      caller.socket.write(masked(opcodes.text, 'before'))
      caller.socket.write(bytes)
      await eventually(() => caller.closing()?.[0], code)
      await eventually(() => backend.closing()?.[0], code)
      expect(textsOf(backend)).toEqual(['before'])
      await eventually(() => [caller.isClosed, backend.isClosed], [true, true])
      await eventually(() => running.log().filter(({ msg }) => msg === 'request').length, 1)
      const [line] = running.log().filter(({ msg }) => msg === 'request')
      expect(line).toMatchObject({ error: { code: code === 1009 ? 'body-too-large' : 'body-unreadable' } })
    }),
  ),
  scene('a backend that breaks the rules: the same', async ({ tunnel }) => {
    const { caller, backend } = await tunnel()
    backend.socket.write(frame(opcodes.text, 'x', { isMasked: true }))
    await eventually(() => [caller.closing()?.[0], backend.closing()?.[0]], [1002, 1002])
    await eventually(() => [caller.isClosed, backend.isClosed], [true, true])
  }),
  scene('a flood of fragments: the message is too big before it has an end', async ({ tunnel }) => {
    const { caller, backend } = await tunnel()
    const piece = masked(opcodes.continuation, Buffer.alloc(65_000), false)
    caller.socket.write(masked(opcodes.binary, '', false))
    let sent = 0
    const more = (): void => {
      while (!caller.isClosed && sent < 64 * 1024 * 1024) {
        sent += piece.length
        if (!caller.socket.write(piece)) return void caller.socket.once('drain', more)
      }
    }
    more()
    await eventually(() => caller.closing()?.[0], 1009, 15_000)
    await eventually(() => backend.isClosed, true)
    expect(backend.bytes.length).toBeLessThan(16 * 1024 * 1024)
  }),
  scene('a caller who reads nothing holds the backend back', async ({ tunnel }) => {
    const { caller, backend } = await tunnel()
    caller.socket.pause().removeAllListeners('data')
    const piece = frame(opcodes.binary, Buffer.alloc(65_536))
    const before = process.memoryUsage().arrayBuffers
    let written = 0
    const more = (): void => {
      while (!backend.isClosed) {
        written += piece.length
        if (!backend.socket.write(piece)) return void backend.socket.once('drain', more)
      }
    }
    more()
    // Until nothing moves any more.
    for (let last = -1; last !== written;) {
      last = written
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    expect(written).toBeLessThan(64 * 1024 * 1024)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024)
    let read = 0
    caller.socket.on('data', (chunk) => (read += chunk.length)).resume()
    await eventually(() => read > 64 * 1024 * 1024, true, 15_000)
    caller.socket.destroy()
    await eventually(() => backend.isClosed, true)
  }),
  scene(
    'silence of both sides ends it, and not that of one',
    async ({ tunnel }) => {
      const { caller, backend } = await tunnel()
      for (let turn = 0; turn < 10; turn++) {
        backend.socket.write(frame(opcodes.text, 'still here'))
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      expect([caller.closing(), textsOf(caller).length]).toEqual([undefined, 10])
      await eventually(() => [caller.closing(), backend.closing()?.[0]], [[1001, 'idle'], 1001])
      await eventually(() => [caller.isClosed, backend.isClosed], [true, true])
    },
    undefined,
    { idleTimeoutMs: 600 },
  ),
  scene(
    'each counts as one request of its caller as long as it is open',
    async ({ tunnel, open, reader, running, backend }) => {
      const limits = { ...running.policies.limits, inFlight: 2 }
      running.gateway.reload(running.config, { ...running.policies, limits })
      const [one] = [await tunnel(), await tunnel()]
      await expectRefused(await open({ authorization: reader.authorization }), 429, 'rate-limited', backend)
      one.caller.socket.destroy()
      await eventually(() => one.backend.isClosed, true)
      await tunnel()
    },
  ),
]

const goneAwayMs = 1_000

const ended: readonly Case[] = [
  ...(
    [
      ['the token is revoked', ({ running, reader }: Scene) => running.store.revokeToken(reader.tokenId, 'test')],
      [
        'the user is disabled',
        ({ running }: Scene) => running.store.setUserStatus(running.config.tenants[0].name, 'ada', 'disabled', 'test'),
      ],
      [
        'the user is deleted',
        ({ running }: Scene) => running.store.deleteUser(running.config.tenants[0].name, 'ada', 'test'),
      ],
      [
        'the list role is taken away',
        ({ running }: Scene) =>
          running.store.setRoles(running.config.tenants[0].name, 'ada', { roles: ['reader'], listRoles: [] }, 'test'),
      ],
    ] as const
  ).map(([name, change]) =>
    scene(`${name}: it is closed within a second`, async (here) => {
      const { caller, backend } = await here.tunnel()
      const root = await here.running.user('root', ['administrator'])
      const untouched = await here.open({ authorization: root.authorization })
      await new Promise((resolve) => setTimeout(resolve, 600))
      expect([caller.isClosed, untouched.isClosed]).toEqual([false, false])
      await change(here)
      const changedAt = performance.now()
      await eventually(() => caller.closing()?.[0], 4401)
      // The bound is a second; a machine that stands still in between is forgiven as much again.
      expect(performance.now() - changedAt).toBeLessThan(2 * goneAwayMs)
      await eventually(() => [caller.isClosed, backend.closing()?.[0]], [true, 1001])
      expect([untouched.isClosed, untouched.closing()]).toEqual([false, undefined])
    }),
  ),
  scene('the policy does not allow it any more: it is closed', async ({ tunnel, running }) => {
    const { caller } = await tunnel()
    const policies = [...running.policies.policies].map(([name, policy]) => {
      const rules = policy.rules.filter(({ id }) => id !== 'GET /api/lists/:id')
      return [name, { ...policy, rules }] as const
    })
    running.gateway.reload(running.config, { ...running.policies, policies: new Map(policies) })
    await eventually(() => caller.closing(), [4401, 'not allowed any more'])
  }),
  scene('the token expires: it is closed', async ({ running, open }) => {
    const brief = await running.user('brief', ['administrator'], [], { expiresAt: Date.now() + 1_500 })
    const caller = await open({ authorization: brief.authorization })
    expect(caller.head).toMatch(/^HTTP\/1\.1 101 /)
    await eventually(() => caller.closing(), [4401, 'credentials are not valid any more'])
  }),
  scene('the gateway drains: it is told, and the drain is not held up', async ({ tunnel, running }) => {
    const { caller, backend } = await tunnel()
    const beganAt = performance.now()
    expect(await running.gateway.drain()).toBe(true)
    expect(performance.now() - beganAt).toBeLessThan(10_000)
    expect([caller.closing()?.[0], backend.closing()?.[0]]).toEqual([1001, 1001])
  }),
]

export const webSocketRows: readonly Row[] = [row('M06', judgedFirst, failedUpgrades, carried, bounded, ended)]
