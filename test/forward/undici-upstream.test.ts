import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import type { UpstreamConfig } from '../../src/config/config.ts'
import { createUpstream, type UpstreamOptions } from '../../src/forward/undici-upstream.ts'
import type { Upstream } from '../../src/model/ports.ts'
import { upstreamContract } from '../contracts/upstream.ts'
import {
  answer,
  answers,
  get,
  headerIn,
  http,
  prove,
  run,
  startUpstream,
  type Script,
  type ScriptOptions,
  type ScriptedUpstream,
} from '../helpers/upstream.ts'
import { upstreamConfig } from '../helpers/upstream-config.ts'

const clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() }

upstreamContract('undici', (url, limits) => createUpstream(upstreamConfig(url, limits), { name: 'test', clock }))

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()))
})

const upstreamTo = (
  url: string,
  more: Partial<UpstreamConfig> = {},
  options: Partial<UpstreamOptions> = {},
): Upstream => {
  const upstream = createUpstream(upstreamConfig(url, more), { name: 'test', clock, ...options })
  opened.push(upstream)
  return upstream
}

async function backendWith(script: Script, options?: ScriptOptions): Promise<ScriptedUpstream> {
  const backend = await startUpstream(script, options)
  opened.push(backend)
  return backend
}

async function endOf(script: Script, options?: ScriptOptions): Promise<unknown> {
  const backend = await backendWith(script, options)
  const { end } = await run(upstreamTo(backend.url), get('/'))
  return end === 'clean' ? end : [end.code, end.proxyError, end.phase]
}

describe('connecting', () => {
  it('tells a closed port from everything else', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))

    const { end } = await run(upstreamTo(`http://127.0.0.1:${port}`), get('/'))

    expect(end).toMatchObject({ code: 'upstream-refused', proxyError: 'connection_refused', phase: 'connect' })
  })

  it('tells a name that nobody has', async () => {
    const { end } = await run(
      upstreamTo(
        'http://backend.invalid',
        {},
        {
          lookup: (hostname, _options, done) => done(Object.assign(new Error(hostname), { code: 'ENOTFOUND' }), []),
        },
      ),
      get('/'),
    )

    expect(end).toMatchObject({ code: 'upstream-dns', proxyError: 'dns_error', phase: 'connect' })
  })

  it('never takes a reserved name for a backend, whatever resolver there is', async () => {
    const { end } = await run(upstreamTo('http://backend.invalid'), get('/'))

    // Without a network the system's resolver says that it does not know (EAI_AGAIN) instead of that there is none.
    expect(['upstream-dns', 'upstream-connect-timeout']).toContain(end === 'clean' ? end : end.code)
  })

  it('ends a name look-up that takes too long at the connect limit', async () => {
    const upstream = upstreamTo('http://backend.test', { connectTimeoutMs: 60 }, { lookup: () => {} })

    expect((await run(upstream, get('/'))).end).toMatchObject({
      code: 'upstream-connect-timeout',
      proxyError: 'connection_timeout',
      phase: 'connect',
    })
  })

  it('has its connections back after connecting has timed out', async () => {
    const backend = await backendWith(answers(http(200, 'back')))
    let calls = 0
    const upstream = upstreamTo(
      `http://backend.test:${backend.port}`,
      { connectTimeoutMs: 60, connections: 1 },
      {
        lookup: (_hostname, _options, done) => {
          if (++calls > 1) done(null, [{ address: '127.0.0.1', family: 4 }])
        },
      },
    )
    await run(upstream, get('/'))

    expect(await run(upstream, get('/'))).toMatchObject({ status: 200, body: 'back' })
  })
})

