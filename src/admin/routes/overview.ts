/** What happens now: traffic, refusals, the backend's health, tokens that end soon; once, or as a stream of events. */
import type { Readable } from 'node:stream'
import type { Static } from 'typebox'
import type { Tenant } from '../../context.ts'
import { refused } from '../../model/failure.ts'
import { endpoint, type Endpoint } from '../endpoint.ts'
import { eventStream } from '../event-stream.ts'
import { trafficJson } from '../overview-json.ts'
import type { AdminParts } from '../parts.ts'
import { overview, quotaUse } from '../schemas/overview.ts'
import { quotaUseOf } from '../quota-use.ts'
import { isStillPermitted } from '../still-permitted.ts'
import { upstreamJson } from '../upstream-json.ts'
import { tenantPath } from './roles.ts'

const shownMs = 3_600_000
const everyMs = 2_000
/** A stream ends then: the browser connects anew, and is known anew. */
const streamMs = 600_000
const maxStreams = 64
const expiringMs = 14 * 86_400_000

export function overviewEndpoints(parts: AdminParts): readonly Endpoint[] {
  const streams = new Set<Readable>()
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
      description: 'It ends when the caller is signed out, loses the right, or after ten minutes: connect anew.',
      needs: 'overview:get',
      params: tenantPath,
      media: ['text/event-stream'],
      failures: ['overloaded'],
      handle: async ({ tenant, caller }) => {
        if (streams.size >= maxStreams) throw refused('overloaded', { retryAfterSeconds: 10 })
        const next = async (): Promise<string | undefined> =>
          (await isStillPermitted(parts, caller, 'overview:get', tenant.config.name))
            ? JSON.stringify(await overviewOf(parts, tenant))
            : undefined
        const stream = eventStream(next, { everyMs, forMs: streamMs })
        streams.add(stream)
        stream.once('close', () => streams.delete(stream))
        const raw = { type: 'text/event-stream', body: stream }
        return { data: null, raw, headers: { 'X-Accel-Buffering': 'no' } }
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
  const { name } = tenant.config
  const nowMs = clock.epochMs()
  const endsBefore = { nowMs, beforeMs: nowMs + expiringMs }
  const expiring = await store.listTokens({ tenant: name, endsBefore, limit: 200 })
  return {
    tenant: name,
    ...trafficJson(traffic.buckets(name, nowMs - shownMs), traffic.refusals(name, undefined, 50), nowMs - shownMs),
    upstream: upstreamJson(tenant.upstream.health()),
    expiring_tokens: expiring.length,
  }
}
