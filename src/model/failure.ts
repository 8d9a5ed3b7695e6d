/** The catalogue of failures: every way a request can end without the backend's own answer. Codes are stable. */

/** When a client may try again: `never` without a change, `later` after `Retry-After`, `now` where repeating is safe. */
export type RetryAdvice = 'never' | 'later' | 'now'

interface Row {
  readonly status: number
  readonly message: string
  readonly retry: RetryAdvice
}

const row = (status: number, message: string, retry: RetryAdvice = 'never'): Row => ({ status, message, retry })

/** `code → status, message, retry`. README.md shows the same table; test/documents.test.ts compares them. */
export const catalogue = {
  'target-ambiguous': row(400, 'the request target can be read in more than one way'),
  'header-duplicate': row(400, 'a header that may appear once appears more often'),
  'header-invalid': row(400, 'a header is malformed'),
  'query-invalid': row(400, 'the query string is malformed or names an unknown parameter'),
  'body-unreadable': row(400, 'the body cannot be read in exactly one way'),
  'body-not-expected': row(400, 'this route takes no body'),
  'credentials-missing': row(403, 'invalid session'),
  'credentials-invalid': row(403, 'invalid API credentials'),
  'session-expired': row(403, 'invalid session'),
  'permission-denied': row(403, 'permission denied'),
  'list-denied': row(403, 'permission denied: lists'),
  'scope-unreadable': row(403, 'permission denied: what this request touches cannot be judged'),
  'grant-exceeds': row(403, 'nobody can give what they do not hold'),
  'request-forgery': row(403, 'this request does not come from the admin pages'),
  'sign-in-refused': row(403, 'the name or the password is wrong'),
  'second-factor-required': row(403, 'a code of the second factor is needed'),
  'tenant-mismatch': row(403, 'no tenant answers to this host name'),
  'route-unknown': row(404, 'unknown endpoint'),
  'method-not-allowed': row(405, 'this endpoint does not take this method'),
  'request-timeout': row(408, 'the request was not complete in time', 'now'),
  'not-found': row(404, 'there is no such thing'),
  conflict: row(409, 'this is there already, or is in use'),
  'key-reused': row(409, 'this idempotency key was given with another request before'),
  'last-administrator': row(409, 'nobody could administer the gateway any more'),
  gone: row(410, 'this endpoint is no longer offered'),
  'precondition-failed': row(412, 'this was changed meanwhile'),
  'body-too-large': row(413, 'the body is too large'),
  'target-too-long': row(414, 'the request target is too long'),
  'media-type-unsupported': row(415, 'this media type is not accepted here'),
  'body-invalid': row(422, 'a field of the body has the wrong type or value'),
  'precondition-required': row(428, 'say with If-Match which version this is a change of'),
  'rate-limited': row(429, 'too many requests', 'later'),
  'too-many-failures': row(429, 'too many failed sign-ins from this address', 'later'),
  'headers-too-large': row(431, 'the request headers are too large'),
  internal: row(500, 'the gateway failed'),
  'backend-error': row(500, 'the backend failed'),
  'upstream-refused': row(502, 'the backend refused the connection', 'later'),
  'upstream-reset': row(502, 'the backend closed the connection', 'later'),
  'upstream-dns': row(502, 'the backend cannot be found', 'later'),
  'upstream-tls': row(502, 'no trusted connection to the backend'),
  'upstream-protocol': row(502, 'the backend did not answer in valid HTTP', 'later'),
  'upstream-credential': row(502, 'the backend does not accept the gateway'),
  'upstream-unavailable': row(503, 'the backend is unavailable', 'later'),
  overloaded: row(503, 'the gateway is overloaded', 'later'),
  draining: row(503, 'the gateway is shutting down', 'later'),
  'store-unavailable': row(503, 'identities cannot be read at the moment', 'later'),
  'upstream-connect-timeout': row(504, 'no connection to the backend in time', 'later'),
  'upstream-timeout': row(504, 'the backend did not answer in time', 'later'),
  'upstream-deadline': row(504, 'the request took too long', 'later'),
} as const satisfies Record<string, Row>

export type FailureCode = keyof typeof catalogue

/** A declared field that does not hold what it must: `path` like `lists[1]`, `problem` in words. */
export interface FieldProblem {
  readonly path: string
  readonly problem: string
}

/** What a failure tells the client beside code, message and request id. Never a host, a path of the machine or a library's text. */
export interface FailureDetails {
  /** Permissions, any one of which would do. */
  readonly permissions?: readonly string[]
  /** The lists out of the caller's reach. */
  readonly lists?: readonly number[]
  readonly fields?: readonly FieldProblem[]
  /** The rule that refused, as `METHOD /path`. */
  readonly rule?: string
  /** What it is now, where somebody else changed it. */
  readonly current?: unknown
}

export interface FailureOptions {
  /** Overrides the catalogue's status: a backend's own 5xx is kept, `auth.unauthenticated_status` switches 403 to 401. */
  readonly status?: number
  /** Overrides the catalogue's message. */
  readonly message?: string
  readonly details?: FailureDetails
  /** Extra response headers, flat: `[name, value, …]`. */
  readonly headers?: readonly string[]
  /** Whole seconds, at least 1. */
  readonly retryAfterSeconds?: number
  /** For the log only: the RFC 9209 name of the error (`connection_refused`, …). */
  readonly proxyError?: string
  /** For the log only. */
  readonly cause?: unknown
  /** The connection is closed after the answer: what else is on it cannot be trusted or is not wanted. */
  readonly close?: boolean
}

/** The one error class: carries a failure of the catalogue to `respond`. */
export class Failure extends Error {
  readonly code: FailureCode
  readonly status: number
  readonly options: FailureOptions

  constructor(code: FailureCode, options: FailureOptions = {}) {
    super(options.message ?? catalogue[code].message, { cause: options.cause })
    this.name = 'Failure'
    this.code = code
    this.status = options.status ?? catalogue[code].status
    this.options = options
  }

  /** The stack of an expected refusal tells nothing and costs most of its making. */
  static readonly quiet = (code: FailureCode, options: FailureOptions = {}): Failure => {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    const failure = new Failure(code, options)
    Error.stackTraceLimit = limit
    return failure
  }
}

/** A refusal of the catalogue, ready to be thrown or handed to Fastify's `done`. */
export const refused = Failure.quiet
