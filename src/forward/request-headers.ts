/** From the caller's headers to the backend's: strip, then set: what is ours to say is first taken from the caller. Pure. */
import type { UpstreamConfig } from '../config/config.ts'
import type { FlatHeaders } from '../model/ports.ts'

/** What is the same for all requests to one backend. */
export interface CompiledHeaders {
  /** `undefined`: each member's own. */
  readonly host: string | undefined
  /** The service credential, ready to be sent. */
  readonly authorization: string | undefined
  readonly sendsCallersAuthorization: boolean
}

export interface CallerRequest {
  readonly rawHeaders: FlatHeaders
  /** The caller, as the gateway knows them. */
  readonly clientAddress: string
  /** The other end of the connection: the caller, or a proxy before them. */
  readonly peerAddress: string
  /** What the peer says of the caller in `X-Forwarded-*` is believed. */
  readonly isPeerTrusted: boolean
  readonly isEncrypted: boolean
  readonly requestId: string
  readonly traceparent: string
  /** The rule's: `pass` for public routes with a sign-in of their own. */
  readonly credential: 'strip' | 'pass'
  readonly body: 'none' | 'stream' | 'anew'
  /** Of a body that is written anew. */
  readonly contentType: string | undefined
  /** The answer is going to be read here: it must come whole and not compressed. */
  readonly readsAnswer: boolean
}

export type OutgoingHeaders =
  | { readonly kind: 'headers'; readonly headers: FlatHeaders }
  /** The request has been here before (RFC 9110 §7.6.3). */
  | { readonly kind: 'loop' }

const pseudonym = 'sallyport'

export function compileHeaders(config: UpstreamConfig): CompiledHeaders {
  const { credential } = config
  return {
    host: config.host ?? (config.urls.length === 1 ? new URL(config.urls[0]).host : undefined),
    authorization: credential.kind === 'service' ? serviceAuthorization(credential) : undefined,
    sendsCallersAuthorization: credential.kind === 'caller',
  }
}

function serviceAuthorization(credential: { scheme: 'token' | 'basic'; user: string; secret: string }): string {
  const pair = `${credential.user}:${credential.secret}`
  return credential.scheme === 'token' ? `token ${pair}` : `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`
}

