/** What goes wrong while the caller still sends. */
import { expect } from 'vitest'
import { http, type Script } from '../../helpers/upstream.ts'
import { askMany, custom, expectHealthy, expectOutcome, fault, requiredOf, row } from '../case.ts'
import { heldBufferBytes } from '../resources.ts'
import { startFaulty } from '../world.ts'

const mebibyte = 1024 * 1024
const body = Buffer.alloc(mebibyte, 'x')
const json = Buffer.from(JSON.stringify('x'.repeat(mebibyte)))

/** `JSON` where the route reads no other type. */
const upload = { methods: ['POST'], body, at: 'head' } as const
const uploadJson = { ...upload, methods: ['PUT'], body: json } as const

/** After half of the body. */
const afterHalf =
  (then: Script): Script =>
  (wire, received) => {
    const look = (): void => {
      if (received.bodyBytes < mebibyte / 2) return
      wire.off('data', look)
      then(wire, received)
    }
    wire.on('data', look)
  }

const says =
  (bytes: string, closes: boolean): Script =>
  (wire) =>
    void (closes ? wire.end(bytes) : wire.write(bytes))

const early = (status: number) => http(status, '{"message":"early"}', ['Content-Type: application/json'])

const closesCaller = ({ headers, body: got }: { headers: object; body: Buffer }): void => {
  expect(headers).toMatchObject({ connection: 'close' })
  expect(got.toString()).toBe('{"message":"early"}')
}

export const uploadRows = [
  row(
    'F06',
    fault('default', 'reset after half of 1 MiB', {
      ...upload,
      script: afterHalf((wire) => void wire.resetAndDestroy()),
    }),
    fault('default', 'reset after half of 1 MiB of JSON', {
      ...uploadJson,
      script: afterHalf((wire) => void wire.resetAndDestroy()),
    }),
  ),
  row(
    'F07',
    fault('default', 'answers 200 at the head of the upload and closes', {
      ...upload,
      body: Buffer.alloc(8 * mebibyte),
      counts: [1, 8],
      script: says(early(200), true),
      look: closesCaller,
    }),
  ),
  row(
    'F08',
    ...[413, 401, 403].map((status) =>
      fault(`${status}`, `answers ${status} and goes on reading`, {
        ...upload,
        body: Buffer.alloc(8 * mebibyte),
        counts: [1, 8],
        script: says(early(status), false),
        look: closesCaller,
      }),
    ),
  ),
  row(
    'F37',
    custom('default', '32 uploads of 10 MiB of which nothing is read', async (world, id) => {
      const faulty = await startFaulty({ onConnection: (wire) => void wire.pause() })
      world.use(faulty.url, { headersTimeoutMs: 1_500 })
      const before = heldBufferBytes()
      let peak = 0
      const watch = setInterval(() => (peak = Math.max(peak, heldBufferBytes())), 100)
      const { asked } = await askMany(world, 'POST', 32, Buffer.alloc(10 * mebibyte))
      clearInterval(watch)
      await expectOutcome(world, requiredOf(id, 'default'), 'POST', asked, [])
      // The body itself is 10 MiB, once; both ends of the connections are in this process.
      expect(peak - before).toBeLessThan(10 * mebibyte + 32 * mebibyte)
      await faulty.close()
      const next = await startFaulty({})
      next.heal()
      world.use(next.url)
      await expectHealthy(world)
      await next.close()
    }),
  ),
]
