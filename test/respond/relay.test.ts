import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createUpstream } from '../../src/forward/undici-upstream.ts'
import { createRelay } from '../../src/respond/relay.ts'
import {
  clock,
  exchangeRaw,
  getBytes,
  parseAnswer,
  slowClient,
  startBareGateway,
  type BareGateway,
  type BareOptions,
} from '../helpers/bare-gateway.ts'
import {
  answers,
  hangs,
  headerIn,
  http,
  startUpstream,
  type Script,
  type ScriptOptions,
  type ScriptedUpstream,
} from '../helpers/upstream.ts'
import { upstreamConfig } from '../helpers/upstream-config.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.close()
})

async function world(
  script: Script,
  options: BareOptions = {},
  scriptOptions?: ScriptOptions,
): Promise<{ backend: ScriptedUpstream; gateway: BareGateway }> {
  const backend = await startUpstream(script, scriptOptions)
  const gateway = await startBareGateway(backend.url, options)
  opened.push(gateway, backend)
  return { backend, gateway }
}

const envelope = (message: string, code: string) => JSON.stringify({ message, data: { code, request_id: 'req-1' } })
const withoutDate = (headers: readonly string[]): string[] =>
  headers.filter((_, at) => headers[at - (at % 2)]?.toLowerCase() !== 'date')

describe('an answer that passes', () => {
  it("loses the headers of one hop and of the backend's site, and gets ours", async () => {
    const { gateway } = await world(
      answers(
        http(200, '{}', [
          'Content-Type: application/json',
          'X-Mine: kept',
          'Connection: keep-alive, X-Hop',
          'X-Hop: gone',
          'Keep-Alive: timeout=60',
          'Server: listmonk',
          'X-Powered-By: Echo',
          'Set-Cookie: session=1',
          'WWW-Authenticate: Basic',
          'Access-Control-Allow-Origin: *',
          'Strict-Transport-Security: max-age=1',
          'X-Request-Id: theirs',
          'X-Accel-Redirect: /secret',
        ]),
      ),
    )

    const answer = await exchangeRaw(gateway.port, getBytes('/'))

    expect(withoutDate(answer.headers)).toEqual([
      ...['Content-Type', 'application/json', 'X-Mine', 'kept', 'Content-Length', '2'],
      ...['Via', '1.1 sallyport', 'X-Request-Id', 'req-1', 'Connection', 'close'],
    ])
    expect(answer.rest).toBe('{}')
  })

  it("says where the caller stands, and is no cache's", async () => {
    const { gateway } = await world(answers(http(200, '', ['Cache-Control: max-age=60', 'X-RateLimit-Limit: 9'])), {
      stage: (gate) => {
        gate.principal = {} as never
        gate.quota = { name: 'read', limit: 100, remaining: 37, windowSeconds: 60, resetSeconds: 21 }
      },
    })

    const { headers } = await exchangeRaw(gateway.port, getBytes('/'))

    expect(headerIn(headers, 'cache-control')).toBe('no-store')
    expect(headerIn(headers, 'ratelimit')).toBe('"read";r=37;t=21')
    expect(headerIn(headers, 'ratelimit-policy')).toBe('"read";q=100;w=60')
    expect(headers.filter((each) => each.toLowerCase() === 'x-ratelimit-limit')).toHaveLength(1)
    expect(headerIn(headers, 'x-ratelimit-limit')).toBe('100')
  })

  it('is written once, head and body together, with a length where the backend sent chunks', async () => {
    const { gateway } = await world(
      answers('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'),
    )
    const client = connect(gateway.port, '127.0.0.1')
    client.write(getBytes('/'))

    const [first] = (await once(client, 'data')) as [Buffer]
    client.destroy()

    const answer = parseAnswer(first.toString('latin1'))
    expect(headerIn(answer.headers, 'content-length')).toBe('5')
    expect(headerIn(answer.headers, 'transfer-encoding')).toBeUndefined()
    expect(answer.rest).toBe('hello')
  })

  it('shows its head before there is a body (event streams)', async () => {
    const { gateway } = await world(
      answers('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'),
    )
    const client = connect(gateway.port, '127.0.0.1')
    client.write(getBytes('/'))

    const [first] = (await once(client, 'data')) as [Buffer]
    client.destroy()

    expect(parseAnswer(first.toString('latin1')).status).toBe(200)
  })

  it.each([
    [400, 'application/json; charset=UTF-8', '{"message":"Invalid ID"}'],
    [404, 'application/json', '{"message":"not found"}'],
    [403, 'text/html', '<h1>no</h1>'],
  ])('a %i of type %s passes as it is', async (status, type, body) => {
    const { gateway } = await world(answers(http(status, body, [`Content-Type: ${type}`])))

    const answer = await exchangeRaw(gateway.port, getBytes('/'))

    expect([answer.status, headerIn(answer.headers, 'content-type'), answer.rest]).toEqual([status, type, body])
    expect(gateway.gates[0]?.failure).toBeUndefined()
  })

  it('keeps the length of an answer to HEAD, and sends no body', async () => {
    const { gateway } = await world(answers('HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n'))

    const answer = await exchangeRaw(gateway.port, getBytes('/', [], 'HEAD'))

    expect([headerIn(answer.headers, 'content-length'), answer.rest]).toEqual(['1234', ''])
  })

  it('keeps connections with callers apart from those with backends', async () => {
    const { backend, gateway } = await world(
      answers('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx'),
    )
    const client = connect(gateway.port, '127.0.0.1')
    const plain = getBytes('/').replace('Connection: close\r\n', '')
    client.write(plain)
    await once(client, 'data')
    client.write(plain)
    const [second] = (await once(client, 'data')) as [Buffer]
    client.destroy()

    expect(headerIn(parseAnswer(second.toString('latin1')).headers, 'connection')).toBe('keep-alive')
    expect(backend.connections).toHaveLength(2)
  })

  it('is refused when its head holds what no head may', async () => {
    const { gateway } = await world(answers(http(200, 'x', ['X-Bad: a\u0001b', 'Content-Encoding: gzip'])))

    const answer = await exchangeRaw(gateway.port, getBytes('/'))

    expect(answer.status).toBe(502)
    expect(answer.rest).toBe(envelope('the backend did not answer in valid HTTP', 'upstream-protocol'))
    expect(headerIn(answer.headers, 'content-encoding')).toBeUndefined()
  })
})

