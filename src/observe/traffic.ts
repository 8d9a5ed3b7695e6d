/**
 * What happened lately, for the admin pages: counts by time, and the latest refusals. Bounded: an hour of buckets a tenant, and
 * so many refusals a tenant and a user. Forgotten at a restart; the log has everything.
 */
import { LRUCache } from 'lru-cache'
import type { Gate } from '../context.ts'
import type { Clock } from '../model/time.ts'
import { addDuration, emptyBucket, type Bucket } from './traffic-bucket.ts'

export interface Refusal {
  /** Epoch milliseconds. */
  readonly at: number
  readonly requestId: string
  readonly user: string | undefined
  readonly address: string
  readonly method: string
  /** Without the query. */
  readonly path: string | undefined
  readonly route: string | undefined
  readonly status: number
  readonly code: string
  readonly reason: string | undefined
  /** `file:line` */
  readonly rule: string | undefined
  readonly permissions: readonly string[]
  readonly lists: readonly number[]
}

export interface Traffic {
  /** A request is over. */
  note(gate: Gate, facts: { readonly method: string; readonly status: number; readonly durationMs: number }): void
  /** Buckets of the tenant that began at `sinceMs` (epoch milliseconds) or later, oldest first; the last is still filling. */
  buckets(tenant: string, sinceMs: number): readonly Bucket[]
  /** Newest first; of one user where that is named. */
  refusals(tenant: string, user: string | undefined, limit: number): readonly Refusal[]
}

export const bucketMs = 10_000
const maxBuckets = 360
const maxRefusalsTenant = 500
const maxRefusalsUser = 20
/** Users whose latest refusals are kept, over all tenants. */
const maxUsers = 2_000

export function createTraffic(clock: Clock): Traffic {
  const buckets = new Map<string, Bucket[]>()
  const ofTenant = new Map<string, Refusal[]>()
  const ofUser = new LRUCache<string, Refusal[]>({ max: maxUsers })

  const bucketAt = (tenant: string, nowMs: number): Bucket => {
    const known = buckets.get(tenant) ?? []
    if (known.length === 0) buckets.set(tenant, known)
    const at = nowMs - (nowMs % bucketMs)
    const last = known.at(-1)
    // A clock that was set back counts into what there is.
    if (last !== undefined && last.at >= at) return last
    const bucket = emptyBucket(at)
    known.push(bucket)
    if (known.length > maxBuckets) known.shift()
    return bucket
  }

  return {
    note(gate, { method, status, durationMs }) {
      const tenant = gate.tenant?.config.name
      if (tenant === undefined) return
      const nowMs = clock.epochMs()
      const bucket = bucketAt(tenant, nowMs)
      count(bucket, gate, status)
      addDuration(bucket, durationMs)
      const refusal = refusalOf(gate, method, status, nowMs)
      if (refusal === undefined) return
      ofTenant.set(tenant, kept(ofTenant.get(tenant), refusal, maxRefusalsTenant))
      const { user } = refusal
      if (user === undefined) return
      const key = userKey(tenant, user)
      ofUser.set(key, kept(ofUser.get(key), refusal, maxRefusalsUser))
    },
    buckets: (tenant, sinceMs) => (buckets.get(tenant) ?? []).filter(({ at }) => at >= sinceMs),
    refusals: (tenant, user, limit) => {
      const all = user === undefined ? ofTenant.get(tenant) : ofUser.get(userKey(tenant, user))
      return (all ?? []).slice(-limit).toReversed()
    },
  }
}

// INVARIANT: a tenant's name holds no slash (model/ids.ts), so two pairs never make one key.
const userKey = (tenant: string, user: string): string => `${tenant}/${user}`

function kept(refusals: Refusal[] = [], refusal: Refusal, most: number): Refusal[] {
  refusals.push(refusal)
  if (refusals.length > most) refusals.shift()
  return refusals
}

function count(bucket: Bucket, { failure, upstreamFailure }: Gate, status: number): void {
  bucket.requests += 1
  if (status >= 500) bucket.failed += 1
  else if (status === 429) bucket.limited += 1
  else if (status >= 400 && failure !== undefined) bucket.refused += 1
  else bucket.passed += 1
  if (upstreamFailure !== undefined) bucket.upstreamFailures += 1
  if (failure !== undefined) bucket.codes.set(failure.code, (bucket.codes.get(failure.code) ?? 0) + 1)
}

/** A name that was only claimed is whoever's, and must not fill the list of the one who bears it: but here the token was theirs. */
const provedName = ({ failure, claimedName }: Gate): string | undefined =>
  outworn(failure?.options.cause) === undefined ? undefined : claimedName

const outwornReasons: readonly unknown[] = ['disabled', 'revoked', 'not-yet-valid', 'expired', 'not-an-api-user']

/** Why a token was refused that is the user's own. */
const outworn = (cause: unknown): string | undefined =>
  typeof cause === 'string' && outwornReasons.includes(cause) ? cause : undefined

/** What the gateway itself refused the caller; its own failures and the backend's are none. */
function refusalOf(gate: Gate, method: string, status: number, at: number): Refusal | undefined {
  const { failure, decision, principal, match, target } = gate
  if (failure === undefined || status < 400 || status >= 500) return undefined
  const { details } = failure.options
  return {
    at,
    requestId: gate.requestId,
    user: principal?.identity.name ?? provedName(gate),
    address: gate.clientAddress,
    method,
    path: target?.path,
    route: match?.kind === 'rule' ? match.rule.id : undefined,
    status,
    code: failure.code,
    reason: decision?.reason ?? outworn(failure.options.cause),
    rule: decision === undefined ? undefined : `${decision.at.file}:${decision.at.line}`,
    permissions: details?.permissions ?? [],
    lists: details?.lists ?? [],
  }
}
