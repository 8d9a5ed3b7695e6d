import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readHeaders } from '../../src/screen/headers.ts'

const host = ['Host', 'gw.test']

const refusalOf = (headers: readonly string[], version = '1.1') => {
  const reading = readHeaders(headers, version)
  return reading.kind === 'headers' ? 'accepted' : reading.code
}

describe('readHeaders', () => {
  it('gives what is looked at of an ordinary request, and all that came', () => {
    const headers = [
      ['host', 'gw.test:8080'],
      ['User-Agent', 'curl/8'],
      ['Accept', '*/*'],
      ['Authorization', 'Basic YTpi'],
      ['Content-Type', 'application/json'],
      ['Content-Length', '2'],
      ['Connection', 'keep-alive'],
      ['Cookie', 'a=1'],
      ['Cookie', 'b=2'],
      ['X-Forwarded-For', '1.2.3.4'],
      ['X-Forwarded-For', '5.6.7.8'],
    ].flat()

    expect(readHeaders(headers, '1.1')).toEqual({
      kind: 'headers',
      headers: {
        flat: headers,
        host: 'gw.test:8080',
        authorization: 'Basic YTpi',
        apiKey: undefined,
        contentType: 'application/json',
        contentEncoding: undefined,
        framing: { kind: 'length', bytes: 2 },
        expectsContinue: false,
      },
    })
  })

  it('finds each header in whatever case, and takes no value for a name', () => {
    const headers = ['HOST', 'a', 'AUTHORIZATION', 'b', 'x-API-key', 'c', 'content-TYPE', 'd', 'Via', 'authorization']
    const more = ['Content-ENCODING', 'identity', 'EXPECT', '100-continue', 'Transfer-ENCODING', 'chunked']
    const reading = readHeaders([...headers, ...more], '1.1')

    expect(reading.kind === 'headers' && reading.headers).toMatchObject({
      ...{ host: 'a', authorization: 'b', apiKey: 'c', contentType: 'd', contentEncoding: 'identity' },
      ...{ framing: { kind: 'chunked' }, expectsContinue: true },
    })
  })

  it.each([
    ['no length', [], { kind: 'none' }],
    ['a length of 0', ['Content-Length', '0'], { kind: 'none' }],
    ['a length of 000', ['Content-Length', '000'], { kind: 'none' }],
    ['a length', ['Content-Length', '017'], { kind: 'length', bytes: 17 }],
    ['chunks', ['Transfer-Encoding', 'chunked'], { kind: 'chunked' }],
  ])('says where the body ends: %s', (_what, lines, framing) => {
    const reading = readHeaders([...host, ...lines], '1.1')

    expect(reading.kind === 'headers' && reading.headers.framing).toEqual(framing)
  })

  it.each([
    ['R14', 'Host', 'gw.test'],
    ['H01', 'Authorization', 'Basic YTpi'],
    ['1.6', 'Proxy-Authorization', 'Basic YTpi'],
    ['C06', 'Content-Type', 'application/json'],
    ['C09', 'Content-Encoding', 'identity'],
    ['1.6', 'Range', 'bytes=0-1'],
    ['1.6', 'If-Range', '"a"'],
    ['1.6', 'Expect', '100-continue'],
    ['1.6', 'Origin', 'http://a.test'],
    ['1.6', 'X-API-Key', 'a:b'],
    // Node's own list keeps the first of these in silence, others take the last.
    ['R14', 'User-Agent', 'a'],
    ['R14', 'Referer', 'http://a.test/'],
    ['R14', 'From', 'a@b.test'],
    ['R14', 'Max-Forwards', '1'],
    ['R14', 'If-Modified-Since', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['R14', 'If-Unmodified-Since', 'Sun, 06 Nov 1994 08:49:37 GMT'],
  ])('%s: refuses a second %s in whatever case', (_id, name, value) => {
    const others = name === 'Host' ? [] : host

    expect(refusalOf([...others, name, value])).toBe('accepted')
    expect(refusalOf([...others, name, value, name, value])).toBe('header-duplicate')
    expect(refusalOf([...others, name.toUpperCase(), value, 'X-Other', '1', name.toLowerCase(), value])).toBe(
      'header-duplicate',
    )
  })

  it.each([
    ['S02 the same', '5', '5'],
    ['S02 another', '5', '6'],
  ])('%s: a second Content-Length is refused', (_id, first, second) => {
    expect(refusalOf([...host, 'Content-Length', first, 'content-length', second])).toBe('header-duplicate')
  })

  it.each([
    ['S01', ['Content-Length', '31', 'Transfer-Encoding', 'chunked']],
    ['S01', ['TRANSFER-ENCODING', 'chunked', 'content-LENGTH', '31']],
    ['S02', ['Content-Length', '5, 5']],
    ['S02', ['Content-Length', '+5']],
    ['S02', ['Content-Length', '-1']],
    ['S02', ['Content-Length', '0x5']],
    ['S02', ['Content-Length', '5 6']],
    ['S02', ['Content-Length', '']],
    ['S02', ['Content-Length', '12345678901234567890']],
    ['S03', ['Transfer-Encoding', 'chunked, chunked']],
    ['S03', ['Transfer-Encoding', 'gzip, chunked']],
    ['S03', ['Transfer-Encoding', 'chunked, gzip']],
    ['S03', ['Transfer-Encoding', 'gzip']],
    ['S03', ['Transfer-Encoding', 'identity']],
    ['S03', ['Transfer-Encoding', 'xchunked']],
    ['S03', ['Transfer-Encoding', '"chunked"']],
    ['S03', ['Transfer-Encoding', '']],
    ['S04', ['Transfer-Encoding', '\u000bchunked']],
    ['S04', ['Transfer-Encoding', 'chunked\u00a0']],
  ])('%s: refuses %j', (_id, headers) => {
    expect(refusalOf([...host, ...headers])).toBe('header-invalid')
  })

  it('S03: two Transfer-Encoding headers are refused', () => {
    const twice = ['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked']

    expect(refusalOf([...host, ...twice])).toBe('header-duplicate')
  })

  it('takes chunked in HTTP/1.1 and S08: not in HTTP/1.0', () => {
    expect(refusalOf([...host, 'Transfer-Encoding', 'chunked'])).toBe('accepted')
    expect(refusalOf([...host, 'Transfer-Encoding', 'chunked'], '1.0')).toBe('header-invalid')
    expect(refusalOf(host, '1.0')).toBe('accepted')
  })

  it.each(['0.9', '1.2', '2.0', ''])('S08: refuses HTTP version %j', (version) => {
    expect(refusalOf(host, version)).toBe('header-invalid')
  })

  it.each([
    'X_Tenant',
    'X-Tenant_',
    'Content_Length',
    '',
    'a b',
    'a\u00e9',
    'X(',
    'a"',
    'a/b',
    '@',
    '`',
    '[',
    '{',
    'x:',
  ])('H04: refuses the name %j', (name) => {
    expect(refusalOf([...host, name, '5'])).toBe('header-invalid')
  })

  it('agrees with an expression about every character of a name', () => {
    for (let code = 0; code < 256; code++) {
      const name = `x${String.fromCharCode(code)}`
      expect([name, refusalOf([...host, name, '1'])]).toEqual([
        name,
        /^[A-Za-z0-9-]+$/.test(name) ? 'accepted' : 'header-invalid',
      ])
    }
  })

  it.each([
    'Authorization',
    'X-Forwarded-For, authorization',
    'close, Cookie',
    'content-length',
    'Content-Type',
    'Content-Anything',
    'HOST',
    'Transfer-Encoding',
    'x-api-key',
    'Range',
    'a b',
    '"close"',
    'X_Tenant',
    'close; x',
  ])('H02: refuses `Connection: %s`', (value) => {
    expect(refusalOf([...host, 'Connection', value])).toBe('header-invalid')
    expect(refusalOf([...host, 'connection', 'close', 'CONNECTION', value])).toBe('header-invalid')
  })

  it.each(['keep-alive', 'close', 'Keep-Alive, Upgrade', 'X-Tenant, close', 'X-Forwarded-For', 'TE', 'close,', ''])(
    'H02: takes `Connection: %s`',
    (value) => {
      expect(refusalOf([...host, 'Connection', value])).toBe('accepted')
    },
  )

  it.each([
    ['H01', 'Basic YTpi, Basic YTpj'],
    ['H01', 'Basic YTpi,token a:b'],
    ['H01', 'token a:b, bearer'],
  ])('%s: refuses two credentials written as one: %s', (_id, value) => {
    expect(refusalOf([...host, 'Authorization', value])).toBe('header-duplicate')
  })

  it('takes commas between the parameters of another scheme, which public routes may pass on', () => {
    expect(refusalOf([...host, 'Authorization', 'Digest username="a", realm="basic"'])).toBe('accepted')
  })

  it.each(['gzip', 'br', 'deflate', 'gzip, gzip', 'x-gzip', 'identity, gzip', ''])(
    'C09: refuses a body coded as %j',
    (value) => {
      expect(refusalOf([...host, 'Content-Encoding', value])).toBe('media-type-unsupported')
    },
  )

  it('takes identity and an Expect that Node answers, M08: and no other', () => {
    expect(refusalOf([...host, 'Content-Encoding', 'Identity', 'Expect', '100-Continue'])).toBe('accepted')
    expect(refusalOf([...host, 'Expect', '200-ok'])).toBe('header-invalid')
  })

  it('S12: takes 100 headers and refuses 101', () => {
    const headers = (count: number) => [...host, ...Array.from({ length: count - 1 }, () => ['a', '1']).flat()]

    expect(refusalOf(headers(100))).toBe('accepted')
    expect(refusalOf(headers(101))).toBe('headers-too-large')
  })

  it('H06: refuses a request without Host', () => {
    expect(refusalOf(['Accept', '*/*'])).toBe('header-invalid')
    expect(refusalOf([], '1.0')).toBe('header-invalid')
  })

  it('finds a singleton given twice wherever the two stand', () => {
    const singletons = [
      'Authorization',
      'Content-Type',
      'Range',
      'If-Range',
      'Expect',
      'Origin',
      'X-Api-Key',
      'Proxy-Authorization',
    ]
    const other = fc
      .tuple(fc.stringMatching(/^X-[a-zA-Z0-9-]{1,12}$/), fc.string())
      .filter(([name]) => name.length !== 9)
    fc.assert(
      fc.property(
        fc.constantFrom(...singletons),
        fc.array(other, { maxLength: 20 }),
        fc.nat(),
        fc.nat(),
        (name, rest, a, b) => {
          const pairs: [string, string][] = [['Host', 'h'], ...rest]
          const value = name === 'Expect' ? '100-continue' : 'v'
          pairs.splice(a % (pairs.length + 1), 0, [name, value])
          expect(refusalOf(pairs.flat())).toBe('accepted')
          pairs.splice(b % (pairs.length + 1), 0, [name.toLowerCase(), value])
          expect(refusalOf(pairs.flat())).toBe('header-duplicate')
        },
      ),
    )
  })
})