/** Never passed on, whoever sends them. */
const dropped: ReadonlySet<string> = new Set([
  // Hop-by-hop (RFC 9110 §7.6.1), and what undici sets or refuses.
  ...['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'http2-settings', 'expect', 'host'],
  // CGI hands `Proxy` to programs as HTTP_PROXY: where they send their own requests.
  'proxy',
  'cookie2',
  // Identity and place: ours to say.
  ...['x-real-ip', 'true-client-ip', 'cf-connecting-ip', 'cf-connecting-ipv6', 'fastly-client-ip'],
  ...['client-ip', 'x-client-ip', 'x-cluster-client-ip', 'x-url-scheme', 'x-host', 'front-end-https', 'remote-user'],
  ...['x-remote-user', 'x-user', 'x-tenant-id', 'x-request-id', 'traceparent', 'tracestate', 'x-api-key', 'via'],
  // Another method or target than the judged one.
  ...['x-http-method', 'x-http-method-override', 'x-method-override', 'x-rewrite-url', 'alt-used'],
])
const droppedPrefixes: readonly string[] = [
  ...['proxy-', 'forwarded', 'x-forwarded', 'x-original-', 'x-gateway-', 'x-authenticated-'],
  // What one proxy tells the next about path and identity, or commands it (C11).
  ...['x-envoy-', 'x-accel-'],
]
const bodyHeaders: ReadonlySet<string> = new Set(['content-length', 'content-type', 'content-encoding'])
const partialAnswerHeaders: ReadonlySet<string> = new Set(['accept-encoding', 'range', 'if-range'])
const maxRanges = 16

export function outgoingHeaders(compiled: CompiledHeaders, caller: CallerRequest): OutgoingHeaders {
  const { rawHeaders } = caller
  const nominated = nominatedIn(rawHeaders)
  const passes = caller.credential === 'pass'
  const headers: string[] = compiled.host === undefined ? [] : ['Host', compiled.host]
  let via: string | undefined
  let forwardedProto: string | undefined

  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    const value = rawHeaders[at + 1] ?? ''
    const key = name.toLowerCase()
    if (key === 'via') via = via === undefined ? value : `${via}, ${value}`
    if (key === 'x-forwarded-proto') forwardedProto = value
    if (isDropped(key) || nominated.has(key)) continue
    if (key === 'authorization' && !passes && !compiled.sendsCallersAuthorization) continue
    if (key === 'cookie' && !passes) continue
    if (caller.body !== 'stream' && bodyHeaders.has(key)) continue
    if (caller.readsAnswer && partialAnswerHeaders.has(key)) continue
    if (key === 'range' && value.split(',').length > maxRanges) continue
    headers.push(name, value)
  }
  if (via !== undefined && namesUs(via)) return { kind: 'loop' }

  // Set after the strip: nominating them in `Connection` cannot take them away.
  if (compiled.authorization !== undefined && !passes) headers.push('Authorization', compiled.authorization)
  if (caller.body === 'anew' && caller.contentType !== undefined) headers.push('Content-Type', caller.contentType)
  if (caller.readsAnswer) headers.push('Accept-Encoding', 'identity')
  pushForwarded(headers, caller, forwardedProto)
  headers.push('Via', via === undefined ? `1.1 ${pseudonym}` : `${via}, 1.1 ${pseudonym}`)
  headers.push('X-Request-Id', caller.requestId, 'traceparent', caller.traceparent)
  return { kind: 'headers', headers }
}

/** Backends of the CGI kind read `X_Tenant` as `X-Tenant`: a name with `_` is another header in disguise. */
function isDropped(key: string): boolean {
  return dropped.has(key) || key.includes('_') || droppedPrefixes.some((prefix) => key.startsWith(prefix))
}

const none: ReadonlySet<string> = new Set()

function nominatedIn(rawHeaders: FlatHeaders): ReadonlySet<string> {
  let nominated: Set<string> | undefined
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length !== 10 || name.toLowerCase() !== 'connection') continue
    const value = rawHeaders[at + 1]?.toLowerCase() ?? ''
    if (value === 'keep-alive' || value === 'close') continue
    nominated ??= new Set()
    for (const token of value.split(',')) nominated.add(token.trim())
  }
  return nominated ?? none
}

/** `Via` members are `[protocol/]version received-by [comment]`. */
const namesUs = (via: string): boolean =>
  via.split(',').some(
    (member) =>
      member
        .trim()
        .split(/[ \t]+/)[1]
        ?.toLowerCase() === pseudonym,
  )

function pushForwarded(headers: string[], caller: CallerRequest, forwardedProto: string | undefined): void {
  const peer = plainAddress(caller.peerAddress)
  const client = plainAddress(caller.clientAddress)
  const { isPeerTrusted } = caller
  headers.push('X-Forwarded-For', isPeerTrusted && client !== peer ? `${client}, ${peer}` : client)
  const own = caller.isEncrypted ? 'https' : 'http'
  const told = isPeerTrusted && (forwardedProto === 'https' || forwardedProto === 'http') ? forwardedProto : own
  headers.push('X-Forwarded-Proto', told)
  const host = hostIn(caller.rawHeaders)
  if (host !== undefined) headers.push('X-Forwarded-Host', host)
}

const plainAddress = (address: string): string => (address.startsWith('::ffff:') ? address.slice(7) : address)

function hostIn(rawHeaders: FlatHeaders): string | undefined {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === 4 && name.toLowerCase() === 'host') return rawHeaders[at + 1]
  }
  return undefined
}
