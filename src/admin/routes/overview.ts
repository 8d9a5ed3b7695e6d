/** What happens now: traffic, refusals, the backend's health, tokens that end soon; once, or as a stream of events. */
import type { ServerResponse } from 'node:http'
import type { Static } from 'typebox'
import type { Tenant } from '../../context.ts'
import { refused } from '../../model/failure.ts'
import { endpoint, type Endpoint } from '../endpoint.ts'
import { trafficJson } from '../overview-json.ts'
import type { AdminParts } from '../parts.ts'
import { overview, quotaUse } from '../schemas/overview.ts'
import { quotaUseOf } from '../quota-use.ts'
import { tenantPath } from './roles.ts'

const shownMs = 3_600_000
const everyMs = 2_000
/** A stream ends then: the browser connects anew, and is known anew. */
const streamMs = 600_000
const maxStreams = 64
const expiringMs = 14 * 86_400_000

export function overviewEndpoints(parts: AdminParts): readonly Endpoint[] {
  const streams = new Set<ServerResponse>()
  return [
    endpoint({
      id: 'getOverview',
      route: 'GET /api/tenants/:tenant/overview',
      tag: 'overview',
      summary: 'Traffic of the last hour, refusals by reason, the health of the backend, tokens that end soon',
      needs: 'overview:get',
      params: tenantPath,
      answer: overview,
      handle: async ({ tenant }) => ({ data: await overviewOf(parts, tenant) }),
    }),
    endpoint({
      id: 'streamOverview',
      route: 'GET /api/tenants/:tenant/overview/events',
      tag: 'overview',
      summary: 'The same every two seconds, as server-sent events',
      needs: 'overview:get',
      params: tenantPath,
      media: ['text/event-stream'],
      failures: ['overloaded'],
      handle: async ({ tenant, request, reply, caller }) => {
        if (streams.size >= maxStreams) throw refused('overloaded', { retryAfterSeconds: 10 })
        reply.hijack()
        const { raw } = reply
        streams.add(raw)
        const { session } = caller
        raw.writeHead(200, {
          ...plain(reply.getHeaders()),
          'Content-Type': 'text/event-stream',
          'X-Accel-Buffering': 'no',
        })
        const tell = async (): Promise<void> => {
          // A session that was ended must not go on seeing.
          const isOver =
            session !== undefined &&
            !(await parts.store.sessions.list({ user: session.user, limit: 200 })).some(({ id }) => id === session.id)
          if (isOver) return void raw.end()
          raw.write(`data: ${JSON.stringify(await overviewOf(parts, tenant))}\n\n`)
        }
        const stop = (): void => {
          clearInterval(timer)
          clearTimeout(end)
          streams.delete(raw)
        }
        const timer = setInterval(() => void tell().catch(() => raw.destroy()), everyMs)
        const end = setTimeout(() => raw.end(), streamMs)
        request.raw.once('close', stop)
        raw.once('close', stop)
        await tell()
        return { data: null }
      },
    }),
    endpoint({
      id: 'getQuotaUse',
      route: 'GET /api/tenants/:tenant/use',
      tag: 'plans',
      summary: 'Whose quotas are used now, the fullest first',
      needs: 'plans:get',
      params: tenantPath,
      answer: quotaUse,
      handle: async ({ tenant }) => ({ data: { results: await quotaUseOf(parts, tenant) } }),
    }),
  ]
}

async function overviewOf(parts: AdminParts, tenant: Tenant): Promise<Static<typeof overview>> {
  const { traffic, store, clock } = parts
  const { name, upstream } = tenant.config
  const nowMs = clock.epochMs()
  const endsBefore = { nowMs, beforeMs: nowMs + expiringMs }
  const expiring = await store.listTokens({ tenant: name, endsBefore, limit: 200 })
  return {
    tenant: name,
    ...trafficJson(traffic.buckets(name, nowMs - shownMs), traffic.refusals(name, undefined, 50), nowMs - shownMs),
    upstream: { url: upstream.url, state: 'unknown', says: 'not asked' },
    expiring_tokens: expiring.length,
  }
}

const plain = (headers: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  )
