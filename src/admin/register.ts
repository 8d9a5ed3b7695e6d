/** Makes a route of an endpoint: who asks, what they may, what they ask, what they get. In this order. */
import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Tenant } from '../context.ts'
import type { Once, Terms } from '../model/author.ts'
import { refused } from '../model/failure.ts'
import { successEnvelope } from '../model/envelope.ts'
import { may, sees, type Authority } from './authority.ts'
import { strangerOf, type Caller } from './caller.ts'
import { unknownCaller } from './challenge.ts'
import type { Answered, Asked, Endpoint } from './endpoint.ts'
import { routeSchema } from './openapi/route-schema.ts'
import type { AdminParts } from './parts.ts'
import { etagOf, versionAsked } from './version-headers.ts'

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
      if (endpoint.needs === 'anybody') return
      const caller = await identify(request)
      if (caller === undefined) throw unknownCaller('credentials-missing')
      request.admin.caller = caller
      permit(endpoint, caller, request, parts)
    },
    preHandler: async (request) => {
      if (endpoint.ifMatch === 'required' && request.headers['if-match'] === undefined) {
        throw refused('precondition-required')
      }
    },
    handler: async (request, reply) => {
      const answered = await endpoint.handle(askedOf(endpoint, request, reply, parts) as never)
      // A handler may have taken the reply over: a stream.
      if (reply.sent) return reply
      return reply.code(status).headers(headersOf(answered)).send(successEnvelope(answered.data))
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

function askedOf(
  endpoint: Endpoint,
  request: FastifyRequest,
  reply: FastifyReply,
  parts: AdminParts,
): Partial<Asked<unknown, unknown, unknown>> {
  const { caller } = request.admin
  const { params, query, body } = request
  const asked = { params, query, body, request, reply }
  if (caller === undefined) return { ...asked, by: strangerOf(request) }
  const tenant = tenantOf(request, caller, parts)
  if (tenant === undefined) throw refused('not-found')
  const by: Terms = {
    ...caller.author,
    ifVersion: endpoint.ifMatch === 'required' ? versionAsked(request.headers['if-match']) : undefined,
    once: endpoint.isOnce ? onceOf(request, reply, caller) : undefined,
  }
  return { ...asked, caller, tenant, by }
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

const keyShape = /^[\x21-\x7e]{1,128}$/

/** `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): counts for this caller and this endpoint. */
function onceOf(request: FastifyRequest, reply: FastifyReply, { author }: Caller): Once | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !keyShape.test(key)) {
    throw refused('header-invalid', { message: 'Idempotency-Key is not 1 to 128 visible characters' })
  }
  const sha256 = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex')
  return {
    key: sha256([author.actor, request.method, request.url, key]),
    fingerprint: sha256(request.body ?? null),
    onReplay: () => void reply.header('Idempotent-Replayed', 'true'),
  }
}

const headersOf = ({ version, headers = {} }: Answered<unknown>): Readonly<Record<string, string>> => ({
  ...headers,
  ...(version === undefined ? {} : { ETag: etagOf(version) }),
})