describe('a backend that fails', () => {
  it.each([
    [500, 'backend-error', 'the backend failed'],
    [501, 'backend-error', 'the backend failed'],
    [502, 'upstream-unavailable', 'the backend is unavailable'],
    [503, 'upstream-unavailable', 'the backend is unavailable'],
    [504, 'upstream-unavailable', 'the backend is unavailable'],
  ])('its %i is the envelope `%s`, and what it said goes to the log alone', async (status, code, message) => {
    const { gateway } = await world(
      answers(http(status, '<html>pq: row (secret)</html>', ['Content-Type: text/html', 'Set-Cookie: a=b'])),
    )

    const answer = await exchangeRaw(gateway.port, getBytes('/'))

    expect(answer.status).toBe(status)
    expect(answer.rest).toBe(envelope(message, code))
    expect(headerIn(answer.headers, 'content-type')).toBe('application/json')
    expect(headerIn(answer.headers, 'set-cookie')).toBeUndefined()
    expect(headerIn(answer.headers, 'retry-after')).toBe(status === 503 ? '1' : undefined)
    expect(gateway.gates[0]?.failure?.options.cause).toBe(`status ${status}: <html>pq: row (secret)</html>`)
    expect(gateway.gates[0]?.upstreamStatus).toBe(status)
  })

  it.each(['120', 'Fri, 31 Dec 2100 23:59:59 GMT'])(
    'its 503 keeps Retry-After: %s, and is asked once',
    async (value) => {
      const { backend, gateway } = await world(answers(http(503, '', [`Retry-After: ${value}`])))

      const answer = await exchangeRaw(gateway.port, getBytes('/'))

      expect(headerIn(answer.headers, 'retry-after')).toBe(value)
      expect(backend.requests).toHaveLength(1)
    },
  )

  it('its 503 with a Retry-After that is no date but to `Date.parse` says when to come back all the same', async () => {
    const { gateway } = await world(answers(http(503, '', ['Retry-After: 1 Jan 2100 (or so)'])))

    expect(headerIn((await exchangeRaw(gateway.port, getBytes('/'))).headers, 'retry-after')).toBe('1')
  })

  it('its endless 500 is cut off at 4 KiB', async () => {
    const { backend, gateway } = await world((wire) => {
      wire.write('HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n')
      const more = (): void => {
        while (wire.write(`1000\r\n${'x'.repeat(4096)}\r\n`));
        wire.once('drain', more)
      }
      more()
    })

    const answer = await exchangeRaw(gateway.port, getBytes('/'))

    expect(answer.rest).toBe(envelope('the backend failed', 'backend-error'))
    expect(gateway.gates[0]?.failure?.options.cause).toHaveLength('status 500: '.length + 4096)
    await backend.connectionClosed(1)
  })

  it('its 500 without an end is the envelope too', async () => {
    const { gateway } = await world((wire) => void wire.end('HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\nhalf'))

    expect((await exchangeRaw(gateway.port, getBytes('/'))).rest).toBe(envelope('the backend failed', 'backend-error'))
  })

  it("is an envelope without a host, a port or a library's text", async () => {
    const { backend, gateway } = await world(hangs)
    await backend.close()

    const answer = await exchangeRaw(gateway.port, getBytes('/'))

    expect(answer.status).toBe(502)
    expect(answer.rest).toBe(envelope('the backend refused the connection', 'upstream-refused'))
    expect(gateway.gates[0]?.upstreamFailure).toMatchObject({ proxyError: 'connection_refused', phase: 'connect' })
  })

  it('after its head is no gzip-labelled envelope (R15, F09)', async () => {
    const { gateway } = await world(
      (wire) =>
        void wire.write('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100\r\n\r\n', () =>
          wire.resetAndDestroy(),
        ),
    )

    const answer = await exchangeRaw(gateway.port, getBytes('/'))

    const isCut = answer.rest === '' && headerIn(answer.headers, 'content-length') === '100'
    const isClean = answer.status === 502 && headerIn(answer.headers, 'content-encoding') === undefined
    expect(isCut || isClean).toBe(true)
  })

  it.each([
    ['Content-Length', 'Content-Length: 100000\r\n\r\n', 'x'.repeat(1000)],
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n', `3e8\r\n${'x'.repeat(1000)}\r\n`],
  ])('F10: in the middle of %s it is a cut connection, never a clean end', async (_how, head, part) => {
    const { gateway } = await world((wire) => {
      wire.write(`HTTP/1.1 200 OK\r\n${head}`)
      // A turn apart, so that the head is out before the end comes.
      setImmediate(() => wire.write(part, () => setImmediate(() => wire.destroy())))
    })

    const answer = await exchangeRaw(gateway.port, getBytes('/'))

    expect(answer.status).toBe(200)
    expect(answer.rest).not.toMatch(/0\r\n\r\n$/)
    expect(answer.rest.length).toBeLessThan(100_000)
    expect(gateway.gates[0]?.failure?.options.proxyError).toBe('http_response_incomplete')
  })

  it('F10: an HTTP/1.0 caller, whose body ends with the connection, sees a reset', async () => {
    const { gateway } = await world((wire) => {
      wire.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      setImmediate(() => wire.write(`3e8\r\n${'x'.repeat(1000)}\r\n`, () => setImmediate(() => wire.destroy())))
    })

    const answer = await exchangeRaw(gateway.port, 'GET / HTTP/1.0\r\nHost: x\r\n\r\n')

    expect(answer.wasReset).toBe(true)
  })
})

