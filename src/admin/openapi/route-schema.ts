/** An endpoint as Fastify's schema: what is checked, and what the OpenAPI document says. Pure. */
import { Type, type TSchema } from 'typebox'
import { catalogue, type FailureCode } from '../../model/failure.ts'
import type { Endpoint } from '../endpoint.ts'
import { closed } from '../schemas/common.ts'

const failure = Type.Object(
  {
    message: Type.String({ description: 'for people' }),
    data: Type.Object({
      code: Type.String({ description: 'a stable word' }),
      request_id: Type.String({ description: 'as in the log and in `X-Request-Id`' }),
      permissions: Type.Optional(
        Type.Array(Type.String(), { description: 'any of which would do, or that are missing' }),
      ),
      lists: Type.Optional(Type.Array(Type.Integer(), { description: 'lists out of reach' })),
      fields: Type.Optional(
        Type.Array(Type.Object({ path: Type.String(), problem: Type.String() }), {
          description: 'what is wrong with the request',
        }),
      ),
      current: Type.Optional(Type.Unknown({ description: 'what it is now' })),
    }),
  },
  { description: 'a failure' },
)

const success = (data: TSchema | undefined) => closed({ status: Type.Literal('success'), data: data ?? Type.Null() })

/** What each endpoint may end with, by what it takes. */
function failuresOf({ needs, params, query, body, ifMatch, isOnce, failures }: Endpoint): ReadonlySet<FailureCode> {
  const isClosed = needs !== 'anybody'
  return new Set<FailureCode>([
    ...failures,
    'internal',
    'store-unavailable',
    ...(isClosed
      ? (['credentials-missing', 'credentials-invalid', 'session-expired', 'too-many-failures'] as const)
      : []),
    ...(isClosed && needs !== 'signed-in' ? (['permission-denied'] as const) : []),
    ...(params === undefined ? [] : (['not-found'] as const)),
    ...(query === undefined ? [] : (['query-invalid'] as const)),
    ...(body === undefined
      ? []
      : (['body-unreadable', 'body-too-large', 'media-type-unsupported', 'body-invalid', 'request-forgery'] as const)),
    ...(ifMatch === 'required' ? (['precondition-required', 'precondition-failed', 'request-forgery'] as const) : []),
    ...(isOnce ? (['key-reused', 'header-invalid'] as const) : []),
  ])
}

/** 401 for who is not known, whatever the data path answers. */
const statusOf = (code: FailureCode): number =>
  code === 'credentials-missing' || code === 'credentials-invalid' || code === 'session-expired'
    ? 401
    : catalogue[code].status

const mediaOf = (media: readonly string[]) => ({
  description: 'the answer itself',
  content: Object.fromEntries(media.map((type) => [type, { schema: {} }])),
})

export function routeSchema(endpoint: Endpoint): Readonly<Record<string, unknown>> {
  const { id, tag, summary, description, needs, params, query, body, answer, status, media, ifMatch, isOnce } = endpoint
  const byStatus = Map.groupBy(failuresOf(endpoint), statusOf)
  const permission = needs === 'anybody' || needs === 'signed-in' || needs === 'person' ? undefined : needs
  const headers = {
    ...(ifMatch === 'required' ? { 'if-match': Type.String({ description: 'the `ETag` that was seen, or `*`' }) } : {}),
    ...(isOnce
      ? {
          'idempotency-key': Type.Optional(
            Type.String({ description: 'the same request is carried out once, for a day' }),
          ),
        }
      : {}),
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
    ...(query === undefined ? {} : { querystring: query }),
    ...(body === undefined ? {} : { body }),
    ...(Object.keys(headers).length === 0 ? {} : { headers: Type.Object(headers) }),
    response: {
      [status]: media === undefined ? { ...success(answer), description: 'done' } : mediaOf(media),
      ...Object.fromEntries(
        [...byStatus].map(([code, codes]) => [
          code,
          { ...failure, description: codes.map((each) => `\`${each}\``).join(', ') },
        ]),
      ),
    },
  }
}
