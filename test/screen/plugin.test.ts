import { once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import type { Gate, Tenant } from '../../src/context.ts'
import { Failure } from '../../src/model/failure.ts'
import type { Target } from '../../src/model/target.ts'
import type { Match } from '../../src/policy/routes.ts'
import { createTenantTable } from '../../src/screen/host.ts'
import { screen } from '../../src/screen/plugin.ts'

const spring = { config: { name: 'spring', hosts: ['spring.test'] } } as unknown as Tenant
const summer = { config: { name: 'summer', hosts: ['summer.test'] } } as unknown as Tenant

interface Seen {
  readonly tenant: string | undefined
  readonly target: Target | undefined
  readonly match: Match | undefined
}

let app: FastifyInstance | undefined
afterEach(async () => {
  await app?.close()
  app = undefined
})

/** A server with the stage alone; it answers what the stage wrote, or the failure. */
async function start(
  options: { readonly rewrite?: boolean; readonly trusts?: boolean; readonly minBodyRate?: number } = {},
) {
  const asked: unknown[] = []
  const matched: Match = { kind: 'unknown' }
  app = Fastify(options.rewrite === true ? { rewriteUrl: () => '/' } : {})
  app.decorateRequest('gate')
  app.addHook('onRequest', (request, _reply, done) => {
    request.gate = {} as Gate
    done()
  })
  await app.register(screen, {
    trusts: (address) => options.trusts === true && address !== '',
    minBodyRate: options.minBodyRate ?? 1,
    tenants: () => createTenantTable([spring, summer]),
    match: (tenant, method, target) => {
      asked.push([tenant.config.name, method, target.segments])
      return matched
    },
  })
  const answer = ({ tenant, target, match }: Gate): Seen => ({ tenant: tenant?.config.name, target, match })
  app.all('/*', (request) => answer(request.gate))
  app.setNotFoundHandler((request, reply) => reply.code(200).send(answer(request.gate)))
  app.setErrorHandler((error, _request, reply) => {
    if (!(error instanceof Failure)) throw error
    const { code, message, status, options: told } = error
    return reply.code(status).send({ code, message, headers: told.headers, close: told.close })
  })
  return { app, asked }
}

/** What comes back for raw bytes on a socket of its own, until the server closes it. */
async function raw(server: FastifyInstance, bytes: string): Promise<string> {
  if (!server.server.listening) await server.listen({ host: '127.0.0.1', port: 0 })
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => {})
  socket.write(bytes, 'latin1')
  await once(socket, 'close')
  return Buffer.concat(chunks).toString('latin1')
}

