import { randomBytes } from 'node:crypto'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import type { Cut } from '../../src/model/decision.ts'
import { refused } from '../../src/model/failure.ts'
import { listIdFrom } from '../../src/model/ids.ts'
import type { BodyFilter } from '../../src/respond/body-filter.ts'
import { decoderFor, type DecodedTo, type Decoder } from '../../src/respond/decode.ts'
import { createFilteringSink, type Treatment } from '../../src/respond/filtering.ts'
import type { AnswerSink } from '../../src/respond/relay.ts'
import { type BareGateway, type BareOptions, exchangeRaw, getBytes, startBareGateway } from '../helpers/bare-gateway.ts'
import { answers, headerIn, http, type Script, startUpstream, type ScriptedUpstream } from '../helpers/upstream.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.close()
})

type World = BareOptions & { readonly cuts?: readonly Cut[]; readonly contract?: 'documented' }

async function world(
  script: Script,
  { cuts = [keep], contract, ...options }: World = {},
): Promise<{ backend: ScriptedUpstream; gateway: BareGateway }> {
  const backend = await startUpstream(script)
  const gateway = await startBareGateway(backend.url, {
    ...options,
    stage: (gate) => {
      if (gate.decision?.effect === 'allow') gate.decision = { ...gate.decision, cuts }
      if (gate.tenant === undefined || contract === undefined) return
      gate.tenant = { ...gate.tenant, config: { ...gate.tenant.config, contract, timezoneMinutes: 330 } }
    },
  })
  opened.push(gateway, backend)
  return { backend, gateway }
}

const cut = (act: Cut['act'], path: string, resource?: string): Cut => ({
  act,
  path,
  by: 'id',
  pages: false,
  visible: new Set([listIdFrom(1) ?? never()]),
  resource,
})
/** Waits without a clock until it holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}

const never = (): never => {
  throw new Error('unreachable')
}
const keep = cut('keep', 'data[]')

/** `latin1`, as the script writes it. */
const json = (body: string | Buffer, more: readonly string[] = [], status = 200): string =>
  http(status, '', ['Content-Type: application/json', ...more]).replace(
    /Content-Length: 0\r\n\r\n$/,
    `Content-Length: ${body.length}\r\n\r\n${body.toString('latin1')}`,
  )
const chunkedHead = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n'
const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
const ask = async (gateway: BareGateway, method = 'GET') => exchangeRaw(gateway.port, getBytes('/', [], method))
const codeIn = (rest: string): unknown => (JSON.parse(rest) as { data: { code: string } }).data.code
const two = '{"data":[{"id":1},{"id":2}]}'
const one = '{"data":[{"id":1}]}'

