/** An endpoint as Fastify's schema: what is checked, and what the OpenAPI document says. Pure. */
import { Type, type TSchema } from 'typebox'
import { catalogue, type FailureCode } from '../../model/failure.ts'
import type { Endpoint } from '../endpoint.ts'
import { closed, version } from '../schemas/common.ts'

const failure = (current: TSchema | undefined) =>
  closed({
    message: Type.String({ description: 'for people' }),
    data: closed({
      code: Type.String({ description: 'a stable word' }),
      request_id: Type.String({ description: 'as in the log and in `X-Request-Id`' }),
      permissions: Type.Optional(
        Type.Array(Type.String(), { description: 'any of which would do, or that are missing' }),
      ),
      lists: Type.Optional(Type.Array(Type.Integer(), { description: 'lists out of reach' })),
      fields: Type.Optional(
        Type.Array(closed({ path: Type.String(), problem: Type.String() }), {
          description: 'what is wrong with the request',
        }),
      ),
      ...(current === undefined ? {} : { current }),
    }),
  })

const success = (data: TSchema | undefined) => closed({ status: Type.Literal('success'), data: data ?? Type.Null() })

/** What each endpoint may end with, by what it takes. */
function failuresOf(endpoint: Endpoint): ReadonlySet<FailureCode> {
  const { method, needs, params, body, ifMatch, isOnce, failures } = endpoint
  const isClosed = needs !== 'anybody'
  return new Set<FailureCode>([
    ...failures,
    ...(['header-invalid', 'header-duplicate', 'query-invalid', 'internal', 'store-unavailable'] as const),
    ...(isClosed
      ? (['credentials-missing', 'credentials-invalid', 'session-expired', 'too-many-failures'] as const)
      : []),
    ...(isClosed && needs !== 'signed-in' ? (['permission-denied'] as const) : []),
    // A session's cookie alone proves nothing about the page that sent it.
    ...(isClosed && method !== 'GET' ? (['request-forgery'] as const) : []),
    ...(params === undefined ? [] : (['not-found', 'target-ambiguous', 'target-too-long'] as const)),
    ...(body === undefined
      ? (['body-not-expected'] as const)
      : (['body-unreadable', 'body-too-large', 'media-type-unsupported', 'body-invalid'] as const)),
    ...(ifMatch === 'required' ? (['precondition-required'] as const) : []),
    ...(ifMatch === 'none' ? [] : (['precondition-failed'] as const)),
    ...(isOnce ? (['key-reused'] as const) : []),
  ])
}

/** 401 for who is not known, whatever the data path answers. */
const statusOf = (code: FailureCode): number =>
  code === 'credentials-missing' || code === 'credentials-invalid' || code === 'session-expired'
    ? 401
    : catalogue[code].status

const requestId = {
  'X-Request-Id': { type: 'string', description: 'names this request in the log and the audit trail' },
}
const etag = { ETag: { type: 'string', pattern: '^"v[0-9]+"$', description: 'the version, for `If-Match`' } }
const retryAfter = { 'Retry-After': { type: 'string', pattern: '^[1-9][0-9]*$', description: 'seconds' } }
const replayed = { 'Idempotent-Replayed': { const: 'true', description: 'it was carried out before' } }
const challenge = { 'WWW-Authenticate': { type: 'string' } }

type Headers = Readonly<Record<string, object>>

function successOf({ answer, media, isOnce }: Endpoint) {
  const headers: Headers = {
    ...requestId,
    ...(hasVersion(answer) ? etag : {}),
    ...(isOnce ? replayed : {}),
  }
  if (media === undefined) return { ...success(answer), description: 'done', headers }
  const content = Object.fromEntries(media.map((type) => [type, { schema: {} }]))
  return { description: 'the answer itself', content, headers }
}

const hasVersion = (schema: TSchema | undefined): boolean =>
  (schema as { readonly properties?: { readonly version?: unknown } } | undefined)?.properties?.version === version

function failureOf(status: number, codes: readonly FailureCode[], { current }: Endpoint) {
  const headers: Headers = {
    ...requestId,
    ...(status === 401 ? challenge : {}),
    ...(status === 412 ? etag : {}),
    ...(status === 429 || status === 503 ? retryAfter : {}),
  }
  return {
    ...failure(status === 412 ? current?.of : undefined),
    description: codes.map((each) => `\`${each}\``).join(', '),
    headers,
  }
}

const ifMatchHeader = (isRequired: boolean) => {
  const schema = Type.String({ description: 'the `ETag` that was seen, or `*`', examples: ['"v1"'] })
  return { 'if-match': isRequired ? schema : Type.Optional(schema) }
}

const onceHeader = {
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: '^[!-~]{1,128}$',
      description: 'the same request is carried out once, for a day: 1 to 128 visible characters',
    }),
  ),
}

export function routeSchema(endpoint: Endpoint): Readonly<Record<string, unknown>> {
  const { id, tag, summary, description, needs, params, query, body, status, ifMatch, isOnce } = endpoint
  const byStatus = Map.groupBy(failuresOf(endpoint), statusOf)
  const permission = needs === 'anybody' || needs === 'signed-in' || needs === 'person' ? undefined : needs
  const headers = {
    ...(ifMatch === 'none' ? {} : ifMatchHeader(ifMatch === 'required')),
    ...(isOnce ? onceHeader : {}),
  }
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: [description, permission === undefined ? undefined : `Takes \`${permission}\`.`]
      .filter((each) => each !== undefined)
      .join(' '),
    ...(permission === undefined ? {} : { 'x-permission': permission }),
    security: needs === 'anybody' ? [] : [{ token: [] }, { session: [] }],
    ...(params === undefined ? {} : { params }),
    // What is not declared is refused, also where nothing is.
    querystring: query ?? closed({}),
    ...(body === undefined ? {} : { body }),
    ...(Object.keys(headers).length === 0 ? {} : { headers: Type.Object(headers) }),
    response: {
      [status]: successOf(endpoint),
      ...Object.fromEntries([...byStatus].map(([code, codes]) => [code, failureOf(code, codes, endpoint)])),
    },
  }
}
