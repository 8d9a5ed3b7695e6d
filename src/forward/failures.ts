/** What an error of the wire, or a limit that passed, means: one row of the catalogue and one RFC 9209 name. Pure. */
import { Failure } from '../model/failure.ts'
import type { UpstreamFailure } from '../model/ports.ts'
import type { Limit } from './deadlines.ts'

/** Where in the exchange it happened. `queue`: no connection was free yet. */
export type Phase = 'queue' | 'connect' | 'send' | 'wait' | 'body'

type Meaning = readonly [code: UpstreamFailure['code'], proxyError: string]

const refusedConnection: Meaning = ['upstream-refused', 'connection_refused']
const unroutable: Meaning = ['upstream-refused', 'destination_ip_unroutable']
const reset: Meaning = ['upstream-reset', 'connection_terminated']
const incomplete: Meaning = ['upstream-reset', 'http_response_incomplete']
const connectTimeout: Meaning = ['upstream-connect-timeout', 'connection_timeout']
const answerTimeout: Meaning = ['upstream-timeout', 'http_response_timeout']
const readTimeout: Meaning = ['upstream-timeout', 'connection_read_timeout']
const certificate: Meaning = ['upstream-tls', 'tls_certificate_error']
const tlsProtocol: Meaning = ['upstream-tls', 'tls_protocol_error']
const garbage: Meaning = ['upstream-protocol', 'http_protocol_error']
const framing: Meaning = ['upstream-protocol', 'http_response_transfer_coding']
const exhausted: Meaning = ['overloaded', 'connection_limit_reached']
const ours: Meaning = ['internal', 'proxy_internal_error']

/** Nothing was tried: there is no room. */
export const overloaded: UpstreamFailure = Object.freeze({
  code: 'overloaded',
  proxyError: 'connection_limit_reached',
  phase: 'queue',
  cause: undefined,
})

/** The code of the error with which a connection ends on which the backend answered before it was asked. */
export const spokeFirst = 'ERR_SPOKE_FIRST'

const byCode: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['ECONNREFUSED', refusedConnection],
  ['EHOSTUNREACH', unroutable],
  ['ENETUNREACH', unroutable],
  ['EHOSTDOWN', unroutable],
  ['ENETDOWN', unroutable],
  ['ECONNRESET', reset],
  ['ECONNABORTED', reset],
  ['EPIPE', reset],
  ['UND_ERR_SOCKET', reset],
  ['ETIMEDOUT', connectTimeout],
  ['UND_ERR_CONNECT_TIMEOUT', connectTimeout],
  ['ENOTFOUND', ['upstream-dns', 'dns_error']],
  ['ENODATA', ['upstream-dns', 'dns_error']],
  ['EAI_AGAIN', ['upstream-connect-timeout', 'dns_timeout']],
  ['ETIMEOUT', ['upstream-connect-timeout', 'dns_timeout']],
  ['EPROTO', tlsProtocol],
  ['ERR_TLS_CERT_ALTNAME_INVALID', certificate],
  ['CERT_HAS_EXPIRED', certificate],
  ['CERT_NOT_YET_VALID', certificate],
  ['CERT_REVOKED', certificate],
  ['CERT_UNTRUSTED', certificate],
  ['CERT_REJECTED', certificate],
  ['CERT_SIGNATURE_FAILURE', certificate],
  ['CERT_CHAIN_TOO_LONG', certificate],
  ['INVALID_CA', certificate],
  ['INVALID_PURPOSE', certificate],
  ['HOSTNAME_MISMATCH', certificate],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', certificate],
  ['SELF_SIGNED_CERT_IN_CHAIN', certificate],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', certificate],
  ['UNABLE_TO_GET_ISSUER_CERT', certificate],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', certificate],
  ['UND_ERR_HEADERS_OVERFLOW', ['upstream-protocol', 'http_response_header_section_size']],
  ['UND_ERR_RES_EXCEEDED_MAX_SIZE', ['upstream-protocol', 'http_response_body_size']],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', incomplete],
  ['UND_ERR_HEADERS_TIMEOUT', answerTimeout],
  ['UND_ERR_BODY_TIMEOUT', readTimeout],
  // The caller's body is not as long as its Content-Length says.
  ['UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', ['body-unreadable', 'http_request_error']],
  ['UND_ERR_DESTROYED', exhausted],
  ['UND_ERR_CLOSED', exhausted],
  [spokeFirst, garbage],
  ['EMFILE', exhausted],
  ['ENFILE', exhausted],
  ['EADDRNOTAVAIL', exhausted],
  ['ENOBUFS', exhausted],
  ['ENOMEM', exhausted],
])

