/** TLS to the backend. One row for three: what is no trusted connection is never used. */
import { readFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:tls'
import type { AddressInfo, Socket } from 'node:net'
import path from 'node:path'
import { expect } from 'vitest'
import { answers, http } from '../../helpers/upstream.ts'
import { askMany, custom, expectHealthy, expectOutcome, fault, requiredOf, row, withFaulty } from '../case.ts'
import { healthyAnswer } from '../world.ts'

const folder = path.join(import.meta.dirname, '../../fixtures/tls')
const read = (file: string): string => readFileSync(path.join(folder, file), 'utf8')
const caFile = path.join(folder, 'ca.pem')
const key = read('key.pem')

/** Behind a certificate that is never taken nothing heals; the next backend does. */
const untrusted = (name: string, cert: string, limits: { readonly caFile?: string }) =>
  custom('default', name, async (world, id) => {
    for (const method of ['GET', 'POST']) {
      for (const count of [1, 64]) {
        await withFaulty({ tls: { cert: read(cert), key }, script: answers(http(200)) }, async ({ url, requests }) => {
          world.use(url, limits)
          const { asked } = await askMany(world, method, count)
          await expectOutcome(world, requiredOf(id, 'default'), method, asked, requests)
          expect(requests).toEqual([])
        })
        await withFaulty({ tls: { cert: read('good.pem'), key } }, async ({ url, heal }) => {
          world.use(url, { caFile })
          heal()
          await expectHealthy(world)
        })
      }
    }
  })

export const tlsRows = [
  row(
    'F27',
    untrusted('expired', 'expired.pem', { caFile }),
    untrusted('for another name', 'other-name.pem', { caFile }),
    untrusted('signed by itself', 'self-signed.pem', { caFile }),
    untrusted('of an authority nobody trusts', 'good.pem', {}),
  ),
  row(
    'F28',
    custom('no-tls', 'a port that speaks no TLS', async (world, id) => {
      for (const method of ['GET', 'POST']) {
        const onConnection = (wire: Socket): void => void wire.write('HTTP/1.1 400 Bad\r\n\r\n')
        await withFaulty({ onConnection }, async ({ url }) => {
          world.use(url.replace('http:', 'https:'), { caFile })
          const { asked } = await askMany(world, method, 64)
          await expectOutcome(world, requiredOf(id, 'no-tls'), method, asked, [])
        })
      }
    }),
    custom('only-tls', 'a port that speaks TLS, asked in the clear', async (world, id) => {
      for (const method of ['GET', 'POST']) {
        await withFaulty({ tls: { cert: read('good.pem'), key } }, async ({ url, requests }) => {
          world.use(url.replace('https:', 'http:'))
          const { asked } = await askMany(world, method, 64)
          await expectOutcome(world, requiredOf(id, 'only-tls'), method, asked, requests)
        })
      }
    }),
    custom('hangs', 'a handshake that is never answered', async (world, id) => {
      for (const method of ['GET', 'POST']) {
        await withFaulty({ onConnection: (wire) => void wire.resume() }, async ({ url }) => {
          world.use(url.replace('http:', 'https:'), { caFile, connectTimeoutMs: 500 })
          const { asked } = await askMany(world, method, 64)
          await expectOutcome(world, requiredOf(id, 'hangs'), method, asked, [])
        })
      }
    }),
    custom('no-tls', 'TLS 1.0 only', async (world, id) => {
      const tls = {
        cert: read('good.pem'),
        key,
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      } as const
      await withFaulty({ tls }, async ({ url, requests }) => {
        world.use(url, { caFile })
        const { asked } = await askMany(world, 'GET', 8)
        await expectOutcome(world, requiredOf(id, 'no-tls'), 'GET', asked, requests)
      })
    }),
  ),
  row(
    'F29',
    fault('answered', 'the right certificate', {
      tls: { cert: read('good.pem'), key },
      limits: { caFile },
      script: answers(http(200, 'over TLS')),
      look: ({ body }) => expect(body.toString()).toBe('over TLS'),
    }),
    custom('answered', 'renewed while requests run', async (world, id) => {
      const good = { cert: read('good.pem'), key }
      const server = createTlsServer(good, (wire) => {
        let count = 0
        wire.on('error', () => {})
        // A few requests, and then a new handshake.
        wire.on(
          'data',
          () =>
            void (++count < 4
              ? wire.write(healthyAnswer)
              : wire.end(healthyAnswer.replace('\r\n', '\r\nConnection: close\r\n'))),
        )
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      world.use(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, { caFile })
      for (let turn = 0; turn < 10; turn++) {
        server.setSecureContext(good)
        const { asked } = await askMany(world, 'GET', 16)
        await expectOutcome(world, { ...requiredOf(id, 'answered'), seen: 0 }, 'GET', asked, [])
      }
      // And what it is renewed to is looked at anew.
      server.setSecureContext({ cert: read('expired.pem'), key })
      world.use(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, { caFile, connections: 7 })
      const { asked } = await askMany(world, 'GET', 4)
      await expectOutcome(world, requiredOf('F27', 'default'), 'GET', asked, [])
      world.use('http://127.0.0.1:1')
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    }),
  ),
]