describe('screen', () => {
  it('writes tenant, canonical target and matched rule', async () => {
    const world = await start()
    const response = await world.app.inject({
      method: 'POST',
      url: '/api/lists?a=b+c',
      headers: { host: 'SPRING.test:8000' },
    })

    expect(response.json()).toEqual({
      tenant: 'spring',
      target: { path: '/api/lists', segments: ['api', 'lists'], query: [['a', 'b c']] },
      match: { kind: 'unknown' },
    })
    expect(world.asked).toEqual([['spring', 'POST', ['api', 'lists']]])
  })

  it('judges the target of the request line where the server rewrites the URL', async () => {
    const world = await start({ rewrite: true })
    const answer = await raw(
      world.app,
      'GET /api/%73ettings?x=1 HTTP/1.1\r\nHost: summer.test\r\nConnection: close\r\n\r\n',
    )

    expect(answer).toContain('HTTP/1.1 200')
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toEqual({
      tenant: 'summer',
      target: { path: '/api/settings', segments: ['api', 'settings'], query: [['x', '1']] },
      match: { kind: 'unknown' },
    })
  })

  it('leaves nothing of the target on the message, where a library could find it', async () => {
    const world = await start({ rewrite: true })
    const seen: unknown[] = []
    world.app.addHook('preHandler', (request, _reply, done) => {
      seen.push([request.originalUrl, request.url, request.raw.url, request.gate.headers?.flat])
      done()
    })
    await raw(world.app, 'GET /api/%73ettings?x=1#y HTTP/1.1\r\nHost: summer.test\r\nConnection: close\r\n\r\n')
    await raw(world.app, 'GET /api/%73ettings?x=1 HTTP/1.1\r\nHost: summer.test\r\nConnection: close\r\n\r\n')

    expect(seen).toEqual([['/', '/', '/', ['Host', 'summer.test', 'Connection', 'close']]])
  })

  it('judges an absolute-form target as its path (P17)', async () => {
    const world = await start({ rewrite: true })
    await raw(world.app, 'GET http://spring.test/api/lists HTTP/1.1\r\nHost: spring.test\r\nConnection: close\r\n\r\n')

    expect(world.asked).toEqual([['spring', 'GET', ['api', 'lists']]])
  })

  it.each([
    ['P04', '/api\\settings', 400, 'target-ambiguous'],
    ['P07', '//evil.test/x', 400, 'target-ambiguous'],
    ['P20', '/api/lists#x?id=7', 400, 'target-ambiguous'],
    ['P22', 'http://127.0.0.1:9000/x', 400, 'target-ambiguous'],
    ['P26', `/${'a'.repeat(8192)}`, 414, 'target-too-long'],
    ['Q02', '/api/lists?id=5;', 400, 'query-invalid'],
  ])('%s: refuses the target %j from the socket, and no rule is looked for', async (_id, target, status, code) => {
    const world = await start({ rewrite: true })
    const answer = await raw(world.app, `GET ${target} HTTP/1.1\r\nHost: spring.test\r\nConnection: close\r\n\r\n`)

    expect(answer).toContain(`HTTP/1.1 ${status} `)
    expect(answer).toContain(`"code":"${code}"`)
    expect(world.asked).toEqual([])
  })

  it.each([
    ['R14', 'Host: spring.test\r\nHost: summer.test', 'header-duplicate'],
    ['H01', 'Host: spring.test\r\nAuthorization: Basic YTpi\r\nauthorization: Basic YTpi', 'header-duplicate'],
    ['H02', 'Host: spring.test\r\nConnection: authorization', 'header-invalid'],
    ['H04', 'Host: spring.test\r\nX_Tenant: summer', 'header-invalid'],
    ['H06', 'Host: spring.test.', 'header-invalid'],
    ['H06', 'Host: u@spring.test', 'header-invalid'],
    ['S03', 'Host: spring.test\r\nTransfer-Encoding: gzip, chunked', 'header-invalid'],
  ])('%s: refuses from the socket: %j', async (_id, headers, code) => {
    const world = await start({ rewrite: true })
    const answer = await raw(world.app, `GET /api/lists HTTP/1.1\r\n${headers}\r\nConnection: close\r\n\r\n`)

    expect(answer).toContain('HTTP/1.1 400 ')
    expect(answer).toContain(`"code":"${code}"`)
    expect(world.asked).toEqual([])
  })

  it('P14: a raw byte above ASCII goes no further than the parser of HTTP', async () => {
    const world = await start({ rewrite: true })
    const answer = await raw(world.app, 'GET /api/caf\u00e9 HTTP/1.1\r\nHost: spring.test\r\nConnection: close\r\n\r\n')

    expect(answer).toContain('HTTP/1.1 400 ')
    expect(world.asked).toEqual([])
  })

  it('S08: refuses HTTP/2.0 on the request line, which llhttp takes', async () => {
    const world = await start({ rewrite: true })
    const answer = await raw(world.app, 'GET /api/lists HTTP/2.0\r\nHost: spring.test\r\nConnection: close\r\n\r\n')

    expect(answer).toContain('HTTP/1.1 400 ')
    expect(answer).toContain('"code":"header-invalid"')
    expect(world.asked).toEqual([])
  })

  it('refuses an unknown host name without a word about the known ones', async () => {
    const { app: server, asked } = await start()
    const response = await server.inject({ url: '/api/lists', headers: { host: 'autumn.test' } })

    expect(response.statusCode).toBe(403)
    expect(response.json()).toEqual({ code: 'tenant-mismatch', message: 'no tenant answers to this host name' })
    expect(asked).toEqual([])
  })

  it('C09: says which content coding it would take', async () => {
    const { app: server } = await start()
    const response = await server.inject({
      method: 'POST',
      url: '/api/lists',
      headers: { host: 'spring.test', 'content-encoding': 'gzip' },
    })

    expect(response.statusCode).toBe(415)
    expect(response.json()).toMatchObject({ code: 'media-type-unsupported', headers: ['Accept-Encoding', 'identity'] })
  })

  it('M03: refuses TRACE wherever it points, and closes', async () => {
    const world = await start({ rewrite: true })
    const answer = await raw(world.app, 'TRACE /api/lists HTTP/1.1\r\nHost: spring.test\r\nConnection: close\r\n\r\n')

    expect(answer).toContain('HTTP/1.1 405 ')
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({
      code: 'method-not-allowed',
      headers: ['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE'],
      close: true,
    })
    expect(world.asked).toEqual([])
  })

  it('P21: answers OPTIONS * itself', async () => {
    const world = await start({ rewrite: true })
    const answer = await raw(world.app, 'OPTIONS * HTTP/1.1\r\nHost: spring.test\r\nConnection: close\r\n\r\n')

    expect(answer).toContain('HTTP/1.1 404 ')
    expect(world.asked).toEqual([])
  })

  it('P22: a CONNECT ends with its connection closed', async () => {
    const world = await start({ rewrite: true })
    const answer = await raw(world.app, 'CONNECT b:443 HTTP/1.1\r\nHost: spring.test\r\n\r\n')

    expect(answer).not.toContain('200')
    expect(world.asked).toEqual([])
  })

  // Node reads on behind an answer that closes its connection, and what was refused for its framing goes on with bytes that
  // may be anything: a second request in there was judged, and sent on.
  it('S03: takes nothing that comes behind a refusal of the framing for a request', async () => {
    const world = await start({ rewrite: true })
    world.app.addHook('onError', (_request, reply, _error, done) => {
      reply.header('connection', 'close')
      done()
    })
    const answer = await raw(
      world.app,
      'POST /outer HTTP/1.1\r\nHost: spring.test\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n' +
        'GET /behind HTTP/1.1\r\nHost: spring.test\r\nConnection: close\r\n\r\n',
    )

    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400'])
    expect(world.asked).toEqual([])
  })

  it.each(['X-Forwarded-Proto', 'X-Forwarded-Host'])(
    '1.6: takes %s once from a trusted proxy, and lets others say what they like',
    async (name) => {
      const twice = `GET /a HTTP/1.1\r\nHost: spring.test\r\nConnection: close\r\n${name}: a\r\n${name.toLowerCase()}: b\r\n\r\n`
      const once = `GET /a HTTP/1.1\r\nHost: spring.test\r\nConnection: close\r\n${name}: a\r\nVia: ${name}\r\n\r\n`
      const statuses: string[] = []
      for (const trusts of [true, false]) {
        const world = await start({ rewrite: true, trusts })
        for (const bytes of [once, twice]) statuses.push((await raw(world.app, bytes)).slice(9, 12))
        await world.app.close()
      }

      expect(statuses).toEqual(['200', '400', '200', '200'])
    },
  )

  it('tells nothing of the request in its messages', async () => {
    const { app: server } = await start()
    const response = await server.inject({ url: '/api/s3cret?=x', headers: { host: 'spring.test' } })

    expect(response.json().message).toBe(
      'the query string is malformed or names an unknown parameter: a parameter without a name',
    )
  })
})

