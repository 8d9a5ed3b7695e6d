/** Reads a raw request target once, into the one reading that is judged and sent; what can be read in two ways is refused. */
import { decodeEscapes, parsePairs } from '../model/pairs.ts'
import { type Target, writePath } from '../model/target.ts'

/** `why` is one of a few constant phrases: nothing of the request is in it. */
export interface TargetRefusal {
  readonly kind: 'refused'
  readonly code: 'target-ambiguous' | 'target-too-long' | 'query-invalid'
  readonly why: string
}

export type TargetReading = { readonly kind: 'target'; readonly target: Target } | TargetRefusal

/** 8 KiB, as RFC 9112 §3 asks of a recipient. */
const maxTargetLength = 8192

/**
 * The reading of the target as it stood on the request line. Origin-form, or absolute-form that names this very
 * authority (RFC 9112 §3.2.2): `host` is the Host header, `scheme` that of the listener.
 */
export function parseTarget(raw: string, host: string | undefined, scheme: 'http' | 'https' = 'http'): TargetReading {
  if (raw.length > maxTargetLength) return refusal('target-too-long', 'more than 8192 bytes')

  const origin = raw.startsWith('/') ? raw : originForm(raw, host, scheme)
  if (origin === undefined) return ambiguous('neither a path nor a URL of this host')
  // A fragment is never sent; parsers part ways over what follows one (Fastify's and undici's did).
  if (!printable.test(origin)) return ambiguous('a character that must be escaped, `#` or a backslash')

  const mark = origin.indexOf('?')
  const path = mark === -1 ? origin : origin.slice(0, mark)
  const segments = parsePath(path)
  if (!Array.isArray(segments)) return segments
  const query = parsePairs(mark === -1 ? '' : origin.slice(mark + 1), { lines: false })
  if (query.kind === 'refused') return refusal('query-invalid', query.why)

  return {
    kind: 'target',
    target: { path: plainPath.test(path) ? path : writePath(segments), segments, query: query.pairs },
  }
}

/** Visible ASCII without `#` and `\`: WHATWG turns a backslash into a slash, and cuts at `#`. */
const printable = /^[!"$-[\]-~]*$/
/** Already canonical: only unreserved characters, no empty segment, none that begins with a dot. */
const plainPath = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/
const pathCharacters = /^[A-Za-z0-9._~!$&'()*+,=:@/%-]+$/
/** What a decoded segment must not hold, because someone behind us may read it as syntax: C0, DEL, C1 and `/ \ % ; ? #`. */
// oxlint-disable-next-line no-control-regex -- controls are what is looked for
const syntaxInSegment = /[\u0000-\u001f\u007f-\u009f/\\%;?#]/

function refusal(code: TargetRefusal['code'], why: string): TargetRefusal {
  return { kind: 'refused', code, why }
}

const ambiguous = (why: string): TargetRefusal => refusal('target-ambiguous', why)

/** What stands behind scheme and authority, if they are ours. An empty path is `/`, but not before a query (P19). */
function originForm(raw: string, host: string | undefined, scheme: string): string | undefined {
  if (host === undefined || host === '') return undefined
  const prefix = `${scheme}://${host}`
  if (raw.slice(0, prefix.length).toLowerCase() !== prefix.toLowerCase()) return undefined
  const rest = raw.slice(prefix.length)
  if (rest === '') return '/'
  return rest.startsWith('/') ? rest : undefined
}

function parsePath(path: string): string[] | TargetRefusal {
  if (plainPath.test(path)) return path.slice(1).split('/')
  if (!pathCharacters.test(path)) return ambiguous('a character that does not belong in a path')
  // Some collapse empty segments, some do not; `new URL('//x', base)` takes `x` for a host.
  if (path.includes('//')) return ambiguous('an empty path segment')

  const segments: string[] = []
  for (const piece of path.slice(1).split('/')) {
    const segment = decodeEscapes(piece)
    if (segment === undefined) return ambiguous('an escape that is not UTF-8')
    // Judged after decoding: `.%2e` is a dot segment to WHATWG, and `%252e` to whoever decodes twice.
    if (segment === '.' || segment === '..') return ambiguous('a dot segment')
    if (syntaxInSegment.test(segment)) return ambiguous('an escaped separator or control character')
    segments.push(segment)
  }
  return segments
}
