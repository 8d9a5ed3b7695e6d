/** Makes a route of an endpoint: who asks, what they may, what they ask, what they get. In this order. */
import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Tenant } from '../context.ts'
import type { Once, Terms } from '../model/author.ts'
import { Failure, refused } from '../model/failure.ts'
import { successEnvelope } from '../model/envelope.ts'
import { may, sees, type Authority } from './authority.ts'
import { strangerOf, type Caller } from './caller.ts'
import { unknownCaller } from './challenge.ts'
import type { Answered, Asked, Endpoint } from './endpoint.ts'
import { routeSchema } from './openapi/route-schema.ts'
import type { AdminParts } from './parts.ts'
import { failureOf } from './store-failures.ts'
import { etagOf, versionAsked } from './version-headers.ts'
import { hasBody } from './wire.ts'

export type Identify = (request: FastifyRequest) => Promise<Caller | undefined>

export function registerEndpoint(
  app: FastifyInstance,
  endpoint: Endpoint,
  parts: AdminParts,
  identify: Identify,
): void {
  const { method, url, status } = endpoint
  app.route({
    method,
    url,
    schema: routeSchema(endpoint),
    // Before any body is read.
    onRequest: async (request) => {
      if (endpoint.needs !== 'anybody') {
        const caller = await identify(request)
        if (caller === undefined) throw unknownCaller('credentials-missing')
        request.admin.caller = caller
        permit(endpoint, caller, request, parts)
      }
      if (endpoint.body === undefined && hasBody(request)) throw refused('body-not-expected')
      if (endpoint.ifMatch === 'required' && request.headers['if-match'] === undefined) {
        throw refused('precondition-required')
      }
    },
    // Whoever waits to be asked for the body has shown by now that it is wanted.
    preParsing: (request, reply, payload, done) => {
      if (request.headers.expect !== undefined && hasBody(request)) reply.raw.writeContinue()
      done(null, payload)
    },
    handler: async (request, reply) => {
      const answered = await carryOut(endpoint, request, reply, parts)
      void reply.code(status).headers(headersOf(answered))
      const { raw } = answered
      if (raw === undefined) return reply.send(successEnvelope(answered.data))
      void reply.type(raw.type)
      if (request.method !== 'HEAD' || typeof raw.body === 'string') return reply.send(raw.body)
      raw.body.destroy()
      return reply.send('')
    },
  })
}

function permit(endpoint: Endpoint, caller: Caller, request: FastifyRequest, parts: AdminParts): void {
  const { needs } = endpoint
  const tenant = tenantOf(request, caller, parts)
  // Whoever does not see a tenant is not told that there is one.
  if (tenant === undefined || !sees(caller.authority, tenant.config.name)) throw refused('not-found')
  if (needs === 'anybody' || needs === 'signed-in') return
  if (needs === 'person') {
    if (caller.session === undefined)
      throw refused('permission-denied', { message: 'permission denied: only for people' })
    return
  }
  if (!may(caller.authority, needs, tenant.config.name)) {
    throw refused('permission-denied', {
      message: `permission denied: ${needs}`,
      details: { permissions: [needs] },
    })
  }
}

/** Handles it. Who saw an older version than there is now is told what there is. */
async function carryOut(
  endpoint: Endpoint,
  request: FastifyRequest,
  reply: FastifyReply,
  parts: AdminParts,
): Promise<Answered<unknown>> {
  const place = placeOf(request, parts)
  try {
    return await endpoint.handle({ ...place, by: termsOf(endpoint, request, reply), reply } as never)
  } catch (error) {
    const failure = failureOf(error)
    const isStale = failure instanceof Failure && failure.code === 'precondition-failed'
    if (endpoint.current === undefined || !isStale) throw error
    const { data, version } = await endpoint.current.show(place as never)
    const headers = version === undefined ? [] : ['ETag', etagOf(version)]
    throw refused('precondition-failed', { cause: error, details: { current: data }, headers })
  }
}

function placeOf(request: FastifyRequest, parts: AdminParts): Partial<Asked<unknown, unknown, unknown>> {
  const { caller } = request.admin
  const { params, query, body } = request
  const asked = { params, query, body, request }
  if (caller === undefined) return asked
  const tenant = tenantOf(request, caller, parts)
  if (tenant === undefined) throw refused('not-found')
  return { ...asked, caller, tenant }
}

function termsOf(endpoint: Endpoint, request: FastifyRequest, reply: FastifyReply): Terms {
  const { caller } = request.admin
  if (caller === undefined) return strangerOf(request)
  return {
    ...caller.author,
    ifVersion: endpoint.ifMatch === 'none' ? undefined : versionAsked(request.headers['if-match']),
    once: endpoint.isOnce ? onceOf(request, reply, caller) : undefined,
  }
}

/** The tenant that the path names; else the caller's own. */
function tenantOf(
  request: FastifyRequest,
  { authority }: { readonly authority: Authority },
  { live }: AdminParts,
): Tenant | undefined {
  const { tenant = authority.identity.tenant } = request.params as { readonly tenant?: string }
  return live.current().tenants.find(({ config }) => config.name === tenant)
}

/** `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): counts for this caller and this endpoint. */
function onceOf(request: FastifyRequest, reply: FastifyReply, { authority }: Caller): Once | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  const sha256 = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex')
  return {
    // By id: whoever bears the name after them is another caller.
    key: sha256([authority.identity.id, request.method, request.url, key]),
    fingerprint: sha256(request.body ?? null),
    onReplay: () => void reply.header('Idempotent-Replayed', 'true'),
  }
}

const headersOf = ({ version, headers = {} }: Answered<unknown>): Readonly<Record<string, string>> => ({
  ...headers,
  ...(version === undefined ? {} : { ETag: etagOf(version) }),
})