describe('TLS to the backend', () => {
  const folder = join(import.meta.dirname, '../fixtures/tls')
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8')
  const caFile = join(folder, 'ca.pem')
  const tlsBackend = (certificate: string): Promise<ScriptedUpstream> =>
    backendWith(answers(http(200, 'secret')), { tls: { cert: read(certificate), key: read('key.pem') } })

  it('takes a certificate of the configured authority', async () => {
    const backend = await tlsBackend('good.pem')

    expect(await run(upstreamTo(backend.url, { caFile }), get('/'))).toMatchObject({ status: 200, body: 'secret' })
  })

  it.each([
    ['self-signed.pem', 'self-signed', {}],
    ['self-signed.pem', 'self-signed beside an authority', { caFile }],
    ['good.pem', 'of an authority nobody trusts', {}],
    ['expired.pem', 'expired', { caFile }],
    ['other-name.pem', 'for another name', { caFile }],
  ])('refuses %s (%s) and sends nothing', async (certificate, _why, more) => {
    const backend = await tlsBackend(certificate)

    const { end } = await run(upstreamTo(backend.url, more), get('/'))

    expect(end).toMatchObject({ code: 'upstream-tls', proxyError: 'tls_certificate_error', phase: 'connect' })
    expect(backend.requests).toEqual([])
  })

  it('verifies the name of the url, not the Host it is told to send', async () => {
    const lookup: UpstreamOptions['lookup'] = (_hostname, _options, done) =>
      done(null, [{ address: '127.0.0.1', family: 4 }])
    const backend = await tlsBackend('other-name.pem')
    const upstream = upstreamTo(`https://backend.test:${backend.port}`, { caFile }, { lookup })

    const { end } = await run(upstream, get('/', { headers: ['Host', 'other.test'] }))

    expect(end).toMatchObject({ code: 'upstream-tls', proxyError: 'tls_certificate_error' })
  })

  it('takes any certificate only when told so', async () => {
    const backend = await tlsBackend('self-signed.pem')

    expect(await run(upstreamTo(backend.url, { verifyTls: false }), get('/'))).toMatchObject({ status: 200 })
  })

  it('tells a plain port from a bad certificate', async () => {
    const backend = await backendWith(() => {}, { onConnection: (wire) => void wire.write('HTTP/1.1 400 Bad\r\n\r\n') })

    const { end } = await run(upstreamTo(backend.url.replace('http:', 'https:'), { caFile }), get('/'))

    expect(end).toMatchObject({ code: 'upstream-tls', proxyError: 'tls_protocol_error', phase: 'connect' })
  })
})

describe('connections are kept', () => {
  /** The connection on which each request came, and whether it was to be the last one there. */
  const seenBy = ({ requests }: ScriptedUpstream) =>
    requests.map(({ connection, headers }) => [connection, headerIn(headers, 'connection')])
  const closing: Script = (wire) => void wire.end(http(200, 'x'))

  it('once a member has said that it closes what it is told to close', async () => {
    const backend = await backendWith((wire, received) => answer(wire, received, 200, 'x'))
    const upstream = upstreamTo(backend.url)
    for (let time = 0; time < 3; time++) await run(upstream, get('/'))

    expect(seenBy(backend)).toEqual([
      [1, 'close'],
      [2, 'keep-alive'],
      [2, 'keep-alive'],
    ])
    expect(upstream.health().members[0]?.keepsConnections).toBe(true)
  })

  it('or has done it without a word', async () => {
    const backend = await backendWith(closing)
    const upstream = upstreamTo(backend.url)
    await run(upstream, get('/'))
    await backend.connectionClosed(1)
    await expect.poll(() => upstream.health().members[0]?.keepsConnections).toBe(true)
    await run(upstream, get('/'))

    expect(seenBy(backend)).toEqual([
      [1, 'close'],
      [2, 'keep-alive'],
    ])
  })

  it('and not where it does neither: each request has a connection of its own', async () => {
    const backend = await backendWith(answers(http(200, 'x')))
    const upstream = upstreamTo(backend.url, { connections: 2 })
    for (let time = 0; time < 4; time++) expect(await run(upstream, get('/'))).toMatchObject({ status: 200, body: 'x' })

    expect(seenBy(backend)).toEqual([1, 2, 3, 4].map((connection) => [connection, 'close']))
    expect(upstream.health().members[0]?.keepsConnections).toBe(false)
  })

  it('until bytes come behind an answer: then it has to prove itself anew', async () => {
    const backend = await backendWith((wire, received) => {
      answer(wire, received, 200, 'x')
      if (received.target === '/more') wire.write('more')
    })
    const upstream = upstreamTo(backend.url)
    await prove(upstream)
    await run(upstream, get('/more'))
    await backend.connectionClosed(1)
    await expect.poll(() => upstream.health().members[0]?.keepsConnections).toBe(false)
    for (let time = 0; time < 2; time++) await run(upstream, get('/'))

    expect(seenBy(backend)).toEqual([
      [1, 'keep-alive'],
      [2, 'close'],
      [3, 'keep-alive'],
    ])
  })

  it('F26: whose answers come one too early gives nobody the answer of another, however late the true ones are', async () => {
    const backend = await backendWith((wire, { target }) => void setTimeout(() => wire.write(http(200, target)), 300), {
      onConnection: (wire) => void setTimeout(() => wire.write(http(200, 'pushed')), 20),
    })
    const upstream = upstreamTo(backend.url)
    for (const target of ['/1', '/2', '/3']) {
      const { body, end } = await run(upstream, get(target, { method: 'POST' }))
      expect([body, end]).toEqual(['pushed', 'clean'])
    }
    expect(backend.connections).toHaveLength(3)
  })
})

