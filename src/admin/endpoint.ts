/** One endpoint of the admin API as data: who may call it, what goes in and out. From it come route, validation, OpenAPI and the table of rights. */
import type { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Static, TSchema } from 'typebox'
import type { AdminPermission } from '../model/admin-permission.ts'
import type { FailureCode } from '../model/failure.ts'
import type { Tenant } from '../context.ts'
import type { Terms } from '../model/author.ts'
import type { Caller } from './caller.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** `anybody`: needs no sign-in. `signed-in`: whoever is known. `person`: only with a session. Else a permission of the gateway's own. */
export type Needs = 'anybody' | 'signed-in' | 'person' | AdminPermission

/** What a handler is given: everything is checked. */
export interface Asked<Params, Query, Body> {
  readonly caller: Caller
  /** The one that the path names, which the caller sees; else their own. */
  readonly tenant: Tenant
  /** Who makes a change, and on the terms of the request's `If-Match` and `Idempotency-Key`. */
  readonly by: Terms
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

export interface Answered<Data> {
  readonly data: Data
  /** Shown as `ETag`. */
  readonly version?: number | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** Goes out in place of the envelope: a download, a stream, a document. */
  readonly raw?: { readonly type: string; readonly body: string | Readable }
}

/** What is changed, as it is now: told to who saw an older version of it. */
export interface Current<Params> {
  readonly of: TSchema
  readonly show: (
    place: Pick<Asked<Params, never, never>, 'caller' | 'tenant' | 'params'>,
  ) => Promise<Answered<unknown>>
}

export type IfMatch = 'required' | 'optional' | 'none'

export interface Endpoint {
  readonly id: string
  readonly method: Method
  readonly url: string
  readonly tag: string
  readonly summary: string
  readonly description: string | undefined
  readonly needs: Needs
  readonly params: TSchema | undefined
  readonly query: TSchema | undefined
  readonly body: TSchema | undefined
  readonly answer: TSchema | undefined
  readonly status: 200 | 201
  /** Media types of an answer that is no envelope: a download, a stream, a document. */
  readonly media: readonly string[] | undefined
  /** Failures beside those that every endpoint may end with. */
  readonly failures: readonly FailureCode[]
  /** `required`: a change of something that has a version. `optional`: of a part of it, that may also be set whatever it was. */
  readonly ifMatch: IfMatch
  readonly current: Current<never> | undefined
  /** The same request with the same `Idempotency-Key` is carried out once. */
  readonly isOnce: boolean
  readonly handle: (asked: Asked<never, never, never>) => Promise<Answered<unknown>>
}

type Infer<T> = T extends TSchema ? Static<T> : undefined

export interface EndpointWords<
  P extends TSchema | undefined,
  Q extends TSchema | undefined,
  B extends TSchema | undefined,
  A extends TSchema | undefined,
> {
  readonly id: string
  readonly route: `${Method} /${string}`
  readonly tag: string
  readonly summary: string
  readonly description?: string
  readonly needs: Needs
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  /** Of `data`; without one there is nothing to say but that it is done. */
  readonly answer?: A
  readonly status?: 200 | 201
  readonly media?: readonly string[]
  readonly failures?: readonly FailureCode[]
  readonly ifMatch?: 'required' | 'optional'
  readonly current?: Current<Infer<P>>
  readonly isOnce?: boolean
  readonly handle: (
    asked: Asked<Infer<P>, Infer<Q>, Infer<B>>,
  ) => Promise<Answered<A extends TSchema ? Static<A> : null>>
}

export function endpoint<
  P extends TSchema | undefined = undefined,
  Q extends TSchema | undefined = undefined,
  B extends TSchema | undefined = undefined,
  A extends TSchema | undefined = undefined,
>(words: EndpointWords<P, Q, B, A>): Endpoint {
  const [method = '', url = ''] = words.route.split(' ')
  return {
    id: words.id,
    method: method as Method,
    url,
    tag: words.tag,
    summary: words.summary,
    description: words.description,
    needs: words.needs,
    params: words.params,
    query: words.query,
    body: words.body,
    answer: words.answer,
    status: words.status ?? 200,
    media: words.media,
    failures: words.failures ?? [],
    ifMatch: words.ifMatch ?? 'none',
    current: words.current,
    isOnce: words.isOnce ?? false,
    // The schemas above are what the server checks before it calls this.
    handle: words.handle as Endpoint['handle'],
  }
}

/** What a handler is given that anybody may call. */
export type AskedByStranger<Query, Body> = Pick<
  Asked<undefined, Query, Body>,
  'query' | 'body' | 'request' | 'reply'
> & {
  /** The request, and from where it came. */
  readonly by: Terms
}

/** An endpoint that needs no sign-in. */
export function openEndpoint<
  Q extends TSchema | undefined = undefined,
  B extends TSchema | undefined = undefined,
  A extends TSchema | undefined = undefined,
>(
  words: Omit<EndpointWords<undefined, Q, B, A>, 'needs' | 'params' | 'handle' | 'ifMatch' | 'current' | 'isOnce'> & {
    readonly handle: (
      asked: AskedByStranger<Infer<Q>, Infer<B>>,
    ) => Promise<Answered<A extends TSchema ? Static<A> : null>>
  },
): Endpoint {
  return endpoint<undefined, Q, B, A>({ ...words, needs: 'anybody' })
}

/** For what has nothing to tell. */
export const done: Answered<null> = Object.freeze({ data: null })
