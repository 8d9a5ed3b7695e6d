import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { refused, type Failure } from '../../src/model/failure.ts'
import { exchangeRaw, getBytes, startBareGateway, type BareGateway } from '../helpers/bare-gateway.ts'
import { headerIn } from '../helpers/upstream.ts'

const opened: BareGateway[] = []
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close()
})

/** A gateway whose stages end every request with what `error` makes; no backend is ever asked. */
async function failing(error: () => unknown): Promise<BareGateway> {
  const gateway = await startBareGateway('http://127.0.0.1:9', {
    stage: () => {
      throw error()
    },
  })
  opened.push(gateway)
  return gateway
}

const body = (code: string, message: string, more: object = {}) => ({
  message,
  data: { code, request_id: 'req-1', ...more },
})

describe('respond', () => {
  it('turns a failure into the envelope, with its headers', async () => {
    const gateway = await failing(() =>
      refused('method-not-allowed', { headers: ['Allow', 'GET, HEAD'], details: { rule: 'GET /x' } }),
    )

    const answer = await exchangeRaw(gateway.port, getBytes('/'))

    expect(answer.status).toBe(405)
    expect(JSON.parse(answer.rest)).toEqual(
      body('method-not-allowed', 'this endpoint does not take this method', { rule: 'GET /x' }),
    )
    expect(
      ['content-type', 'content-length', 'cache-control', 'x-request-id', 'allow', 'retry-after'].map((each) =>
        headerIn(answer.headers, each),
      ),
    ).toEqual(['application/json', String(answer.rest.length), 'no-store', 'req-1', 'GET, HEAD', undefined])
    expect(gateway.gates[0]).toMatchObject({ bytesOut: answer.rest.length, failure: { code: 'method-not-allowed' } })
  })

  it('tells nothing of what it does not know', async () => {
    const cause = new Error('SELECT secret FROM /etc/passwd at 10.0.0.5')
    const gateway = await failing(() => cause)

    const answer = await exchangeRaw(gateway.port, getBytes('/'))

    expect([answer.status, JSON.parse(answer.rest)]).toEqual([500, body('internal', 'the gateway failed')])
    expect(gateway.gates[0]?.failure?.options.cause).toBe(cause)
  })

  it.each<[Failure, string | undefined]>([
    [refused('rate-limited'), '1'],
    [refused('rate-limited', { retryAfterSeconds: 0.2 }), '1'],
    [refused('rate-limited', { retryAfterSeconds: 20.5 }), '21'],
    [refused('overloaded'), '1'],
    [refused('store-unavailable', { retryAfterSeconds: 5 }), '5'],
    [refused('upstream-timeout'), undefined],
  ])('says when to come back: %s → %s', async (failure, expected) => {
    const gateway = await failing(() => failure)

    expect(headerIn((await exchangeRaw(gateway.port, getBytes('/'))).headers, 'retry-after')).toBe(expected)
  })

  it('challenges with every 401, once', async () => {
    const plain = await failing(() => refused('credentials-missing', { status: 401 }))
    const own = await failing(() =>
      refused('credentials-missing', { status: 401, headers: ['WWW-Authenticate', 'Basic realm="x"'] }),
    )
    const challenges = async (gateway: BareGateway): Promise<string[]> => {
      const { headers } = await exchangeRaw(gateway.port, getBytes('/'))
      return headers.filter((_, at) => headers[at - 1]?.toLowerCase() === 'www-authenticate')
    }

    expect(await challenges(plain)).toEqual(['Basic realm="gate \\"keeper\\"", charset="UTF-8"'])
    expect(await challenges(own)).toEqual(['Basic realm="x"'])
  })

  it('answers HEAD without a body', async () => {
    const gateway = await failing(() => refused('route-unknown'))

    const answer = await exchangeRaw(gateway.port, getBytes('/', [], 'HEAD'))

    expect([answer.status, answer.rest]).toEqual([404, ''])
    expect(gateway.gates[0]?.bytesOut).toBe(0)
  })

  it('closes the connection when the failure wants it, or when a body is left unread', async () => {
    const connectionOf = async (gateway: BareGateway, bytes: string): Promise<string | undefined> => {
      const client = connect(gateway.port, '127.0.0.1')
      client.write(bytes.replace('Connection: close\r\n', ''))
      let seen = ''
      for await (const chunk of client as AsyncIterable<Buffer>) {
        seen += chunk.toString('latin1')
        if (seen.endsWith('}}')) break
      }
      client.destroy()
      return /^connection: (.*)\r$/im.exec(seen)?.[1]
    }
    const plain = await failing(() => refused('permission-denied'))
    const closing = await failing(() => refused('permission-denied', { close: true }))

    expect(await connectionOf(plain, getBytes('/'))).toBe('keep-alive')
    expect(await connectionOf(closing, getBytes('/'))).toBe('close')
    expect(await connectionOf(plain, getBytes('/', ['Content-Length: 1000'], 'POST'))).toBe('close')
    expect(await connectionOf(plain, getBytes('/', ['Transfer-Encoding: chunked'], 'POST'))).toBe('close')
  })

  it('tells the quota with a refusal', async () => {
    const gateway = await startBareGateway('http://127.0.0.1:9', {
      stage: (gate) => {
        gate.quota = { name: 'read', limit: 10, remaining: 0, windowSeconds: 60, resetSeconds: 7 }
        throw refused('rate-limited', { retryAfterSeconds: 7 })
      },
    })
    opened.push(gateway)

    const { headers } = await exchangeRaw(gateway.port, getBytes('/'))

    expect(['retry-after', 'ratelimit', 'x-ratelimit-remaining'].map((each) => headerIn(headers, each))).toEqual([
      '7',
      '"read";r=0;t=7',
      '0',
    ])
  })
})

describe('requests that Node cannot read', () => {
  it.each([
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost\r\n\r\n', 400, 'header-invalid'],
    [
      'two framings',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
      'header-invalid',
    ],
    ['too much of a header', `GET / HTTP/1.1\r\nHost: x\r\nA: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers-too-large'],
    ['no HTTP', 'hello\r\n\r\n', 400, 'header-invalid'],
  ])('%s: the same envelope on the bare socket, and the connection closes', async (_what, bytes, status, code) => {
    const gateway = await startBareGateway('http://127.0.0.1:9')
    opened.push(gateway)

    const answer = await exchangeRaw(gateway.port, bytes)

    const { data } = JSON.parse(answer.rest) as { data: { code: string; request_id: string } }
    expect([answer.status, data.code]).toEqual([status, code])
    expect([headerIn(answer.headers, 'connection'), headerIn(answer.headers, 'x-request-id')]).toEqual([
      'close',
      data.request_id,
    ])
    expect(gateway.gates).toHaveLength(0)
  })
})
