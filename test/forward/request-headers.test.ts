import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { compileHeaders, outgoingHeaders, type CallerRequest } from '../../src/forward/request-headers.ts'
import { headerIn } from '../helpers/upstream.ts'
import { upstreamConfig } from '../helpers/upstream-config.ts'

const config = upstreamConfig('http://backend.test:9000', {
  credential: { kind: 'service', scheme: 'token', user: 'gw', secret: 's3' },
})

const caller = (rawHeaders: readonly string[], more: Partial<CallerRequest> = {}): CallerRequest => ({
  rawHeaders,
  clientAddress: '192.0.2.7',
  peerAddress: '::ffff:192.0.2.7',
  isPeerTrusted: false,
  isEncrypted: false,
  requestId: 'r1',
  traceparent: 't1',
  credential: 'strip',
  body: 'stream',
  contentType: undefined,
  readsAnswer: false,
  ...more,
})

function sent(
  rawHeaders: readonly string[],
  more: Partial<CallerRequest> = {},
  credential = config.credential,
): readonly string[] {
  const made = outgoingHeaders(compileHeaders({ ...config, credential }), caller(rawHeaders, more))
  if (made.kind === 'loop') throw new Error('a loop')
  return made.headers
}

/** What the gateway says whoever asks. */
const ours = [
  ...['Host', 'backend.test:9000', 'Authorization', 'token gw:s3', 'X-Forwarded-For', '192.0.2.7'],
  ...['X-Forwarded-Proto', 'http', 'Via', '1.1 sallyport', 'X-Request-Id', 'r1', 'traceparent', 't1'],
]

