/** The overview and settings of the admin API. */
import { Type, type Static } from 'typebox'
import { closed, nullable, planName, tenantName, time, userName } from './common.ts'
import { refusal } from './users.ts'

const bucket = closed({
  at: time,
  seconds: Type.Integer({ description: 'how long it is' }),
  requests: Type.Integer(),
  passed: Type.Integer(),
  refused: Type.Integer(),
  limited: Type.Integer(),
  failed: Type.Integer(),
  p50_ms: nullable(Type.Number()),
  p95_ms: nullable(Type.Number()),
})

const member = closed({
  url: Type.String({ description: 'its origin' }),
  state: Type.Enum(['healthy', 'ejected', 'open', 'half-open'], {
    description:
      'ejected: its answers to probes are bad; open: requests to it failed, it is left alone; half-open: one request finds out',
  }),
  since: time,
  in_flight: Type.Integer(),
  last_failure: nullable(
    closed({ code: Type.String(), proxy_error: Type.String({ description: 'as of RFC 9209' }), at: time }),
  ),
})

const upstreamHealth = closed({
  state: Type.Enum(['healthy', 'degraded', 'down'], {
    description: 'degraded: some members are asked and some are not; down: none is',
  }),
  in_flight: Type.Integer({ description: 'requests under way' }),
  queued: Type.Integer({ description: 'requests that wait for their turn' }),
  held: Type.Integer({ description: 'requests that wait for a member to come back' }),
  tunnels: Type.Integer({ description: 'WebSockets that are open' }),
  members: Type.Array(member),
})

export const overview = closed({
  tenant: tenantName,
  since: time,
  buckets: Type.Array(bucket, { description: 'oldest first; the last is still filling' }),
  totals: closed({
    requests: Type.Integer(),
    passed: Type.Integer(),
    refused: Type.Integer(),
    limited: Type.Integer(),
    failed: Type.Integer(),
    p50_ms: nullable(Type.Number()),
    p95_ms: nullable(Type.Number()),
  }),
  codes: Type.Array(closed({ code: Type.String(), count: Type.Integer() }), {
    description: 'refusals and failures by reason',
  }),
  refusals: Type.Array(refusal, { description: 'the latest, newest first' }),
  upstream: upstreamHealth,
  expiring_tokens: Type.Integer({ description: 'valid tokens that end within 14 days' }),
})
export type Overview = Static<typeof overview>

export const quotaUse = closed({
  results: Type.Array(
    closed({
      user: nullable(userName),
      address: nullable(Type.String()),
      plan: nullable(planName),
      class: planName,
      used: Type.Integer(),
      limit: Type.Integer(),
    }),
    { description: 'whose quotas are used now, the fullest first' },
  ),
})

export const settings = closed({
  version: Type.String(),
  node: Type.String(),
  sqlite: nullable(Type.String()),
  started_at: time,
  configuration: Type.Unknown({ description: 'as in `sallyport config print`: every default, no secret' }),
  administrators: Type.Boolean({ description: 'whether there is a person who can administer everything' }),
})
