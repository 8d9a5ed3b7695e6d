/**
 * Every byte at every place around `Transfer-Encoding`, beside a Content-Length that covers the whole body (S01, S04).
 * The body holds a second request: whoever takes the coding for real would read it as one.
 */
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Gate, Tenant } from '../../src/context.ts'
import { createTenantTable } from '../../src/screen/host.ts'
import { screen } from '../../src/screen/plugin.ts'

let app: FastifyInstance
let port = 0
let asked: string[] = []

beforeAll(async () => {
  const tenant = { config: { name: 'spring', hosts: [] } } as unknown as Tenant
  app = Fastify({ rewriteUrl: () => '/' })
  app.decorateRequest('gate')
  app.addHook('onRequest', (request, _reply, done) => {
    request.gate = {} as Gate
    done()
  })
  await app.register(screen, {
    tenants: () => createTenantTable([tenant]),
    match: (_tenant, _method, { path }) => {
      asked.push(path)
      return { kind: 'unknown' }
    },
  })
  app.all('/', () => 'taken')
  await app.listen({ host: '127.0.0.1', port: 0 })
  port = (app.server.address() as AddressInfo).port
})
afterAll(() => app.close())

const smuggled = '0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: gw.test\r\n\r\n'

/** The status of the first answer and the paths that got as far as the routes. */
async function send(header: string): Promise<{ readonly status: string; readonly paths: readonly string[] }> {
  asked = []
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => {})
  socket.write(
    `POST /outer HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${smuggled.length}\r\n${header}\r\n\r\n${smuggled}`,
    'latin1',
  )
  await once(socket, 'close')
  return { status: Buffer.concat(chunks).toString('latin1').slice(9, 12), paths: asked }
}

describe('screen and the parser of HTTP together', () => {
  it('take a request without the coding, so that what follows means something', async () => {
    expect(await send('X-Other: chunked')).toEqual({ status: '200', paths: ['/outer'] })
  })

  it('refuse the coding beside a length', async () => {
    expect(await send('Transfer-Encoding: chunked')).toEqual({ status: '400', paths: [] })
  })

  it.each<[string, (byte: string) => string]>([
    ['before the name', (byte) => `${byte}Transfer-Encoding: chunked`],
    ['in the name', (byte) => `Transfer${byte}-Encoding: chunked`],
    ['for the hyphen', (byte) => `Transfer${byte}Encoding: chunked`],
    ['after the name', (byte) => `Transfer-Encoding${byte}: chunked`],
    ['for the colon', (byte) => `Transfer-Encoding${byte} chunked`],
    ['before the value', (byte) => `Transfer-Encoding:${byte}chunked`],
    ['in the value', (byte) => `Transfer-Encoding: chun${byte}ked`],
    ['after the value', (byte) => `Transfer-Encoding: chunked${byte}`],
    ['before the line', (byte) => `X: X${byte}Transfer-Encoding: chunked`],
    ['before the line, after CR', (byte) => `X: X\r${byte}Transfer-Encoding: chunked`],
  ])('never read the second request, whatever byte stands %s', async (_where, header) => {
    const odd: unknown[] = []
    for (let code = 0; code < 256; code++) {
      const text = header(String.fromCharCode(code))
      const { status, paths } = await send(text)
      // Either nothing was taken, or the whole body belongs to the outer request and the header is called something else.
      const isRefused = status === '400' && paths.length === 0
      const isOtherHeader = status === '200' && paths.join() === '/outer' && !/(?:^|\n)transfer-encoding:/i.test(text)
      if (!isRefused && !isOtherHeader) odd.push([code, status, paths])
    }

    expect(odd).toEqual([])
  })
})