describe('requests one behind the other on a connection', () => {
  // Found by comparing with Go: a GET overtook the POST before it on the way to the backend (RFC 9112 §9.3.2).
  it('are looked at one after the other, each when the answer before it is over', async () => {
    const world = await start({ rewrite: true })
    const order: string[] = []
    world.app.addHook('preHandler', async ({ gate }) => {
      const [name = ''] = gate.target?.segments ?? []
      order.push(`${name} begins`)
      await new Promise((resolve) => setTimeout(resolve, name === 'slow' ? 60 : 0))
      order.push(`${name} ends`)
    })
    const one = (path: string, last = false): string =>
      `GET /${path} HTTP/1.1\r\nHost: spring.test\r\n${last ? 'Connection: close\r\n' : ''}\r\n`
    const answer = await raw(world.app, one('slow') + one('quick') + one('slow') + one('last', true))

    expect(answer.match(/HTTP\/1\.1 200/g)).toHaveLength(4)
    const names = ['slow', 'quick', 'slow', 'last']
    expect(order).toEqual(names.flatMap((name) => [`${name} begins`, `${name} ends`]))
  })

  it('and those of other connections beside them', async () => {
    const world = await start({ rewrite: true })
    const held = Promise.withResolvers<void>()
    world.app.addHook('preHandler', async ({ gate }) => {
      if (gate.target?.path === '/slow') await held.promise
    })
    const slow = raw(world.app, 'GET /slow HTTP/1.1\r\nHost: spring.test\r\nConnection: close\r\n\r\n')
    const quick = await raw(world.app, 'GET /quick HTTP/1.1\r\nHost: spring.test\r\nConnection: close\r\n\r\n')
    held.resolve()

    expect([quick.slice(9, 12), (await slow).slice(9, 12)]).toEqual(['200', '200'])
  })
})

describe('screen and the parser of HTTP together', () => {
  // S01, S04: every byte at every place around `Transfer-Encoding`, beside a Content-Length that covers the whole body.
  // The body holds a second request: whoever takes the coding for real would read it as one.
  const smuggled = '0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: spring.test\r\n\r\n'

  /** The status of the first answer, and the paths that got as far as the routes. */
  async function send(world: Awaited<ReturnType<typeof start>>, header: string) {
    world.asked.length = 0
    const answer = await raw(
      world.app,
      `POST /outer HTTP/1.1\r\nHost: spring.test\r\nConnection: close\r\nContent-Type: text/plain\r\n` +
        `Content-Length: ${smuggled.length}\r\n${header}\r\n\r\n${smuggled}`,
    )
    return { status: answer.slice(9, 12), asked: world.asked.map((each) => JSON.stringify(each)) }
  }
  const outer = JSON.stringify(['spring', 'POST', ['outer']])

  it('take a request without the coding, so that what follows means something', async () => {
    const world = await start({ rewrite: true })

    expect(await send(world, 'X-Other: chunked')).toEqual({ status: '200', asked: [outer] })
  })

  it('refuse the coding beside a length', async () => {
    const world = await start({ rewrite: true })

    expect(await send(world, 'Transfer-Encoding: chunked')).toEqual({ status: '400', asked: [] })
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
    const world = await start({ rewrite: true })
    const odd: unknown[] = []
    for (let code = 0; code < 256; code++) {
      const text = header(String.fromCharCode(code))
      const { status, asked } = await send(world, text)
      // Either nothing was taken, or the whole body belongs to the outer request and the header is called something else.
      const isRefused = status === '400' && asked.length === 0
      const isOtherHeader = status === '200' && asked.join() === outer && !/(?:^|\n)transfer-encoding:/i.test(text)
      if (!isRefused && !isOtherHeader) odd.push([code, status, asked])
    }

    expect(odd).toEqual([])
  })
})
