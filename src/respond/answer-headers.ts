/** From the backend's answer headers to the client's: what is meant for one hop, or for another site, goes; ours are set. Pure. */
import type { Quota } from '../context.ts'
import type { FlatHeaders } from '../model/ports.ts'

export interface AnswerContext {
  readonly requestId: string
  readonly quota: Quota | undefined
  /** The caller proved who they are: what they get is theirs alone. */
  readonly isPersonal: boolean
  /** The rule lets the backend have a sign-in of its own: its cookies and challenges pass. */
  readonly passesCredentials: boolean
  /** Origins that mean the backend itself, as in `http://10.0.0.5:9000`. */
  ownOrigins(): readonly string[]
}

/** RFC 9110 §7.6.1, then what reveals the backend, commands a proxy, or speaks for the whole site. */
const dropped: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['server', 'x-powered-by', 'x-aspnet-version', 'x-aspnetmvc-version', 'x-sendfile', 'x-lighttpd-send-file'],
  ...['strict-transport-security', 'alt-svc', 'clear-site-data', 'refresh', 'x-request-id', 'via'],
])
const droppedPrefixes = ['proxy-', 'x-accel-', 'access-control-'] as const
/** About a sign-in with the backend, which is the gateway's and not the caller's. */
const credentialHeaders: ReadonlySet<string> = new Set([
  'set-cookie',
  'set-cookie2',
  'www-authenticate',
  'authentication-info',
])
const quotaHeaders: ReadonlySet<string> = new Set([
  ...['ratelimit', 'ratelimit-policy', 'x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'],
])

export function answerHeaders(headers: FlatHeaders, context: AnswerContext): string[] {
  const nominated = nominatedIn(headers)
  const kept: string[] = []
  let via: string | undefined
  let isShared = false

  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? ''
    const value = headers[at + 1] ?? ''
    const key = name.toLowerCase()
    if (key === 'via') via = via === undefined ? value : `${via}, ${value}`
    if (isDropped(key) || nominated.has(key)) continue
    if (credentialHeaders.has(key) && !context.passesCredentials) continue
    if (context.quota !== undefined && quotaHeaders.has(key)) continue
    if (key === 'cache-control' && context.isPersonal) {
      if (!saysShared(value)) continue
      isShared = true
    }
    kept.push(name, key === 'location' || key === 'content-location' ? withoutOrigin(value, context) : value)
  }

  if (context.isPersonal && !isShared) kept.push('Cache-Control', 'no-store')
  kept.push('Via', via === undefined ? '1.1 sallyport' : `${via}, 1.1 sallyport`)
  kept.push('X-Request-Id', context.requestId)
  if (context.quota !== undefined) pushStanding(kept, context.quota)
  return kept
}

/** Where the caller stands, as draft-ietf-httpapi-ratelimit-headers and as the older names. */
export function standing(quota: Quota): string[] {
  const headers: string[] = []
  pushStanding(headers, quota)
  return headers
}

function pushStanding(headers: string[], quota: Quota): void {
  const { name, limit, remaining, windowSeconds, resetSeconds } = quota
  headers.push('RateLimit', `"${name}";r=${remaining};t=${resetSeconds}`)
  headers.push('RateLimit-Policy', `"${name}";q=${limit};w=${windowSeconds}`)
  headers.push('X-RateLimit-Limit', String(limit))
  headers.push('X-RateLimit-Remaining', String(remaining))
  headers.push('X-RateLimit-Reset', String(resetSeconds))
}

/** The first value of a header, its name in lower case. */
export function headerOf(headers: FlatHeaders, key: string): string | undefined {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]
    if (name?.length === key.length && name.toLowerCase() === key) return headers[at + 1]
  }
  return undefined
}

function isDropped(key: string): boolean {
  if (dropped.has(key)) return true
  for (const prefix of droppedPrefixes) {
    if (key.startsWith(prefix)) return true
  }
  return false
}

const none: ReadonlySet<string> = new Set()

function nominatedIn(headers: FlatHeaders): ReadonlySet<string> {
  let nominated: Set<string> | undefined
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]
    if (name?.length !== 10 || name.toLowerCase() !== 'connection') continue
    const value = (headers[at + 1] ?? '').toLowerCase()
    if (value === 'close' || value === 'keep-alive') continue
    nominated ??= new Set()
    for (const token of value.split(',')) nominated.add(token.trim())
  }
  return nominated ?? none
}

const saysShared = (cacheControl: string): boolean => /(?:^|[\s,])(?:public|s-maxage\s*=)/i.test(cacheControl)

/** `http://10.0.0.5:9000/x` → `/x`: the backend's own address is nobody's business. */
function withoutOrigin(location: string, context: AnswerContext): string {
  if (!/^(?:https?:)?\/\//i.test(location)) return location
  const ownOrigins = context.ownOrigins()
  const url = URL.parse(location, ownOrigins[0])
  return url !== null && ownOrigins.includes(url.origin) ? `${url.pathname}${url.search}${url.hash}` : location
}