describe('answers that are none', () => {
  const reset = ['upstream-reset', 'connection_terminated', 'wait']
  const garbage = ['upstream-protocol', 'http_protocol_error', 'wait']
  const framing = ['upstream-protocol', 'http_response_transfer_coding', 'wait']

  it('F04 F05: closed or reset before any byte', async () => {
    expect(await endOf((wire) => wire.destroy())).toEqual(reset)
    expect(await endOf((wire) => wire.resetAndDestroy())).toEqual(reset)
  })

  it.each([
    ['an SSH banner', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['bytes of TLS', '\u0015\u0003\u0001\u0000\u0002\u0002\u0046'],
    ['an HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a version of its own', 'HTTP/9.9 200 OK\r\n\r\n'],
    ['another protocol', 'ICY 200 OK\r\n\r\n'],
    ['a folded header', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n'],
    ['NUL in a header', 'HTTP/1.1 200 OK\r\nA: b\u0000\r\nContent-Length: 0\r\n\r\n'],
    ['a space in a name', 'HTTP/1.1 200 OK\r\nA b: c\r\nContent-Length: 0\r\n\r\n'],
    ['status 000', 'HTTP/1.1 000 No\r\nContent-Length: 0\r\n\r\n'],
    ['status 099', 'HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n'],
    ['status 600', 'HTTP/1.1 600 No\r\nContent-Length: 0\r\n\r\n'],
    ['status 888', 'HTTP/1.1 888 No\r\nContent-Length: 0\r\n\r\n'],
    ['status 2000', 'HTTP/1.1 2000 No\r\nContent-Length: 0\r\n\r\n'],
    ['a 100 that nobody asked for', `HTTP/1.1 100 Continue\r\n\r\n${http(200)}`],
    ['a 101 that nobody asked for', 'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'],
  ])('F14 F16 F21 F23: %s', async (_what, bytes) => {
    expect(await endOf(answers(bytes))).toEqual(garbage)
  })

  it.each([
    ['both framings', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n'],
    ['two lengths', 'Content-Length: 3\r\nContent-Length: 4\r\n'],
    ['a list of lengths', 'Content-Length: 3, 3\r\n'],
  ])('F14: %s', async (_what, headers) => {
    expect(await endOf(answers(`HTTP/1.1 200 OK\r\n${headers}\r\nabc`))).toEqual(framing)
  })

  it('F20: more header than there is room for', async () => {
    expect(await endOf(answers(`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(20_000)}\r\n\r\n`))).toEqual([
      'upstream-protocol',
      'http_response_header_section_size',
      'wait',
    ])
  })
})

describe('answers that stop', () => {
  const incomplete = { code: 'upstream-reset', proxyError: 'http_response_incomplete', phase: 'body' }
  const truncated = async (script: Script) => {
    const backend = await backendWith(script)
    return run(upstreamTo(backend.url), get('/'))
  }

  it.each([
    ['Content-Length, closed', (wire) => void wire.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf ')],
    [
      'Content-Length and Connection: close',
      (wire) => void wire.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\nhalf '),
    ],
    ['chunked, closed', (wire) => void wire.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf \r\n')],
    [
      'chunked and Connection: close',
      (wire) =>
        void wire.end('HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf \r\n'),
    ],
    [
      'chunked, reset',
      (wire) =>
        void wire.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf \r\n', () =>
          wire.resetAndDestroy(),
        ),
    ],
  ] satisfies [string, Script][])('F10 F12: %s', async (_how, script) => {
    expect(await truncated(script)).toMatchObject({ status: 200, end: incomplete })
  })

  it('F15: a chunk size that is none', async () => {
    const { end } = await truncated(answers('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'))
    expect(end).toMatchObject({ code: 'upstream-protocol', phase: expect.stringMatching(/wait|body/) as string })
  })

  it('F11: takes no more than Content-Length says, and the surplus reaches nobody', async () => {
    const backend = await backendWith((wire, { target }) => {
      wire.write(
        target === '/1' ? `${http(200, 'mine')}HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray` : http(200, 'next'),
      )
    })
    const upstream = upstreamTo(backend.url, { connections: 1 })

    expect(await run(upstream, get('/1'))).toMatchObject({ body: 'mine' })
    expect(await run(upstream, get('/2'))).toMatchObject({ body: 'next' })
  })

  it("F13: an answer nobody asked for, on an idle connection, is never the next one's", async () => {
    const backend = await backendWith((wire, { target }) => {
      wire.write(http(200, target))
      if (target === '/1') setImmediate(() => wire.write(http(200, 'poison')))
    })
    const upstream = upstreamTo(backend.url, { connections: 1 })
    await run(upstream, get('/1'))

    for (const target of ['/2', '/3', '/4']) {
      const outcome = await run(upstream, get(target))
      expect([target, 'failed']).toContain(outcome.end === 'clean' ? outcome.body : 'failed')
    }
  })

  it('F25: a body where there must be none is not the next answer', async () => {
    const backend = await backendWith((wire, { target }) => {
      wire.write(target === '/2' ? http(200, 'clean') : http(target === '/204' ? 204 : 304, 'forbidden body'))
    })
    const upstream = upstreamTo(backend.url, { connections: 1 })

    expect(await run(upstream, get('/204'))).toMatchObject({ status: 204, body: '' })
    expect(await run(upstream, get('/2'))).toMatchObject({ status: 200, body: 'clean' })
    expect(await run(upstream, get('/304'))).toMatchObject({ status: 304, body: '' })
    expect(await run(upstream, get('/2'))).toMatchObject({ status: 200, body: 'clean' })
  })
})

describe('bodies of callers', () => {
  it("a body shorter than its Content-Length ends as the caller's fault, and nothing of it counts as sent", async () => {
    const backend = await backendWith(answers(http(200)))
    const body = Readable.from([Buffer.from('short')])

    const { end } = await run(upstreamTo(backend.url), {
      method: 'POST',
      target: '/',
      headers: ['Host', 'x', 'Content-Length', '10'],
      body,
      deadlineMs: undefined,
    })

    expect(end).toMatchObject({ code: 'body-unreadable', proxyError: 'http_request_error' })
    expect(backend.requests.every((each) => !each.isComplete)).toBe(true)
  })

  it('F06: a reset in the middle of an upload is told, and the upload is sent once', async () => {
    const backend = await backendWith((wire) => void wire.once('data', () => wire.resetAndDestroy()), { at: 'head' })
    const endless = new Readable({ read: () => void endless.push(Buffer.alloc(65_536)) })

    const { end } = await run(upstreamTo(backend.url), { ...get('/'), method: 'POST', body: endless })

    expect(end).toMatchObject({ code: 'upstream-reset' })
    expect(endless.destroyed).toBe(true)
    expect(backend.requests).toHaveLength(1)
  })

  it('F07: an early answer is the answer, and the connection is not used again', async () => {
    const backend = await backendWith((wire) => void wire.write(http(413, 'too much')), { at: 'head' })
    const upstream = upstreamTo(backend.url)
    const endless = new Readable({ read: () => void endless.push(Buffer.alloc(1_024)) })

    const early = await run(upstream, { ...get('/up'), method: 'POST', body: endless })
    const next = await run(upstream, get('/next'))

    expect(early).toMatchObject({ status: 413, body: 'too much', end: 'clean' })
    expect(next.status).toBe(413)
    expect(backend.requests.map((each) => each.connection)).toEqual([1, 2])
    expect(headerIn(backend.requests[0]?.headers ?? [], 'transfer-encoding')).toBe('chunked')
  })
})