describe('an answer that is cut', () => {
  it('has the length of what is left, and nothing that speaks of what was', async () => {
    const lost = [
      'ETag: "x"',
      'Last-Modified: now',
      'Accept-Ranges: bytes',
      'Content-MD5: x',
      'Digest: x',
      'Repr-Digest: x',
    ]
    const { gateway } = await world(answers(json(two, [...lost, 'X-Mine: kept'])))
    const answer = await ask(gateway)
    const names = answer.headers.filter((_, at) => at % 2 === 0)

    expect([answer.status, answer.rest]).toEqual([200, one])
    expect(names.toSorted()).toEqual(
      ['Content-Type', 'X-Mine', 'Via', 'X-Request-Id', 'Content-Length', 'Connection', 'Date'].toSorted(),
    )
    expect(headerIn(answer.headers, 'content-length')).toBe(String(one.length))
  })

  it('streams in chunks where it comes in pieces', async () => {
    const { gateway, backend } = await world((wire) => {
      wire.write(chunkedHead + chunk('{"data":[{"id":1},'))
    })
    const asking = exchangeRaw(gateway.port, getBytes('/'))
    await backend.requestsBegun(1)
    // The first piece is out before the second one is written.
    await until(() => (gateway.gates[0]?.bytesOut ?? 0) > 0)
    backend.connections[0]?.write(`${chunk('{"id":2}]}')}0\r\n\r\n`)
    const answer = await asking

    expect(headerIn(answer.headers, 'transfer-encoding')).toBe('chunked')
    expect(answer.rest).toBe(`${chunk('{"data":[{"id":1}')}${chunk(']}')}0\r\n\r\n`)
  })

  it.each([
    ['gzip', gzipSync(two)],
    ['x-gzip', gzipSync(two)],
    ['deflate', deflateSync(two)],
    ['br', brotliCompressSync(two)],
    ['BR', brotliCompressSync(two)],
    ['identity', Buffer.from(two)],
  ])('is read through %s and goes out plain', async (coding, body) => {
    const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n`
    const { gateway } = await world((wire) => void wire.write(Buffer.concat([Buffer.from(head), body])))
    const answer = await ask(gateway)

    // What is decoded comes a moment later, in a chunk of its own.
    expect([answer.status, answer.rest, headerIn(answer.headers, 'content-encoding')]).toEqual([
      200,
      coding === 'identity' ? one : `${chunk(one)}0\r\n\r\n`,
      undefined,
    ])
  })

  it.each<[string, string]>([
    ['an unknown coding', json(two, ['Content-Encoding: zstd'])],
    ['two codings', json(two, ['Content-Encoding: gzip, br'])],
    ['a coding that it has not', json(two, ['Content-Encoding: gzip'])],
    ['half of a coding', json(gzipSync(two).subarray(0, 6), ['Content-Encoding: gzip'])],
    ['another type', http(200, two, ['Content-Type: text/html'])],
    ['no type', http(200, two)],
    ['a part', json(two, ['Content-Range: bytes 0-9/100'], 206)],
    ['no JSON', json('<html>')],
    ['half of it', json('{"data":[{"id":1}')],
    ['nothing', json('')],
  ])('is 502 when the backend sends %s', async (_name, bytes) => {
    const { gateway } = await world(answers(bytes))
    const answer = await ask(gateway)

    expect([answer.status, codeIn(answer.rest)]).toEqual([502, 'upstream-protocol'])
  })

  it('is 500, and the connection to the backend goes on, when the policy asks for what cannot be done', async () => {
    const { gateway } = await world(answers(json(two)), { cuts: [{ ...keep, pages: true }] })
    expect(codeIn((await ask(gateway)).rest)).toBe('internal')
    expect(codeIn((await ask(gateway)).rest)).toBe('internal')
  })

  it.each([
    ['cannot be judged', '{"data":{"id":2}}', keep, 'scope-unreadable'],
    ['holds an item that refuses it', two, cut('refuse', 'data[]'), 'list-denied'],
  ])('is 403 when it %s', async (_name, body, refusing, code) => {
    const { gateway } = await world(answers(json(body)), { cuts: [refusing] })
    const answer = await ask(gateway)

    expect([answer.status, codeIn(answer.rest)]).toEqual([403, code])
    expect(answer.rest).not.toContain('"id":2')
  })

  it('is cut off, never ended, when it breaks after its head', async () => {
    const { gateway, backend } = await world((wire) => void wire.write(chunkedHead + chunk('{"data":[{"id":1},')))
    const asking = ask(gateway)
    await backend.requestsBegun(1)
    await until(() => (gateway.gates[0]?.bytesOut ?? 0) > 0)
    backend.connections[0]?.write(`${chunk('oops')}0\r\n\r\n`)
    const answer = await asking

    expect(answer.status).toBe(200)
    expect(answer.rest).toBe(chunk('{"data":[{"id":1}'))
    expect(gateway.gates[0]?.failure?.code).toBe('upstream-protocol')
  })

  it.each<[string, string, string, string]>([
    ['a refusal in JSON', 'GET', json('{"message":"no"}', [], 400), '{"message":"no"}'],
    ['a refusal in text', 'GET', http(404, 'no', ['Content-Type: text/plain']), 'no'],
    ['a redirect', 'GET', http(302, '', ['Location: /x']), ''],
    ['no content', 'GET', 'HTTP/1.1 204 No\r\n\r\n', ''],
    ['what is not modified', 'GET', 'HTTP/1.1 304 No\r\nETag: "x"\r\n\r\n', ''],
    ['a head alone', 'HEAD', 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n', ''],
  ])('passes when it is %s', async (_name, method, bytes, body) => {
    const { gateway } = await world(answers(bytes))
    const answer = await ask(gateway, method)

    expect([answer.status, answer.rest, headerIn(answer.headers, 'etag')]).toEqual([
      Number(bytes.split(' ')[1]),
      body,
      undefined,
    ])
    expect(headerIn(answer.headers, 'content-length')).not.toBe('99')
  })

  it('is the envelope when the backend fails, before or after it began', async () => {
    const { gateway } = await world(answers(json(two, [], 500)))
    expect(codeIn((await ask(gateway)).rest)).toBe('backend-error')

    const { gateway: other } = await world(
      (wire) => {
        wire.write(`${chunkedHead}${chunk('{"da')}`)
        wire.end()
      },
      { cuts: [cut('refuse', 'data[]')] },
    )
    const answer = await ask(other)
    expect([answer.status, codeIn(answer.rest)]).toEqual([502, 'upstream-reset'])
  })
})

describe('a sink that filters', () => {
  const passing = (): BodyFilter => ({ write: (bytes) => bytes, end: () => Buffer.alloc(0) })

  /** A sink before a reader that takes nothing until it is told. */
  function slow(decoder: 'identity' | ((to: DecodedTo) => Decoder)) {
    const events: string[] = []
    let held: { resume(): void } | undefined
    const inner: AnswerSink = {
      attach: (exchange) => {
        held = exchange
      },
      head: (status) => void events.push(`head ${status}`),
      data: (bytes) => events.push(`data ${bytes.length}`) < 0,
      end: () => void events.push('end'),
      failed: ({ code }) => void events.push(code),
      refuse: ({ code }) => void events.push(code),
    }
    const treatment: Treatment = { kind: 'filter', headers: [], status: () => 200, decoder, filter: passing() }
    const sink = createFilteringSink(inner, () => treatment)
    const resumed = new Promise<void>((resolve) => {
      sink.attach({ resume: resolve, abort: () => void events.push('abort') })
    })
    sink.head(200, [])
    return { sink, events, resumed, resume: () => held?.resume() }
  }

  it('hands on that the reader is slow, and that it goes on', async () => {
    const { sink, events, resumed, resume } = slow('identity')
    expect(sink.data(Buffer.from('abc'))).toBe(false)
    resume()
    await resumed
    sink.end()
    expect(events).toEqual(['head 200', 'data 3', 'end'])
  })

  it('hands on that the reader is slow through a decoder', async () => {
    const decoder = decoderFor('gzip')
    if (decoder === undefined || decoder === 'identity') throw new Error('unreachable')
    const { sink, events, resumed, resume } = slow(decoder)
    const bytes = gzipSync(randomBytes(4_000_000))
    let at = 0
    let isAsking = true
    for (; isAsking && at < bytes.length; at += 65_536) isAsking = sink.data(bytes.subarray(at, at + 65_536))
    expect(at).toBeLessThan(1_000_000)
    // The decoder takes more once the reader has taken what came out: each time it is told.
    await until(() => events.length > 0)
    const pump = setInterval(resume, 1)
    await resumed
    clearInterval(pump)
    expect(events[0]).toBe('head 200')
  })

  it('says nothing more once it was given up or has failed', () => {
    const { sink, events } = slow('identity')
    sink.failed({ code: 'upstream-reset', proxyError: 'x', phase: 'body', cause: undefined })
    sink.data(Buffer.from('abc'))
    sink.end()
    sink.refuse(refused('internal'))
    expect(events).toEqual(['upstream-reset'])
  })

  it('gives the exchange up when it refuses', () => {
    const { sink, events } = slow('identity')
    sink.refuse(refused('overloaded'))
    expect(events).toEqual(['abort', 'overloaded'])
  })
})

describe('an answer whose items are looked up', () => {
  it.each<[string, () => Promise<ReadonlyMap<string, never[]>>, number, string]>([
    ['the backend is too slow', () => Promise.reject(refused('upstream-timeout')), 504, 'upstream-timeout'],
    ['the backend is away', () => Promise.reject(refused('upstream-unavailable')), 503, 'upstream-unavailable'],
    ['the backend refuses', () => Promise.reject(refused('upstream-refused')), 502, 'upstream-refused'],
    ['there is a bug', () => Promise.reject(new Error('bug')), 500, 'internal'],
  ])('is the failure of the look-up when %s', async (_name, listsOf, status, code) => {
    const { gateway } = await world(answers(json(two)), {
      cuts: [cut('keep', 'data[]', 'thing')],
      things: { listsOf },
      resources: [{ name: 'thing', from: 'GET /api/things/{id}', key: 'id', lists: 'data.lists[].id', absent: [404] }],
    })
    const answer = await ask(gateway)

    expect([answer.status, codeIn(answer.rest)]).toEqual([status, code])
  })
})

describe('an answer as documented', () => {
  const time = '{"data":{"created_at":"2026-03-02T08:15:30.4512Z"}}'
  const shown = '{"status":"success","data":{"created_at":"2026-03-02T13:45:30.451200+05:30"}}'

  it.each<[string, string, number, string]>([
    ['shows success and times', json(time), 200, shown],
    [
      'says what is not found with 404',
      json('{"message":"List not found"}', [], 400),
      404,
      '{"message":"List not found"}',
    ],
    ['leaves another 400', json('{"message":"bad"}', [], 400), 400, '{"message":"bad"}'],
    ['leaves another failure', json('{"message":"not found"}', [], 409), 409, '{"message":"not found"}'],
    ['leaves what is no JSON', http(200, time, ['Content-Type: text/plain']), 200, time],
  ])('%s', async (_name, bytes, status, body) => {
    const { gateway } = await world(answers(bytes), { cuts: [], contract: 'documented' })
    const answer = await ask(gateway)

    expect([answer.status, answer.rest]).toEqual([status, body])
  })

  it('has no length in a head alone: it would be that of the backend', async () => {
    const { gateway } = await world(answers(json('', ['ETag: "x"']).replace('Length: 0', 'Length: 50')), {
      cuts: [],
      contract: 'documented',
    })
    const { status, headers } = await ask(gateway, 'HEAD')
    expect([status, headerIn(headers, 'content-length'), headerIn(headers, 'etag')]).toEqual([
      200,
      undefined,
      undefined,
    ])
  })

  it('is cut as well', async () => {
    const { gateway } = await world(answers(json(two)), { contract: 'documented' })
    expect((await ask(gateway)).rest).toBe('{"status":"success","data":[{"id":1}]}')
  })

  it('leaves the answers of public routes', async () => {
    const { gateway } = await world(answers(json(time)), {
      cuts: [],
      contract: 'documented',
      rule: { allow: { kind: 'public' } },
    })
    expect((await ask(gateway)).rest).toBe(time)
  })
})
