/** Requests broken at random places, cut off at random moments: the gateway lives, fails nobody, and closes when told. */
import { connect } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import fc from 'fast-check'
import { headerIn } from '../helpers/upstream.ts'
import { switching } from '../helpers/web-socket.ts'
import { wire } from './witness.ts'
import { openWorld, portOf, send, type World, withLimits } from './world.ts'

const plenty = 1_000_000
const fatal: unknown[] = []
const note = (error: unknown): void => void fatal.push(error)
process.on('uncaughtException', note)
process.on('unhandledRejection', note)

let world: World | undefined
afterEach(() => world?.close())

/** Whole requests of every kind of way through the gateway, one of them to a route that carries WebSocket. */
function requestsOf({ admin }: World): readonly string[] {
  const head = `Host: gateway.test\r\nAuthorization: ${admin.authorization}\r\n`
  const json = 'Content-Type: application/json\r\nContent-Length: 7\r\n'
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n'
  return [
    `GET /api/events HTTP/1.1\r\n${head}Connection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n`,
    `GET /api/settings HTTP/1.1\r\n${head}Connection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n`,
    `GET /api/lists HTTP/1.1\r\n${head}\r\n`,
    `HEAD /api/lists/3 HTTP/1.1\r\n${head}\r\n`,
    `POST /subscription/form HTTP/1.1\r\n${head}Content-Length: 10\r\n\r\n0123456789`,
    `POST /subscription/form HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n0\r\n\r\n`,
    `PUT /api/settings HTTP/1.1\r\n${head}${json}\r\n{"a":1}`,
    `PUT /api/settings HTTP/1.1\r\n${head}Expect: 100-continue\r\n${json}\r\n{"a":1}`,
  ]
}

type Edit = readonly [at: number, kind: 'insert' | 'delete' | 'repeat' | 'cut', byte: number]
type Ending = 'end' | 'reset' | 'destroy' | 'read'

function edited(text: string, edits: readonly Edit[]): string {
  let made = text
  for (const [place, kind, byte] of edits) {
    const at = place % (made.length + 1)
    if (kind === 'insert') made = made.slice(0, at) + String.fromCharCode(byte) + made.slice(at)
    else if (kind === 'delete') made = made.slice(0, at) + made.slice(at + 1 + (byte % 8))
    else if (kind === 'repeat') made = made.slice(0, at) + made.slice(Math.max(0, at - (byte % 30)))
    else made = made.slice(0, at)
  }
  return made
}

/** Sends, and leaves in the given way, or reads until nothing comes any more. Resolves to the statuses that were seen. */
function strike(port: number, bytes: string, ending: Ending): Promise<readonly number[]> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(Buffer.from(bytes, 'latin1'), () => {
        if (ending === 'reset') socket.resetAndDestroy()
        else if (ending === 'destroy') socket.destroy()
        else if (ending === 'end') socket.end()
      }),
    )
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (ending !== 'read') socket.destroy()
    })
    socket.setTimeout(250, () => socket.destroy())
    socket.on('error', () => {})
    socket.on('close', () => resolve([...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status))))
  })
}

it('lives', { timeout: 60_000 }, async () => {
  world = await openWorld({
    policies: (shipped) => {
      const set = withLimits(shipped, plenty, plenty)
      const policies = [...set.policies].map(([name, policy]) => {
        const rules = policy.rules.map((rule) => (rule.id === 'GET /api/events' ? { ...rule, websocket: true } : rule))
        return [name, { ...policy, rules }] as const
      })
      return { ...set, policies: new Map(policies) }
    },
  })
  world.witness.say((socket, { headers, method }) => {
    const key = headerIn(headers, 'sec-websocket-key')
    const answer = wire(200, method === 'HEAD' ? '' : '{"data":[]}')
    const isUpgrade = headerIn(headers, 'upgrade') !== undefined
    socket.write(isUpgrade && key !== undefined ? switching(key) : answer, 'latin1')
  })
  const port = portOf(world)
  const whole = requestsOf(world)
  const edit: fc.Arbitrary<Edit> = fc.tuple(
    fc.nat(400),
    fc.constantFrom<Edit[1]>('insert', 'delete', 'repeat', 'cut'),
    fc.integer({ min: 0, max: 255 }),
  )
  const strikes = fc.sample(
    fc.tuple(
      fc.constantFrom(...whole),
      fc.array(edit, { maxLength: 3 }),
      fc.constantFrom(...whole, ''),
      fc.constantFrom<Ending>('end', 'reset', 'destroy', 'read'),
    ),
    { numRuns: 800, seed: 20_260_401 },
  )
  const statuses: number[] = []
  for (let at = 0; at < strikes.length; at += 40) {
    const some = strikes.slice(at, at + 40).map(async ([text, edits, behind, ending]) => {
      statuses.push(...(await strike(port, edited(text, edits) + behind, ending)))
    })
    await Promise.all(some)
  }

  expect(fatal).toEqual([])
  expect(statuses.filter((status) => status >= 500)).toEqual([])
  // Refusals and answers alike: the edits are neither all fatal nor all harmless.
  expect([200, 400, 403].filter((status) => !statuses.includes(status))).toEqual([])
  const last = await send(port, whole[2]?.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n') ?? '')
  expect(last.answers.map(({ status }) => status)).toEqual([200])
  expect(world.running.log().filter((line) => line['level'] === 'error')).toEqual([])
})
