/** Callers who leave, at every point. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect } from 'vitest'
import { answers, hangs, http, type Script } from '../../helpers/upstream.ts'
import { custom, expectHealthy, row, withFaulty } from '../case.ts'
import { asking, type Fault, type Faulty, type Limits, until, type World } from '../world.ts'

const leaves = {
  closed: (wire: Socket): void => void wire.destroy(),
  reset: (wire: Socket): void => void wire.resetAndDestroy(),
}

/** A caller writes `bytes`, waits until `isTime`, and leaves. */
interface Leaving {
  readonly method: string
  readonly lines?: readonly string[]
  readonly body?: string
  readonly made?: Fault
  readonly limits?: Limits
  readonly count?: number
  readonly isTime: (faulty: Faulty, callers: readonly Socket[]) => Promise<void>
}

function caller(
  world: World,
  { method, lines = [], body = '' }: Leaving,
): { readonly wire: Socket; readonly target: string } {
  const { target } = asking(method, world.nextId())
  const credential = method === 'POST' ? [] : [`Authorization: ${world.root.authorization}`]
  const wire = connect(world.port, '127.0.0.1').on('error', () => {})
  wire.write(`${[`${method} ${target} HTTP/1.1`, 'Host: x', ...credential, ...lines].join('\r\n')}\r\n\r\n${body}`)
  return { wire, target }
}

const leaving = (name: string, how: Leaving) =>
  Object.entries(leaves).map(([way, leave]) =>
    custom('default', `${name}, ${way}`, async (world) => {
      for (const count of [1, how.count ?? 64]) {
        await withFaulty(how.made ?? { script: hangs }, async (faulty) => {
          world.use(faulty.url, how.limits)
          const callers = Array.from({ length: count }, () => caller(world, how))
          const wires = callers.map(({ wire }) => wire)
          await how.isTime(faulty, wires)
          const leftAt = performance.now()
          for (const wire of wires) leave(wire)
          await until(
            () => faulty.connections.every(({ destroyed }) => destroyed),
            () => 'the backend is given up',
          )
          expect(performance.now() - leftAt).toBeLessThan(5_000)
          const lines = await world.linesOf(callers.map(({ target }) => target))
          expect(lines.map(({ status, error }) => [status, error])).toEqual(callers.map(() => [499, undefined]))
          for (const { target } of callers) {
            expect(faulty.requests.filter((each) => each.target === target).length).toBeLessThanOrEqual(1)
          }
          faulty.heal()
          await expectHealthy(world)
        })
      }
    }),
  )

const begun = ({ requestsBegun }: Faulty, wires: readonly Socket[]): Promise<void> => requestsBegun(wires.length)
const someBody = async (_: Faulty, wires: readonly Socket[]): Promise<void> => {
  await Promise.all(wires.map((wire) => once(wire, 'data')))
}
/** More than one packet, and more to come. */
const begins: Script = (wire) =>
  void wire.write(`HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(100_000)}`)

export const callerRows = [
  row(
    'F30',
    leaving('in the upload', {
      method: 'POST',
      lines: ['Content-Type: application/json', 'Content-Length: 1000'],
      body: '{"half":',
      made: { script: hangs, at: 'head' },
      isTime: begun,
    }),
    leaving('while the backend is waited for', { method: 'GET', isTime: begun }),
    leaving('while the backend works on a write', { method: 'DELETE', isTime: begun }),
    leaving('in the body', { method: 'GET', made: { script: begins }, isTime: someBody }),
    custom('queued', 'in the queue: it is never sent', async (world) => {
      await withFaulty({ script: hangs }, async (faulty) => {
        world.use(faulty.url, { connections: 1, queue: { size: 4, waitMs: 10_000 } })
        const first = caller(world, { method: 'GET', isTime: begun })
        await faulty.requestsBegun(1)
        const queued = Array.from({ length: 4 }, () => caller(world, { method: 'DELETE', isTime: begun }))
        // Over the queue's bound one is refused: those before it stand in it.
        await until(
          () => queued.every(({ wire }) => wire.bytesWritten > 0),
          () => 'sent',
        )
        const over = caller(world, { method: 'GET', isTime: begun })
        const [answer] = (await once(over.wire, 'data')) as [Buffer]
        expect(answer.toString()).toContain('HTTP/1.1 503')
        for (const { wire } of queued) wire.destroy()
        const lines = await world.linesOf(queued.map(({ target }) => target))
        expect(lines.map(({ status }) => status)).toEqual(queued.map(() => 499))
        first.wire.destroy()
        over.wire.destroy()
        await faulty.connectionClosed(1)
        expect(faulty.requests.map(({ target }) => target)).toEqual([first.target])
        faulty.heal()
        await expectHealthy(world)
      })
    }),
    custom('unasked', 'in the head: the backend hears nothing', async (world) => {
      await withFaulty({ script: answers(http(200)) }, async (faulty) => {
        world.use(faulty.url)
        for (const leave of Object.values(leaves)) {
          const wire = connect(world.port, '127.0.0.1').on('error', () => {})
          await once(wire, 'connect')
          wire.write('GET /api/lang/1 HTTP/1.1\r\nHost:')
          leave(wire)
          await once(wire, 'close')
        }
        faulty.heal()
        await expectHealthy(world)
        expect(faulty.requests.length).toBe(6)
      })
    }),
  ),
  row(
    'F31',
    ...['GET', 'DELETE'].map((method) =>
      custom('default', `${method} and no more from the caller`, async (world) => {
        for (const count of [1, 64]) {
          await withFaulty({ script: hangs }, async (faulty) => {
            world.use(faulty.url)
            const callers = Array.from({ length: count }, () => caller(world, { method, isTime: begun }))
            await faulty.requestsBegun(count)
            const got = await Promise.all(
              callers.map(async ({ wire }) => {
                const parts: Buffer[] = []
                wire.on('data', (chunk) => parts.push(chunk)).end()
                await once(wire, 'close')
                return Buffer.concat(parts).toString()
              }),
            )
            expect(new Set(got)).toEqual(new Set(['']))
            const lines = await world.linesOf(callers.map(({ target }) => target))
            expect(new Set(lines.map(({ status }) => status))).toEqual(new Set([499]))
            await until(
              () => faulty.connections.every(({ destroyed }) => destroyed),
              () => 'the backend is given up',
            )
            expect(faulty.requests).toHaveLength(count)
            faulty.heal()
            await expectHealthy(world)
          })
        }
      }),
    ),
  ),
  row(
    'F32',
    custom('default', '1 000 resets in the body', async (world) => {
      await withFaulty({ script: begins }, async (faulty) => {
        world.use(faulty.url)
        for (let turn = 0; turn < 20; turn++) {
          const callers = Array.from({ length: 50 }, () => caller(world, { method: 'GET', isTime: begun }))
          await Promise.all(callers.map(({ wire }) => once(wire, 'data')))
          for (const { wire } of callers) wire.resetAndDestroy()
          const lines = await world.linesOf(callers.map(({ target }) => target))
          expect(new Set(lines.map(({ status }) => status))).toEqual(new Set([499]))
        }
        await until(
          () => faulty.connections.every(({ destroyed }) => destroyed),
          () => 'the backend is given up',
        )
        faulty.heal()
        await expectHealthy(world)
      })
    }),
  ),
]
