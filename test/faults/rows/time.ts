/** Backends that take their time, and callers who do. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect } from 'vitest'
import { http, type Script } from '../../helpers/upstream.ts'
import { askMany, custom, expectHealthy, expectOutcome, fault, requiredOf, row, withFaulty } from '../case.ts'
import { asking, until, type World } from '../world.ts'

const mebibyte = 1024 * 1024

/** Writes `bytes` one by one, `everyMs` apart, as long as somebody is there. */
const trickle =
  (head: string, bytes: string, everyMs: number): Script =>
  (wire) => {
    let at = 0
    wire.write(head)
    const timer = setInterval(() => {
      if (!wire.writable || at === bytes.length) clearInterval(timer)
      else wire.write(bytes[at++] ?? '')
    }, everyMs)
    wire.once('close', () => clearInterval(timer))
  }

/** A caller who has asked and reads nothing by itself. */
function slowCaller(world: World, method: string, version = '1.1'): { readonly wire: Socket; readonly target: string } {
  const { target } = asking(method, world.nextId())
  const wire = connect(world.port, '127.0.0.1').on('error', () => {})
  wire.pause()
  wire.write(`${method} ${target} HTTP/${version}\r\nHost: x\r\nAuthorization: ${world.root.authorization}\r\n\r\n`)
  return { wire, target }
}

const body = Buffer.alloc(mebibyte, '0123456789abcdef')
const heads = [
  ['Connection: close', `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${mebibyte}\r\n\r\n`],
  ['HTTP/1.0', `HTTP/1.0 200 OK\r\nContent-Length: ${mebibyte}\r\n\r\n`],
  ['no length', 'HTTP/1.1 200 OK\r\n\r\n'],
] as const

export const timeRows = [
  row(
    'F17',
    ...heads.map(([name, head]) =>
      custom('default', `1 MiB with ${name}, closed long before 8 callers have taken it`, async (world) => {
        const script: Script = (wire) => {
          wire.write(head)
          wire.end(body)
        }
        await withFaulty({ script }, async ({ url, connections }) => {
          world.use(url)
          const callers = Array.from({ length: 8 }, () => slowCaller(world, 'GET', '1.0'))
          await until(
            () => connections.length === 8 && connections.every((wire) => wire.writableEnded),
            () => 'all is said',
          )
          await Promise.all(
            callers.map(async ({ wire }) => {
              const parts: Buffer[] = []
              while (!wire.readableEnded) {
                const chunk = (wire.read(8_192) ?? wire.read()) as Buffer | null
                if (chunk === null) await Promise.race([once(wire, 'readable'), once(wire, 'end')])
                else parts.push(chunk)
                await new Promise(setImmediate)
              }
              const all = Buffer.concat(parts)
              expect(all.subarray(all.indexOf('\r\n\r\n') + 4).equals(body)).toBe(true)
            }),
          )
          const lines = await world.linesOf(callers.map(({ target }) => target))
          expect(lines.map(({ status, error }) => [status, error])).toEqual(callers.map(() => [200, undefined]))
        })
      }),
    ),
  ),
  row(
    'F18',
    fault('default', 'a byte of the head every 20 ms', {
      limits: { headersTimeoutMs: 600 },
      script: trickle('', `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(2_000)}\r\n`, 20),
    }),
  ),
  row(
    'F19',
    fault('whole', 'a byte of the body every 50 ms, all within the gap', {
      limits: { bodyTimeoutMs: 2_000, headersTimeoutMs: 2_000 },
      script: trickle('HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n', 'x'.repeat(40), 50),
      look: ({ body: got }) => expect(got.toString()).toBe('x'.repeat(40)),
    }),
    fault('gap', 'one byte and then none', {
      limits: { bodyTimeoutMs: 400 },
      script: (wire) => void wire.write('HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\nx'),
    }),
    fault('total', 'a byte of the body every 50 ms, longer than the whole may last', {
      limits: { bodyTimeoutMs: 5_000, totalTimeoutMs: 600 },
      script: trickle('HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n', 'x'.repeat(4_000), 50),
    }),
    custom('left', 'the caller leaves a trickle: the backend is given up', async (world, id) => {
      await withFaulty({ script: trickle('HTTP/1.1 200 OK\r\n\r\n', 'x'.repeat(4_000), 50) }, async (faulty) => {
        world.use(faulty.url)
        const { wire, target } = slowCaller(world, 'GET')
        wire.resume()
        await once(wire, 'data')
        wire.destroy()
        await faulty.connectionClosed(1)
        const [line] = await world.linesOf([target])
        expect(line?.status).toBe(requiredOf(id, 'left').status === 'none' ? 499 : undefined)
        faulty.heal()
        await expectHealthy(world)
      })
    }),
  ),
  row(
    'F38',
    custom('default', 'more than memory holds, to 8 callers who read nothing', async (world) => {
      const piece = Buffer.alloc(65_536)
      let written = 0
      const script: Script = (wire) => {
        wire.write('HTTP/1.1 200 OK\r\n\r\n')
        const more = (): void => {
          while (wire.writable) {
            written += piece.byteLength
            if (!wire.write(piece)) return void wire.once('drain', more)
          }
        }
        more()
      }
      await withFaulty({ script }, async ({ url, requestsBegun, connections }) => {
        world.use(url)
        const before = process.memoryUsage().arrayBuffers
        const callers = Array.from({ length: 8 }, () => slowCaller(world, 'GET'))
        await requestsBegun(8)
        // Until nothing moves any more: what is under way fits into the buffers of kernel and streams.
        for (let last = -1; last !== written;) {
          last = written
          await new Promise((resolve) => setTimeout(resolve, 200))
        }
        expect(written).toBeLessThan(8 * 32 * mebibyte)
        expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 4 * mebibyte)
        for (const { wire } of callers) wire.destroy()
        await until(
          () => connections.every(({ destroyed }) => destroyed),
          () => 'the backend is given up',
        )
        const lines = await world.linesOf(callers.map(({ target }) => target))
        expect(lines.map(({ status }) => status)).toEqual(callers.map(() => 499))
      })
    }),
  ),
  row(
    'F36',
    fault('unavailable', '503 with Retry-After', {
      script: (wire) => void wire.write(http(503, 'busy', ['Retry-After: 120'])),
      look: ({ headers }) => expect(headers['retry-after']).toBe('120'),
    }),
    fault('limited', '429 with Retry-After', {
      script: (wire) =>
        void wire.write(http(429, '{"message":"slow"}', ['Content-Type: application/json', 'Retry-After: 7'])),
      look: ({ headers, body: got }) =>
        expect([headers['retry-after'], got.toString()]).toEqual(['7', '{"message":"slow"}']),
    }),
    fault('failed', '500', { script: (wire) => void wire.write(http(500, 'a row of a table')) }),
    fault('broken', '500 that breaks in the middle', {
      script: (wire) => void wire.end('HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\nhalf'),
    }),
    custom('failed', '500 to every method', async (world, id) => {
      for (const method of ['HEAD', 'PUT', 'DELETE']) {
        await withFaulty({ script: (wire) => void wire.write(http(500)) }, async ({ url, requests }) => {
          world.use(url)
          const { asked } = await askMany(world, method, 8)
          await expectOutcome(world, requiredOf(id, 'failed'), method, asked, requests)
        })
      }
    }),
  ),
]