describe("the gateway's own credential", () => {
  const credentialRefused = { status: [403], messages: ['invalid API credentials'] }
  const refusal = http(403, '{"message":"invalid API credentials"}', [
    'Content-Type: application/json',
    'WWW-Authenticate: Basic',
  ])

  it('refused by the backend is 502 and no challenge to the caller', async () => {
    const { gateway } = await world(answers(refusal), { credentialRefused })

    const answer = await exchangeRaw(gateway.port, getBytes('/'))

    expect(answer.status).toBe(502)
    expect(answer.rest).toBe(envelope('the backend does not accept the gateway', 'upstream-credential'))
    expect(headerIn(answer.headers, 'www-authenticate')).toBeUndefined()
  })

  it.each<[string, string, BareOptions]>([
    ['another message', http(403, '{"message":"permission denied"}', ['Content-Type: application/json']), {}],
    ['another status', http(404, '{"message":"invalid API credentials"}', ['Content-Type: application/json']), {}],
    ['another type', http(403, '{"message":"invalid API credentials"}', ['Content-Type: text/plain']), {}],
    [
      'a long body',
      http(403, `{"message":"invalid API credentials","x":"${'x'.repeat(2000)}"}`, ['Content-Type: application/json']),
      {},
    ],
    ['a public rule', refusal, { rule: { allow: { kind: 'public' } } }],
    ["the caller's own credential", refusal, { upstream: { credential: { kind: 'caller' } } }],
  ])('is not what is meant by %s: it passes', async (_what, bytes, options) => {
    const { gateway } = await world(answers(bytes), { credentialRefused, ...options })

    const answer = await exchangeRaw(gateway.port, getBytes('/'))

    expect(answer.status).toBe(Number(bytes.split(' ')[1]))
    expect(answer.rest).toBe(bytes.slice(bytes.indexOf('\r\n\r\n') + 4))
  })
})

