/** Header lists and credentials, against readers that go the long way round. */
import { readCredential } from '../../../src/authenticate/header.ts'
import { clientAddress, trustedPeers } from '../../../src/observe/client-address.ts'
import { readHeaders } from '../../../src/screen/headers.ts'
import { parseContentType } from '../../../src/scope/content-type.ts'
import { isIP } from 'node:net'
import { MIMEType } from 'node:util'
import type { Target } from '../fuzzer.ts'
import { holdsControl, must, orNothing, same } from './assert.ts'

const once: readonly string[] = [
  ...['host', 'range', 'expect', 'origin', 'if-range', 'x-api-key', 'content-type', 'authorization', 'content-length'],
  ...['content-encoding', 'transfer-encoding', 'proxy-authorization', 'from', 'referer', 'user-agent', 'max-forwards'],
  ...['if-modified-since', 'if-unmodified-since'],
]

/** A line is a header, split at its first colon; the first line is the version. */
export const headersReader: Target = {
  name: 'headers',
  seeds: [
    '1.1\nHost:gw.test\nAccept:*/*',
    '1.1\nHost:gw.test\nContent-Length:5\nContent-Type:application/json\nAuthorization:Basic YTpi',
    '1.1\nhost:gw.test\nTransfer-Encoding:chunked\nExpect:100-continue\nContent-Encoding:identity',
    '1.0\nHOST:gw.test\nConnection:keep-alive, X-Tenant\nX-API-Key:a:b\nRange:bytes=0-1\nIf-Range:"a"',
    '1.1\nHost:a\nUser-Agent:x\nReferer:y\nFrom:z\nMax-Forwards:1\nIf-Modified-Since:a\nIf-Unmodified-Since:b\nOrigin:c',
  ],
  words: [
    ...once.map((name) => `\n${name}:`),
    ...['\nConnection:', 'close', 'chunked', 'gzip', 'identity', '100-continue', ', ', '_', '0', '5, 5', ' ', '\t'],
    ...['authorization', 'cookie', 'Basic a', ', Basic', '\n:', '\nX:', '\xa0', '\x0b'],
  ],
  run(input) {
    const [version = '', ...lines] = input.toString('latin1').split('\n')
    const flat = lines.flatMap((line) => {
      const colon = line.indexOf(':')
      return colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1)]
    })
    const read = readHeaders(flat, version)
    const names = flat.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase())
    const values = (name: string): readonly string[] =>
      flat.filter((_, at) => at % 2 === 1 && names[(at - 1) / 2] === name)
    if (read.kind === 'refused') return must(read.why.length > 0, 'a refusal says nothing')

    const { headers } = read
    must(names.length <= 100, 'more than 100 headers')
    must(
      names.every((name) => /^[a-z0-9-]+$/.test(name)),
      'a name that is none',
    )
    for (const name of once) must(values(name).length <= 1, `two of ${name}`)
    const [length] = values('content-length')
    const [coding] = values('transfer-encoding')
    must(length === undefined || coding === undefined, 'a length and a coding')
    must(coding === undefined || (coding === 'chunked' && version === '1.1'), 'a coding that is not chunked')
    const bytes = length === undefined ? 0 : Number(length)
    const framing = bytes > 0 ? { kind: 'length', bytes } : { kind: 'none' }
    same(
      { ...headers, host: [headers.host] },
      {
        flat,
        host: values('host'),
        authorization: values('authorization')[0],
        apiKey: values('x-api-key')[0],
        contentType: values('content-type')[0],
        contentEncoding: values('content-encoding')[0],
        framing: coding === undefined ? framing : { kind: 'chunked' },
        expectsContinue: values('expect').length > 0,
      },
      'another reader finds other values',
    )
    for (const name of values('connection').join(',').toLowerCase().split(',')) {
      must(
        !once.slice(0, 12).includes(name.trim()) || name.trim() === 'proxy-authorization',
        'a needed header is nominated',
      )
    }
    return undefined
  },
}

