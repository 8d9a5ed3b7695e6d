/** Reads the raw header list once and refuses what two parsers could take differently (RFC 9112 §6.3, RFC 9110 §5.3). */

/** `why` is one of a few constant phrases: nothing of the request is in it. */
export interface HeaderRefusal {
  readonly kind: 'refused'
  readonly code: 'header-duplicate' | 'header-invalid' | 'headers-too-large' | 'media-type-unsupported'
  readonly why: string
  /** The framing cannot be trusted: what follows on the connection may not be a request. */
  readonly close: boolean
}

export type HeaderReading = { readonly kind: 'headers'; readonly host: string } | HeaderRefusal

const maxHeaders = 100

/** A bit for each header that may stand once. */
const once = {
  host: 1,
  range: 2,
  expect: 4,
  origin: 8,
  'if-range': 16,
  'x-api-key': 32,
  'content-type': 64,
  authorization: 128,
  'content-length': 256,
  'content-encoding': 512,
  'transfer-encoding': 1024,
  'proxy-authorization': 2048,
} as const
const framing = once['content-length'] | once['transfer-encoding']

/**
 * The `Host` of a request whose headers can be read in one way only. `rawHeaders` is Node's flat list `[name, value, …]`
 * in the order of arrival: `request.headers` keeps the first of several without a word. `version` is `1.1` or `1.0`.
 */
export function readHeaders(rawHeaders: readonly string[], version: string): HeaderReading {
  if (version !== '1.1' && version !== '1.0') return closing('an HTTP version other than 1.1 and 1.0')
  if (rawHeaders.length > maxHeaders * 2) return refusal('headers-too-large', 'more than 100 headers', true)

  let seen = 0
  let host: string | undefined
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    const value = rawHeaders[i + 1] as string
    // CGI, WSGI and PHP take `_` for `-` (H04).
    if (!isName(name))
      return refusal('header-invalid', 'a name with other characters than letters, digits and `-`', false)

    const known = knownName(name)
    if (known === undefined) continue
    if (known === 'connection') {
      if (!nominatesFreely(value)) return refusal('header-invalid', '`Connection` names a header that is needed', false)
      continue
    }
    if ((seen & once[known]) !== 0) return refusal('header-duplicate', `\`${known}\``, (once[known] & framing) !== 0)
    seen |= once[known]
    if (known === 'host') host = value
    const problem = judge(known, value, version)
    if (problem !== undefined) return problem
  }

  if ((seen & framing) === framing) return closing('both `content-length` and `transfer-encoding`')
  if (host === undefined) return refusal('header-invalid', 'no `host`', false)
  return { kind: 'headers', host }
}

type KnownName = keyof typeof once | 'connection'

const refusal = (code: HeaderRefusal['code'], why: string, close: boolean): HeaderRefusal => ({
  kind: 'refused',
  code,
  why,
  close,
})

const closing = (why: string): HeaderRefusal => refusal('header-invalid', why, true)

/** Letters, digits and `-`, at least one. A loop: this runs over every byte of every name, and is cheaper than an expression. */
function isName(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i)
    const letter = code | 0x20
    if ((letter < 0x61 || letter > 0x7a) && (code < 0x30 || code > 0x39) && code !== 0x2d) return false
  }
  return name.length > 0
}

/** Only a name of the right length is lower-cased and compared. */
function knownName(name: string): KnownName | undefined {
  switch (name.length) {
    case 4:
      return same(name, 'host')
    case 5:
      return same(name, 'range')
    case 6:
      return same(name, 'expect') ?? same(name, 'origin')
    case 8:
      return same(name, 'if-range')
    case 9:
      return same(name, 'x-api-key')
    case 10:
      return same(name, 'connection')
    case 12:
      return same(name, 'content-type')
    case 13:
      return same(name, 'authorization')
    case 14:
      return same(name, 'content-length')
    case 16:
      return same(name, 'content-encoding')
    case 17:
      return same(name, 'transfer-encoding')
    case 19:
      return same(name, 'proxy-authorization')
    default:
      return undefined
  }
}

/** `known` if `name` spells it in any case. Both are of one length, and `name` holds only letters, digits and `-`. */
function same<Name extends KnownName>(name: string, known: Name): Name | undefined {
  // One letter tells most names of a length apart (`Accept`, `Cookie`, `Origin`).
  if ((name.charCodeAt(0) | 0x20) !== known.charCodeAt(0)) return undefined
  return name.toLowerCase() === known ? known : undefined
}

/** What is wrong with the value of a header that may stand once. */
function judge(name: keyof typeof once, value: string, version: string): HeaderRefusal | undefined {
  switch (name) {
    case 'transfer-encoding':
      // llhttp takes any list that ends in `chunked`; the header goes and the bytes would be sent on, still coded (S03).
      if (version === '1.0') return closing('`transfer-encoding` in HTTP/1.0')
      return value === 'chunked' ? undefined : closing('a `transfer-encoding` other than `chunked`')
    case 'content-length':
      return /^[0-9]{1,15}$/.test(value) ? undefined : closing('a `content-length` that is not a number')
    case 'content-encoding':
      // What we cannot read, the backend would decode (C09).
      return value.toLowerCase() === 'identity'
        ? undefined
        : refusal('media-type-unsupported', 'a `content-encoding` other than `identity`', false)
    case 'expect':
      return value.toLowerCase() === '100-continue'
        ? undefined
        : refusal('header-invalid', 'an `expect` other than `100-continue`', false)
    case 'authorization':
      // A list is how some recipient writes two fields as one (RFC 9110 §5.3); a comma alone may be part of a scheme's parameters.
      return value.includes(',') && secondCredential.test(value)
        ? refusal('header-duplicate', '`authorization`', false)
        : undefined
    case 'host':
    case 'range':
    case 'if-range':
    case 'origin':
    case 'content-type':
    case 'x-api-key':
    case 'proxy-authorization':
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
    return name === '' || (isName(name) && !needed.has(name) && !name.startsWith('content-'))
  })
}