describe('outgoingHeaders', () => {
  it('passes what is harmless as it came, repeated names and bytes over 127 too', () => {
    const plain = [
      'Accept',
      '*/*',
      'X-A',
      '1',
      'x-a',
      '\u00fc',
      'Content-Length',
      '3',
      'Content-Type',
      'text/plain',
      'Accept-Encoding',
      'br',
    ]
    const headers = sent(plain)

    expect(headers.slice(2, 2 + plain.length)).toEqual(plain)
  })

  it.each([
    ['Connection'],
    ['Keep-Alive'],
    ['Proxy-Connection'],
    ['Proxy-Authorization'],
    ['Proxy-Anything'],
    ['TE'],
    ['Trailer'],
    ['Transfer-Encoding'],
    ['Upgrade'],
    ['HTTP2-Settings'],
    ['Expect'],
    ['Authorization'],
    ['Cookie'],
    ['Proxy'],
    ['Cookie2'],
    ['X-Envoy-Original-Path'],
    ['X-Accel-Redirect'],
    ['X-Forwarded'],
    ['Forwarded-For'],
    ['Forwarded'],
    ['X-Forwarded-For'],
    ['X-Forwarded-Host'],
    ['X-Forwarded-Port'],
    ['X-Forwarded-Prefix'],
    ['X-Real-IP'],
    ['True-Client-IP'],
    ['CF-Connecting-IP'],
    ['X-Original-URL'],
    ['X-Rewrite-URL'],
    ['X-HTTP-Method'],
    ['X-HTTP-Method-Override'],
    ['X-Method-Override'],
    ['X_Tenant'],
    ['Content_Length'],
    ['X-Request-Id'],
    ['traceparent'],
    ['Host'],
    ['X-API-Key'],
    ['X-Gateway-User'],
  ])('never passes %s', (name) => {
    for (const spelled of [name, name.toLowerCase(), name.toUpperCase()]) {
      // A Host is told in X-Forwarded-Host, and nowhere else.
      const expected = name === 'Host' ? [...ours.slice(0, 8), 'X-Forwarded-Host', 'evil', ...ours.slice(8)] : ours
      expect(sent([spelled, 'evil'])).toEqual(expected)
    }
  })

  it('H02: takes what Connection names from the caller, and never what is ours', () => {
    const nominating = [
      'Connection',
      'X-Tenant, Authorization, X-Forwarded-For , via,host',
      'X-Tenant',
      'a',
      'connection',
      'X-Other',
      'X-Other',
      'b',
    ]

    expect(sent(nominating)).toEqual(ours)
  })

  it.each([
    ['basic', 'Basic Z3c6czM='],
    ['token', 'token gw:s3'],
  ] as const)('sends the service credential as %s', (scheme, expected) => {
    expect(headerIn(sent([], {}, { kind: 'service', scheme, user: 'gw', secret: 's3' }), 'authorization')).toBe(
      expected,
    )
  })

  it("sends the caller's own Authorization where the upstream is to see it, and no cookie", () => {
    const headers = sent(['Authorization', 'token a:b', 'Cookie', 'session=1'], {}, { kind: 'caller' })

    expect([headerIn(headers, 'authorization'), headerIn(headers, 'cookie')]).toEqual(['token a:b', undefined])
  })

  it("sends the caller's own Authorization and cookies in place of ours where the rule passes them", () => {
    const headers = sent(['Authorization', 'token a:b', 'Cookie', 'session=1'], { credential: 'pass' })

    expect(headers.filter((each) => each === 'Authorization')).toHaveLength(1)
    expect([headerIn(headers, 'authorization'), headerIn(headers, 'cookie')]).toEqual(['token a:b', 'session=1'])
  })

  it('describes a body that was written anew, and not the one that came', () => {
    const came = ['Content-Length', '99', 'Content-Type', 'text/plain', 'Content-Encoding', 'gzip']

    expect(headerIn(sent(came, { body: 'anew', contentType: 'application/json' }), 'content-type')).toBe(
      'application/json',
    )
    expect(sent(came, { body: 'anew' })).toEqual(ours)
    expect(sent(came, { body: 'none' })).toEqual(ours)
  })

  it('asks for a whole and plain answer where the answer is read', () => {
    const headers = sent(['Accept-Encoding', 'gzip', 'Range', 'bytes=0-1', 'If-Range', 'x'], { readsAnswer: true })

    expect(headerIn(headers, 'accept-encoding')).toBe('identity')
    expect([headerIn(headers, 'range'), headerIn(headers, 'if-range')]).toEqual([undefined, undefined])
  })

  it('M07: drops a Range of more than 16 ranges', () => {
    const ranges = (count: number): string => `bytes=${Array.from({ length: count }, () => '0-0').join(',')}`

    expect(headerIn(sent(['Range', ranges(16)]), 'range')).toBe(ranges(16))
    expect(headerIn(sent(['Range', ranges(17)]), 'range')).toBeUndefined()
  })

  it('believes X-Forwarded-Proto of a trusted peer alone, and names the whole way', () => {
    const told = ['X-Forwarded-Proto', 'https', 'X-Forwarded-For', 'a, b']
    const behind = { clientAddress: '198.51.100.1', peerAddress: '10.0.0.1' }

    const trusted = sent(told, { ...behind, isPeerTrusted: true })
    expect([headerIn(trusted, 'x-forwarded-for'), headerIn(trusted, 'x-forwarded-proto')]).toEqual([
      '198.51.100.1, 10.0.0.1',
      'https',
    ])
    const untrusted = sent(told, behind)
    expect([headerIn(untrusted, 'x-forwarded-for'), headerIn(untrusted, 'x-forwarded-proto')]).toEqual([
      '198.51.100.1',
      'http',
    ])
    expect(
      headerIn(sent(['X-Forwarded-Proto', 'gopher'], { isPeerTrusted: true, isEncrypted: true }), 'x-forwarded-proto'),
    ).toBe('https')
  })

  it('adds itself to Via, and knows itself there', () => {
    expect(headerIn(sent(['Via', '1.0 a', 'via', '1.1 b (sallyport)']), 'via')).toBe(
      '1.0 a, 1.1 b (sallyport), 1.1 sallyport',
    )
    for (const via of ['1.1 sallyport', '1.1 a, HTTP/1.1 SALLYPORT (x)', ' 1.1\tsallyport']) {
      expect(outgoingHeaders(compileHeaders(config), caller(['Via', via]))).toEqual({ kind: 'loop' })
    }
  })

  it('sends each header of ours exactly once, whatever the caller sends', () => {
    const single = [
      'host',
      'authorization',
      'x-forwarded-for',
      'x-forwarded-proto',
      'via',
      'x-request-id',
      'traceparent',
    ]
    const name = fc.oneof(fc.constantFrom(...single, 'Connection', 'X_A'), fc.stringMatching(/^[A-Za-z-]{1,8}$/))
    const value = fc.oneof(fc.constantFrom(...single), fc.stringMatching(/^[a-z ,]{0,20}$/))

    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (pairs) => {
        const headers = sent(pairs.flat())
        const keys = headers.filter((_, at) => at % 2 === 0).map((each) => each.toLowerCase())
        expect(single.map((each) => keys.filter((key) => key === each).length)).toEqual(single.map(() => 1))
        expect(headerIn(headers, 'authorization')).toBe('token gw:s3')
        expect(headerIn(headers, 'x-forwarded-for')).toBe('192.0.2.7')
      }),
    )
  })
})
