/**
 * Identities read through a cache, so that a request seldom waits for the store and outlives its absence.
 *
 * Bounds: 200,000 known users, and 10,000 answers of the last second, unknown names among them: a flood of names that
 * nobody has cannot push a known user out. Age: the store tells of every change (within 1 s of one made by another process),
 * and what changed is forgotten at once; beside that an identity is asked for anew behind the back of the request after
 * 5 minutes, and believed for 10, longer only while the store is away.
 */
import { LRUCache } from 'lru-cache'
import { Failure, refused } from '../model/failure.ts'
import type { Identity } from '../model/identity.ts'
import type { TenantName } from '../model/ids.ts'
import type { CredentialSource } from '../model/ports.ts'
import type { Clock } from '../model/time.ts'

/** What the store says of a name. */
export type Answer = Identity | 'unknown'

export interface Identities {
  /** What may be believed without asking. */
  peek(tenant: TenantName, name: string): Identity | undefined
  /** What was last known, of any age: to be believed only where the store cannot be asked. */
  remembered(tenant: TenantName, name: string): Identity | undefined
  /** The store's answer of the last second, if it was asked. */
  fresh(tenant: TenantName, name: string): Answer | undefined
  /** Asks the store; callers at the same time share one question. Rejects with the Failure `store-unavailable`. */
  lookUp(tenant: TenantName, name: string): Promise<Answer>
  /** Stops listening for changes. */
  close(): void
}

const maxKnown = 200_000
const maxAnswers = 10_000
const answerMs = 1000
const defaultAges: Ages = { refreshAfterMs: 300_000, believedMs: 600_000 }
/** How long a failed look-up counts as a store that is away. */
const awayMs = 5000
/** A store that does not answer within this time is away. */
const lookUpMs = 2000
/** While the store is away, it is asked once in this time on behalf of users who are served from the cache. */
const probeMs = 1000

interface Known {
  readonly identity: Identity
  /** When the question that brought it was asked. */
  readonly askedAtMs: number
}

interface Asked {
  readonly tenant: TenantName
  readonly name: string
}

/** Milliseconds. */
export interface Ages {
  /** An older identity is asked for anew, behind the back of the request. */
  readonly refreshAfterMs: number
  /** An older one is asked for before it is believed. */
  readonly believedMs: number
}

export interface IdentityCacheOptions {
  readonly clock: Clock
  /** 5 and 10 minutes by default: the store's notices of change are what keeps entries true. */
  readonly ages?: Ages
}

export function identityCache(
  source: CredentialSource,
  { clock, ages: { refreshAfterMs, believedMs } = defaultAges }: IdentityCacheOptions,
): Identities {
  const known = new LRUCache<string, Known>({ max: maxKnown })
  let askedAtMs = Number.NEGATIVE_INFINITY
  let awayUntilMs = Number.NEGATIVE_INFINITY

  const answers = new LRUCache<string, Answer, Asked>({
    max: maxAnswers,
    ttl: answerMs,
    ttlResolution: 0,
    // Its zero means "no time given".
    perf: { now: () => clock.monotonicMs() + 1 },
    fetchMethod: async (key, _stale, { signal, context: { tenant, name } }) => {
      const beganAtMs = clock.monotonicMs()
      askedAtMs = beganAtMs
      const identity = await find(tenant, name)
      // INVARIANT: an answer to a question from before a change is never kept. `forget` aborts such a question.
      if (signal.aborted) return undefined
      if (identity === undefined) known.delete(key)
      else known.set(key, { identity, askedAtMs: beganAtMs })
      return identity ?? 'unknown'
    },
  })

  async function find(tenant: TenantName, name: string): Promise<Identity | undefined> {
    try {
      const identity = await inTime(source.find(tenant, name))
      awayUntilMs = Number.NEGATIVE_INFINITY
      // A store that folds case, or forgets the tenant, must not let one user in as another.
      return identity?.tenant === tenant && identity.name === name ? identity : undefined
    } catch (cause) {
      awayUntilMs = clock.monotonicMs() + awayMs
      throw unavailable(cause)
    }
  }

  async function lookUp(tenant: TenantName, name: string): Promise<Answer> {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      try {
        const answer = await answers.fetch(keyOf(tenant, name), { context: { tenant, name } })
        if (answer !== undefined) return answer
      } catch (error) {
        if (error instanceof Failure) throw error
        // Else the question was dropped, because the user changed meanwhile or too many are asked for: ask again.
      }
    }
    throw unavailable('the user changed again and again while being looked up')
  }

  function refresh(tenant: TenantName, name: string, nowMs: number): void {
    if (nowMs < awayUntilMs && nowMs < askedAtMs + probeMs) return
    // Nobody waits for it; that the store is away is noted already.
    lookUp(tenant, name).catch(() => {})
  }

  const stop = source.onChange((changed) => {
    if (changed === undefined) {
      answers.clear()
      known.clear()
      return
    }
    const key = keyOf(changed.tenant, changed.name)
    answers.delete(key)
    known.delete(key)
  })

  return {
    peek(tenant, name) {
      const entry = known.get(keyOf(tenant, name))
      if (entry === undefined) return undefined
      const nowMs = clock.monotonicMs()
      const ageMs = nowMs - entry.askedAtMs
      if (ageMs < refreshAfterMs) return entry.identity
      if (ageMs >= believedMs && nowMs >= awayUntilMs) return undefined
      refresh(tenant, name, nowMs)
      return entry.identity
    },
    remembered: (tenant, name) => known.get(keyOf(tenant, name))?.identity,
    fresh: (tenant, name) => answers.get(keyOf(tenant, name)),
    lookUp,
    close: stop,
  }
}

const maxAttempts = 3

// INVARIANT: a tenant's name holds no slash (model/ids.ts), so two pairs never make one key. Written on every request.
const keyOf = (tenant: TenantName, name: string): string => `${tenant}/${name}`

const unavailable = (cause: unknown): Failure => refused('store-unavailable', { cause, retryAfterSeconds: 1 })

/** The outcome of `work`, or a rejection when it takes longer than `lookUpMs`. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${lookUpMs} ms`)), lookUpMs)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