describe('an answer before the request is all here (F07, F08)', () => {
  it('is given whole with Connection: close, while the rest of the upload is thrown away', async () => {
    const { gateway } = await world(
      (wire) => void wire.write(http(401, 'early', ['Content-Type: text/plain'])),
      {},
      { at: 'head' },
    )
    const client = connect(gateway.port, '127.0.0.1')
    client.write(getBytes('/', ['Content-Length: 8000000'], 'POST').replace('Connection: close\r\n', ''))
    const parts: Buffer[] = []
    client.on('data', (chunk) => parts.push(chunk))
    for (let sent = 0; sent < 8_000_000; sent += 100_000) {
      if (!client.write(Buffer.alloc(100_000))) await once(client, 'drain')
    }
    await once(client, 'close')

    const answer = parseAnswer(Buffer.concat(parts).toString('latin1'))
    expect([answer.status, answer.rest, headerIn(answer.headers, 'connection')]).toEqual([401, 'early', 'close'])
  })
})

describe('a relay without undici before it', () => {
  it('answers 502 when it is handed a head that cannot be written', async () => {
    const server = createServer((request, response) => {
      const gate = { requestId: 'req-1', bytesOut: 0 } as never
      const relay = createRelay({ request, response, gate, stallMs: 1_000 })
      relay.attach({ resume() {}, abort() {} })
      relay.head(200, ['X-Bad', 'a\u0001b', 'Content-Encoding', 'gzip'])
      relay.data(Buffer.from('x'))
      relay.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    opened.push({ close: () => new Promise((resolve) => void server.close(() => resolve())) })

    const answer = await exchangeRaw((server.address() as { port: number }).port, getBytes('/'))

    expect(answer.status).toBe(502)
    expect(answer.rest).toBe(envelope('the backend did not answer in valid HTTP', 'upstream-protocol'))
    expect(headerIn(answer.headers, 'content-encoding')).toBeUndefined()
  })
})

describe('a client that takes nothing', () => {
  it('loses its connection, and the backend is given up', async () => {
    const backend = await startUpstream((wire) => {
      wire.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      const more = (): void => {
        while (wire.writable && wire.write(`10000\r\n${'x'.repeat(65_536)}\r\n`));
        wire.once('drain', more)
      }
      more()
    })
    const upstream = createUpstream(upstreamConfig(backend.url, { connections: 1, bodyTimeoutMs: 0 }), {
      name: 'test',
      clock,
    })
    const server = createServer((request, response) => {
      const gate = { requestId: 'req-1', bytesOut: 0 } as never
      const relay = createRelay({ request, response, gate, stallMs: 100 })
      relay.attach(
        upstream.exchange(
          { method: 'GET', target: '/', headers: ['Host', 'x'], body: undefined, deadlineMs: undefined },
          relay,
        ),
      )
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    opened.push({ close: () => new Promise((resolve) => void server.close(() => resolve())) }, upstream, backend)
    const client = slowClient((server.address() as { port: number }).port, getBytes('/'))

    await backend.connectionClosed(1)
    client.destroy()
  })
})
