import { once } from 'node:events'
import { connect } from 'node:net'
import { createHash } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import {
  exchangeRaw,
  getBytes,
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

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  // A backend first: an exchange that hangs would hold its gateway open.
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

const codeIn = (rest: string): unknown => (JSON.parse(rest) as { data: { code: string } }).data.code

describe('forward', () => {
  it("sends the judged target and body, with the service credential in place of the caller's", async () => {
    const { backend, gateway } = await world(answers(http(200, 'ok')), {
      stage: (gate) => {
        gate.outgoing = {
          target: '/judged?x=1',
          body: Buffer.from('{"a":1}'),
          contentType: 'application/json',
          window: undefined,
        }
      },
    })

    const answer = await exchangeRaw(
      gateway.port,
      getBytes(
        '/asked',
        ['Authorization: token alice:secret', 'Cookie: session=1', 'Content-Type: text/plain', 'Content-Length: 3'],
        'POST',
      ) + 'abc',
    )

    expect(answer.status).toBe(200)
    expect(answer.rest).toBe('ok')
    expect(backend.requests[0]?.body.toString()).toBe('{"a":1}')
    expect(backend.requests[0]?.head.split('\r\n')).toEqual([
      'POST /judged?x=1 HTTP/1.1',
      `host: 127.0.0.1:${backend.port}`,
      // The first one: whether connections can be kept shows in what comes of it.
      'connection: close',
      'Authorization: token gateway:service-secret',
      'Content-Type: application/json',
      'X-Forwarded-For: 127.0.0.1',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Host: gateway.test',
      'Via: 1.1 sallyport',
      'X-Request-Id: req-1',
      'traceparent: 00-0123456789abcdef0123456789abcdef-0123456789abcdef-01',
      'content-length: 7',
    ])
    expect(gateway.gates[0]).toMatchObject({ upstreamStatus: 200, upstreamFailure: undefined, bytesOut: 2 })
    expect(gateway.gates[0]?.upstreamMs).toBeGreaterThan(0)
  })

  it.each([
    ['no decision', (gate) => void (gate.decision = undefined)],
    ['a denial', (gate) => void (gate.decision = { ...gate.decision, effect: 'deny' } as never)],
    ['nothing written to send', (gate) => void (gate.outgoing = undefined)],
    ['no tenant', (gate) => void (gate.tenant = undefined)],
    ['no rule', (gate) => void (gate.match = { kind: 'unknown' })],
  ] satisfies [string, BareOptions['stage']][])('forwards nothing with %s', async (_what, stage) => {
    const { backend, gateway } = await world(answers(http(200)), { stage: stage as NonNullable<BareOptions['stage']> })

    const answer = await exchangeRaw(gateway.port, getBytes('/'))

    expect([answer.status, codeIn(answer.rest)]).toEqual([500, 'internal'])
    expect(backend.connections).toHaveLength(0)
  })

  it('takes every method that Node can read', async () => {
    const { backend, gateway } = await world(answers(http(200)))
    const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH']

    for (const method of methods) {
      const { status } = await exchangeRaw(gateway.port, getBytes('/', [], method))
      expect([method, status]).toEqual([method, 200])
    }

    expect(backend.requests.map((each) => each.method)).toEqual(methods)
  })

  it('refuses a request that has passed here before', async () => {
    const { backend, gateway } = await world(answers(http(200)))

    const answer = await exchangeRaw(gateway.port, getBytes('/', ['Via: 1.1 other, 1.1 sallyport']))

    expect([answer.status, codeIn(answer.rest)]).toEqual([502, 'upstream-protocol'])
    expect(gateway.gates[0]?.failure?.options.proxyError).toBe('proxy_loop_detected')
    expect(backend.connections).toHaveLength(0)
  })

  it('streams a chunked upload and counts it', async () => {
    const { backend, gateway } = await world(answers(http(200, 'thanks')))

    const answer = await exchangeRaw(
      gateway.port,
      getBytes('/up', ['Transfer-Encoding: chunked'], 'POST') + '3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n',
    )

    expect(answer.rest).toBe('thanks')
    expect(backend.requests[0]?.body.toString()).toBe('abcdefg')
    expect(gateway.gates[0]?.bytesIn).toBe(7)
  })

  // Fastify's own parser of text/plain read the body whole; what was left to send was nothing, and nobody was answered.
  it('streams text/plain, which Amazon SNS sends', async () => {
    const { backend, gateway } = await world(answers(http(200, 'thanks')))

    const answer = await exchangeRaw(
      gateway.port,
      getBytes('/up', ['Content-Type: text/plain; charset=UTF-8', 'Content-Length: 2'], 'POST') + '{}',
    )

    expect(answer.rest).toBe('thanks')
    expect(backend.requests[0]?.body.toString()).toBe('{}')
  })

  it('M04: an upgrade on a plain route is refused and reaches nobody', async () => {
    const { backend, gateway } = await world(answers(http(200)))

    const answer = await exchangeRaw(gateway.port, upgradeBytes('/'))

    expect([answer.status, codeIn(answer.rest)]).toEqual([400, 'header-invalid'])
    expect(backend.connections).toHaveLength(0)
  })

  describe('when the caller leaves', () => {
    it('F30: gives the backend up while it is waited for', async () => {
      const { backend, gateway } = await world(hangs)
      const client = connect(gateway.port, '127.0.0.1')
      client.write(getBytes('/'))
      await backend.requestsBegun(1)

      client.destroy()

      await backend.connectionClosed(1)
      expect(gateway.gates[0]?.failure).toBeUndefined()
    })

    it('F30: gives the backend up in the middle of an upload, and nothing counts as whole', async () => {
      const { backend, gateway } = await world(hangs)
      const client = connect(gateway.port, '127.0.0.1')
      client.write(`${getBytes('/', ['Content-Length: 100'], 'POST')}part`)
      await backend.requestsBegun(1)

      client.destroy()

      await backend.connectionClosed(1)
      expect(backend.requests[0]?.isComplete).toBe(false)
    })

    it('F30: gives the backend up in the middle of the answer', async () => {
      const { backend, gateway } = await world(
        (wire) => void wire.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart'),
      )
      const client = connect(gateway.port, '127.0.0.1')
      client.write(getBytes('/'))
      await once(client, 'data')

      client.destroy()

      await backend.connectionClosed(1)
    })

    it('does not leave a connection paused for one who left before their turn', async () => {
      // undici: a dispatch that begins after its caller has left, and is paused until a drain that never comes, hangs.
      const held: (() => void)[] = []
      const { backend, gateway } = await world(
        (wire, { target }) => {
          if (target === '/first') held.push(() => void wire.write(http(200, 'first')))
          else wire.write(http(200, 'x'.repeat(200_000)))
        },
        { upstream: { connections: 1 } },
      )
      const first = exchangeRaw(gateway.port, getBytes('/first'))
      await backend.requestsBegun(1)
      const leaver = connect(gateway.port, '127.0.0.1')
      leaver.write(getBytes('/leaver'))
      while (gateway.gates.length < 2) await new Promise(setImmediate)
      leaver.destroy()

      held[0]?.()

      expect((await first).rest).toBe('first')
      expect((await exchangeRaw(gateway.port, getBytes('/next'))).rest).toHaveLength(200_000)
    })
  })

  describe('slow readers (R1, F17)', () => {
    const size = 2 * 1024 * 1024
    const body = Buffer.alloc(size, 'abcdefghijklmnopqrstuvwxyz')
    const sum = createHash('sha256').update(body).digest('hex')

    it.each([
      ['Connection: close', `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`],
      ['HTTP/1.0', `HTTP/1.0 200 OK\r\nContent-Length: ${size}\r\n\r\n`],
      ['a body that ends with the connection', 'HTTP/1.1 200 OK\r\n\r\n'],
    ])('get the whole body of an answer with %s, and the process lives', async (_what, head) => {
      const { gateway } = await world((wire) => {
        wire.write(head)
        wire.end(body)
      })
      const client = slowClient(gateway.port, getBytes('/', [], 'GET').replace('HTTP/1.1', 'HTTP/1.0'))
      const hash = createHash('sha256')
      let isHead = true
      let count = 0
      // Takes a little each turn of the loop: the backend's FIN comes long before the last byte is taken.
      while (!client.readableEnded) {
        const chunk = (client.read(8_192) as Buffer | null) ?? (client.read() as Buffer | null)
        if (chunk === null) {
          await Promise.race([once(client, 'readable'), once(client, 'end')])
          continue
        }
        const at = isHead ? chunk.indexOf('\r\n\r\n') + 4 : 0
        isHead = false
        hash.update(chunk.subarray(at))
        count += chunk.byteLength - at
        await new Promise(setImmediate)
      }

      expect([count, hash.digest('hex')]).toEqual([size, sum])
      expect((await exchangeRaw(gateway.port, getBytes('/'))).status).toBe(200)
    })

    it('hold the backend back', async () => {
      const endless = Buffer.alloc(65_536)
      let written = 0
      const { backend, gateway } = await world((wire) => {
        wire.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
        const more = (): void => {
          while (wire.writable) {
            written += endless.byteLength
            if (!wire.write(Buffer.concat([Buffer.from('10000\r\n'), endless, Buffer.from('\r\n')])))
              return void wire.once('drain', more)
          }
        }
        more()
      })
      const client = slowClient(gateway.port, getBytes('/'))
      await backend.requestsBegun(1)
      // Until nothing moves any more: what is under way fits into the buffers of kernel and streams.
      let before = -1
      while (before !== written) {
        before = written
        for (let turn = 0; turn < 2_000; turn++) await new Promise(setImmediate)
      }

      expect(written).toBeLessThan(32 * 1024 * 1024)
      client.destroy()
      await backend.connectionClosed(1)
    })
  })

  describe('of a write', () => {
    const noted = async (script: Script, method: string, leave?: 'leave'): Promise<number> => {
      let notes = 0
      const { backend, gateway } = await world(script, { noteWrite: () => void notes++ })
      if (leave === undefined) {
        await exchangeRaw(gateway.port, getBytes('/', ['Content-Length: 0'], method))
        return notes
      }
      const client = slowClient(gateway.port, getBytes('/', ['Content-Length: 0'], method))
      await backend.requestsBegun(1)
      expect(notes).toBe(1)
      client.destroy()
      await backend.connectionClosed(1)
      return notes
    }

    it('tells when it begins and when it is over, however it ends', async () => {
      expect(await noted(answers(http(200, 'ok')), 'POST')).toBeGreaterThan(1)
      expect(await noted(answers(http(500, 'no')), 'DELETE')).toBeGreaterThan(1)
      expect(await noted((wire) => void wire.destroy(), 'PUT')).toBeGreaterThan(1)
      expect(await noted(hangs, 'PATCH', 'leave')).toBeGreaterThan(1)
    })

    it('tells nothing of reading', async () => {
      expect(await noted(answers(http(200, 'ok')), 'GET')).toBe(0)
      expect(await noted(answers(http(200)), 'HEAD')).toBe(0)
      expect(await noted(answers(http(200, 'ok')), 'OPTIONS')).toBe(0)
    })
  })

  it('streams 256 MB up and down in bounded memory', async () => {
    const total = 256 * 1024 * 1024
    const piece = Buffer.alloc(65_536, 7)
    const { backend, gateway } = await world((wire) => {
      wire.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`)
      let left = total
      const more = (): void => {
        while (left > 0) {
          left -= piece.byteLength
          if (!wire.write(piece)) return void wire.once('drain', more)
        }
      }
      more()
    })
    const answered = Promise.withResolvers<number>()
    let peak = 0
    const look = (): void => {
      peak = Math.max(peak, process.memoryUsage().arrayBuffers)
    }
    const before = process.memoryUsage().arrayBuffers
    const client = httpRequest(
      `${gateway.url}/`,
      { method: 'POST', headers: { 'content-length': total } },
      (response) => {
        let count = 0
        response.on('data', (chunk: Buffer) => {
          count += chunk.byteLength
          look()
        })
        response.on('end', () => answered.resolve(count))
      },
    )
    for (let left = total; left > 0; left -= piece.byteLength) {
      look()
      if (!client.write(piece)) await once(client, 'drain')
    }
    client.end()

    expect(await answered.promise).toBe(total)
    expect(backend.requests[0]?.bodyBytes).toBe(total)
    expect(gateway.gates[0]).toMatchObject({ bytesIn: total, bytesOut: total })
    expect(peak - before).toBeLessThan(128 * 1024 * 1024)
  })
})

function upgradeBytes(target: string): string {
  return [
    `GET ${target} HTTP/1.1`,
    'Host: gateway.test',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Authorization: token alice:secret',
    'Cookie: session=1',
    '',
    '',
  ].join('\r\n')
}

describe('WebSocket', () => {
  const accept = (key: string): string =>
    createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')

  it('goes to the judged target with the headers of the rules, where the rule allows it', async () => {
    const { backend, gateway } = await world(
      (wire, { headers }) => {
        const key = accept(headerIn(headers, 'sec-websocket-key') ?? '')
        wire.write(
          `HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`,
        )
        // One text frame, unmasked: `hi`.
        wire.write(Buffer.from([0x81, 2, 0x68, 0x69]))
      },
      {
        rule: { websocket: true },
        stage: (gate) => {
          gate.outgoing = { target: '/judged/socket?room=1', body: 'none', contentType: undefined, window: undefined }
        },
      },
    )
    const client = connect(gateway.port, '127.0.0.1')
    client.write(upgradeBytes('/asked'))
    let seen = Buffer.alloc(0)
    for await (const chunk of client as AsyncIterable<Buffer>) {
      seen = Buffer.concat([seen, chunk])
      if (seen.subarray(seen.indexOf('\r\n\r\n') + 4).includes('hi')) break
    }
    client.destroy()

    expect(seen.toString('latin1')).toMatch(/^HTTP\/1\.1 101 /)
    const [request] = backend.requests
    expect(request?.target).toBe('/judged/socket?room=1')
    expect(headerIn(request?.headers ?? [], 'authorization')).toBe('token gateway:service-secret')
    expect(headerIn(request?.headers ?? [], 'cookie')).toBeUndefined()
    expect(headerIn(request?.headers ?? [], 'host')).toBe(`127.0.0.1:${backend.port}`)
    expect(headerIn(request?.headers ?? [], 'via')).toBe('1.1 sallyport')
  })

  it('tells nothing of the backend when it cannot be reached', async () => {
    const { backend, gateway } = await world(hangs, { rule: { websocket: true } })
    await backend.close()

    const { status, rest, headers } = await exchangeRaw(gateway.port, upgradeBytes('/'))

    expect([status, headerIn(headers, 'connection')]).toEqual([502, 'close'])
    expect(JSON.parse(rest)).toMatchObject({ data: { code: 'upstream-refused' } })
    expect(rest).not.toContain(String(backend.port))
  })
})
