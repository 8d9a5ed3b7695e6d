/** Reads the raw header list once and refuses what two parsers could take differently (RFC 9112 §6.3, RFC 9110 §5.3). */
import { type Framing, noBody, type ScreenedHeaders } from '../model/screened-headers.ts'
import { isHeaderName, type KnownName, knownName, once } from './known-headers.ts'

/** `why` is one of a few constant phrases: nothing of the request is in it. */
export interface HeaderRefusal {
  readonly kind: 'refused'
  readonly code: 'header-duplicate' | 'header-invalid' | 'headers-too-large' | 'media-type-unsupported'
  readonly why: string
}

export type HeaderReading = { readonly kind: 'headers'; readonly headers: ScreenedHeaders } | HeaderRefusal

const maxHeaders = 100

const framing = once['content-length'] | once['transfer-encoding']

/**
 * The headers of a request that can be read in one way only. `rawHeaders` is Node's flat list `[name, value, …]`
 * in the order of arrival: `request.headers` keeps the first of several without a word. `version` is `1.1` or `1.0`.
 */
export function readHeaders(rawHeaders: readonly string[], version: string): HeaderReading {
  if (version !== '1.1' && version !== '1.0') return invalid('an HTTP version other than 1.1 and 1.0')
  if (rawHeaders.length > maxHeaders * 2) return refusal('headers-too-large', 'more than 100 headers')

  let seen = 0
  const found = nothingFound()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    const value = rawHeaders[i + 1] as string
    // CGI, WSGI and PHP take `_` for `-` (H04).
    if (!isHeaderName(name))
      return refusal('header-invalid', 'a name with other characters than letters, digits and `-`')

    const known = knownName(name)
    if (known === undefined) continue
    if (known === 'connection') {
      if (!nominatesFreely(value)) return refusal('header-invalid', '`Connection` names a header that is needed')
      continue
    }
    if ((seen & once[known]) !== 0) return refusal('header-duplicate', `\`${known}\``)
    seen |= once[known]
    const problem = judge(known, value, version)
    if (problem !== undefined) return problem
    note(found, known, value)
  }

  if ((seen & framing) === framing) return invalid('both `content-length` and `transfer-encoding`')
  if (found.host === undefined) return refusal('header-invalid', 'no `host`')
  return { kind: 'headers', headers: screened(rawHeaders, found, found.host, seen) }
}

/** Values that are looked at later. */
interface Found {
  host: string | undefined
  authorization: string | undefined
  apiKey: string | undefined
  contentType: string | undefined
  contentEncoding: string | undefined
  contentLength: string | undefined
}

const nothingFound = (): Found => ({
  host: undefined,
  authorization: undefined,
  apiKey: undefined,
  contentType: undefined,
  contentEncoding: undefined,
  contentLength: undefined,
})

function note(found: Found, name: KnownName, value: string): void {
  if (name === 'host') found.host = value
  else if (name === 'authorization') found.authorization = value
  else if (name === 'content-type') found.contentType = value
  else if (name === 'content-length') found.contentLength = value
  else if (name === 'x-api-key') found.apiKey = value
  else if (name === 'content-encoding') found.contentEncoding = value
}

const screened = (flat: readonly string[], found: Found, host: string, seen: number): ScreenedHeaders => ({
  flat,
  host,
  authorization: found.authorization,
  apiKey: found.apiKey,
  contentType: found.contentType,
  contentEncoding: found.contentEncoding,
  framing: (seen & framing) === 0 ? noBody : framingOf(found.contentLength),
  expectsContinue: (seen & once.expect) !== 0,
})

/** `length` is digits; without it the body is chunked. */
function framingOf(length: string | undefined): Framing {
  if (length === undefined) return { kind: 'chunked' }
  const bytes = Number(length)
  return bytes === 0 ? noBody : { kind: 'length', bytes }
}

const refusal = (code: HeaderRefusal['code'], why: string): HeaderRefusal => ({ kind: 'refused', code, why })

const invalid = (why: string): HeaderRefusal => refusal('header-invalid', why)

/** What is wrong with the value of a header that may stand once. */
function judge(name: keyof typeof once, value: string, version: string): HeaderRefusal | undefined {
  switch (name) {
    case 'transfer-encoding':
      // llhttp takes any list that ends in `chunked`; the header goes and the bytes would be sent on, still coded (S03).
      if (version === '1.0') return invalid('`transfer-encoding` in HTTP/1.0')
      return value === 'chunked' ? undefined : invalid('a `transfer-encoding` other than `chunked`')
    case 'content-length':
      return /^[0-9]{1,15}$/.test(value) ? undefined : invalid('a `content-length` that is not a number')
    case 'content-encoding':
      // What we cannot read, the backend would decode (C09).
      return value.toLowerCase() === 'identity'
        ? undefined
        : refusal('media-type-unsupported', 'a `content-encoding` other than `identity`')
    case 'expect':
      return value.toLowerCase() === '100-continue'
        ? undefined
        : refusal('header-invalid', 'an `expect` other than `100-continue`')
    case 'authorization':
      // A list is how some recipient writes two fields as one (RFC 9110 §5.3); a comma alone may be part of a scheme's parameters.
      return value.includes(',') && secondCredential.test(value)
        ? refusal('header-duplicate', '`authorization`')
        : undefined
    case 'host':
    case 'range':
    case 'if-range':
    case 'origin':
    case 'content-type':
    case 'x-api-key':
    case 'proxy-authorization':
    case 'from':
    case 'referer':
    case 'user-agent':
    case 'max-forwards':
    case 'if-modified-since':
    case 'if-unmodified-since':
      return undefined
  }
}

const secondCredential = /,[\t ]*(?:basic|token|bearer)(?:[\t ]|$)/i

/** Headers that a client may not have removed on the way, beside all of `content-*`: they carry what is judged (H02). */
const needed: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'host',
  'transfer-encoding',
  'expect',
  'origin',
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'x-api-key',
])

/** Whether the nominated names are names, and none that is needed. */
function nominatesFreely(value: string): boolean {
  if (value === 'keep-alive' || value === 'close') return true
  return value.split(',').every((piece) => {
    const name = piece.trim().toLowerCase()
    return name === '' || (isHeaderName(name) && !needed.has(name) && !name.startsWith('content-'))
  })
}
