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
  upstream: closed({
    url: Type.String(),
    state: Type.Enum(['healthy', 'degraded', 'down', 'unknown']),
    says: Type.String(),
  }),
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