/** The failure that `error` means when it ends an exchange in `phase`. What nobody knows is our own bug, never the backend's. */
export function upstreamFailure(error: unknown, phase: Phase): UpstreamFailure {
  const [code, proxyError] = meaningOf(error, phase)
  return { code, proxyError, phase, cause: error }
}

/** The failure that a limit means when it passes in `phase`. */
export function limitPassed(limit: Exclude<Limit, 'wait'>, phase: Phase): UpstreamFailure {
  const [code, proxyError] = byLimit[limit]
  return { code, proxyError, phase, cause: undefined }
}

const byLimit: Readonly<Record<Exclude<Limit, 'wait'>, Meaning>> = {
  connect: connectTimeout,
  headers: answerTimeout,
  gap: readTimeout,
  total: ['upstream-deadline', 'http_response_timeout'],
}

const membersOwn: ReadonlySet<UpstreamFailure['code']> = new Set([
  ...(['upstream-reset', 'upstream-protocol', 'upstream-timeout', 'upstream-tls'] as const),
])

/** Whether a failure after the connection stood tells of the member, and not of the caller or of us. */
export function isMembersOwn({ code, phase }: UpstreamFailure): boolean {
  // The whole exchange may last too long because of its caller; the wait for the head does not.
  return membersOwn.has(code) || (code === 'upstream-deadline' && phase === 'wait')
}

function meaningOf(error: unknown, phase: Phase): Meaning {
  // The copy of the caller's body breaks with a failure of the catalogue.
  if (error instanceof Failure) {
    if (error.code === 'body-too-large') return ['body-too-large', 'http_request_error']
    return error.code === 'body-unreadable' ? ['body-unreadable', 'http_request_error'] : ours
  }
  // `bad response`: an answer nobody asked for, a 100 or a 101; the connection itself worked.
  if (codesOf(error)[0] === 'UND_ERR_SOCKET' && /^bad (response|upgrade)$/.test(messageOf(error))) return garbage

  // undici names what its parser refuses by text alone; the code it means to set is undefined (8.12).
  const meaning =
    parserMeaning(error) ??
    codesOf(error)
      .map(known)
      .find((found) => found !== undefined) ??
    ours
  // A length that is wrong before the head was read is one of two lengths, or one beside chunks.
  if (phase !== 'body') return meaning === incomplete ? framing : meaning
  // Once the head is there, whatever cuts the connection leaves an answer that is not whole.
  return meaning === reset || meaning === connectTimeout ? incomplete : meaning
}

function parserMeaning(error: unknown): Meaning | undefined {
  if (!(error instanceof Error) || error.name !== 'HTTPParserError') return undefined
  if (/EOF/.test(error.message)) return incomplete
  return /content-length|transfer-encoding/i.test(error.message) ? framing : garbage
}

function known(code: string): Meaning | undefined {
  const meaning = byCode.get(code)
  if (meaning !== undefined) return meaning
  return code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') ? tlsProtocol : undefined
}

/** The codes an error carries: its own, its cause's, and those of the attempts of one address each. */
function codesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return []
  const own = 'code' in error && typeof error.code === 'string' ? [error.code] : []
  const attempts = error instanceof AggregateError ? error.errors.flatMap(codesOf) : []
  return [...own, ...codesOf(error.cause), ...attempts]
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : '')