/** The first line is `Authorization`, the second `X-API-Key`. */
export const credentialReader: Target = {
  name: 'credential',
  seeds: [
    `Basic ${Buffer.from('ada:spt_x').toString('base64')}`,
    `basic  ${Buffer.from('us\u00e9r:p\u00e4ss:word').toString('base64')}`,
    'token ada:spt_x',
    'Bearer ada:spt_x',
    '\nada:spt_x',
    'Basic YTpi\nada:x',
    'Digest username="a"',
  ],
  words: [
    'Basic ',
    'token ',
    'bearer ',
    ':',
    '=',
    '==',
    '-',
    '_',
    'YTpi',
    'YTo=',
    'OmI=',
    '\xff',
    '\xc3\xa9',
    '\0',
    '\t',
    '\x7f',
    ' ',
    ',',
  ],
  run(input) {
    const [first = '', second] = input.toString('latin1').split('\n')
    const [authorization, apiKey] = [first === '' ? undefined : first, second === '' ? undefined : second]
    const read = readCredential(authorization, apiKey, { bearer: true, apiKey: true })
    if (read.kind === 'none') return must((authorization ?? apiKey) === undefined, 'something is nothing')
    const text = authorization === undefined ? latin1AsUtf8(apiKey ?? '') : longWay(authorization)
    const isReadable = text !== undefined && /^[^:]+:[^]/.test(text) && !holdsControl(text)
    const isOne = authorization === undefined || apiKey === undefined
    must((read.kind === 'credential') === (isReadable && isOne), 'another reader finds a credential, or none')
    if (read.kind !== 'credential') return undefined
    same(`${read.name}:${read.secret}`, text, 'another reader finds another credential')
    const canonical = `Basic ${Buffer.from(`${read.name}:${read.secret}`).toString('base64')}`
    if (canonical.length > 1024) return undefined
    const again = readCredential(canonical, undefined, { bearer: false, apiKey: false })
    same(again, { ...read, method: 'basic' }, 'written anew it is another credential')
    return undefined
  },
}

function latin1AsUtf8(value: string): string | undefined {
  if (value.length > 1024) return undefined
  return orNothing(() =>
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(value, 'latin1')),
  )
}

function longWay(value: string): string | undefined {
  const [, scheme = '', rest = ''] = /^([^ ]*) +([^ ][^]*|)$/.exec(value) ?? []
  if (value.length > 1024) return undefined
  if (/^(?:token|bearer)$/i.test(scheme)) return latin1AsUtf8(rest)
  if (!/^basic$/i.test(scheme) || !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(rest))
    return undefined
  const bytes = atob(rest)
  return btoa(bytes) === rest ? latin1AsUtf8(bytes) : undefined
}

export const contentTypeReader: Target = {
  name: 'content-type',
  seeds: [
    'application/json',
    'Application/JSON; charset=UTF-8',
    'multipart/form-data; boundary="a b"',
    'text/plain;a="b\\"c";',
    'a/b ; c=d ;',
    'application/json\ta',
  ],
  words: ['/', ';', '=', '"', '\\', ' ', '\t', ',', 'charset=', 'boundary=', 'utf-8', '\0', '\x7f', '\xe9'],
  run(input) {
    const value = input.toString('latin1')
    const read = parseContentType(value)
    if (read.kind !== 'type') return
    const whatwg = orNothing(() => new MIMEType(value))
    must(whatwg !== undefined, 'WHATWG cannot read the type')
    same(read.essence, whatwg?.essence, 'WHATWG reads another type')
    same(read.charset, whatwg?.params.get('charset')?.toLowerCase(), 'WHATWG reads another charset')
    same(read.boundary, whatwg?.params.get('boundary') ?? undefined, 'WHATWG reads another boundary')
    same(
      parseContentType(read.essence),
      { kind: 'type', essence: read.essence, charset: undefined, boundary: undefined, others: [] },
      'the essence is no type',
    )
  },
}

const proxies = trustedPeers(['10.0.0.0/8', '::1', 'fd00::/8'])

export const forwardedReader: Target = {
  name: 'forwarded',
  seeds: [
    '1.2.3.4',
    '1.2.3.4, 10.0.0.2',
    '::1, fd00::1,10.1.1.1',
    'unknown, 10.0.0.1',
    '1.2.3.4:80',
    '::ffff:10.0.0.1',
  ],
  words: [',', ' ', '\t', '10.0.0.1', '::1', '::ffff:1.2.3.4', 'fd00::1', 'unknown', '%eth0', '[', ']', ':80'],
  run(input) {
    const text = input.toString('latin1')
    same(clientAddress('8.8.8.8', text, proxies), '8.8.8.8', 'a peer that is not trusted is believed')
    const client = clientAddress('10.0.0.9', text, proxies)
    must(isIP(client) !== 0, 'the client has no address')
    const hops = text.split(',').map((hop) => hop.trim())
    must(client === '10.0.0.9' || hops.includes(client), 'an address that nobody named')
    // No hop that a trusted proxy did not add is passed over.
    const behind = client === '10.0.0.9' ? [] : hops.slice(hops.lastIndexOf(client) + 1)
    must(
      behind.every((hop) => proxies.trusts(hop)),
      'a hop that is not trusted was passed over',
    )
  },
}
