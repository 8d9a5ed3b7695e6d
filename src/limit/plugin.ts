/** Stage limit: principal, rule and address in, `gate.quota` out, or 429. */
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import '../context.ts'
import type { Gate, Tenant } from '../context.ts'
import { type Failure, refused } from '../model/failure.ts'
import type { Clock } from '../model/time.ts'
import type { RateClass } from '../policy/rule.ts'
import { addressKey } from './address.ts'
import { createInFlight } from './in-flight.ts'
import { quotaStore, windowKey, type QuotaKey } from './quota-store.ts'
import type { SlidingWindows } from './sliding-window.ts'

export interface LimitOptions {
  /** The rate in force; `own`: the plan of the caller's own, if they have one. */
  readonly rate: (tenant: Tenant, own: string | undefined, rateClass: string) => RateClass | undefined
  /** Requests of one caller that may be under way at once, as it is now. */
  readonly mostInFlight: () => number
  /** Where quotas are counted. */
  readonly windows: SlidingWindows
  readonly clock: Clock
}

export const limit = fp<LimitOptions>(
  async (app, { rate, mostInFlight, windows, clock }) => {
    const inFlight = createInFlight()
    const classOf = (request: FastifyRequest): RateClass => {
      const { tenant, match, principal } = request.gate
      const found =
        tenant !== undefined && match?.kind === 'rule'
          ? rate(tenant, principal?.identity.plan, match.rule.limit)
          : undefined
      // The loader holds every class to every plan; what slips through is our bug, and refused.
      if (found === undefined) throw refused('internal', { cause: 'a rate class without a plan' })
      return found
    }

    await app.register(rateLimit, {
      global: false,
      // The types ask for string keys; the plugin hands to the store whatever the generator returns.
      store: quotaStore(clock, windows) as never,
    })
    // One limiter for each class, made once: numbers cost it no promise, functions one each.
    const limiters = new WeakMap<RateClass, Limiter>()
    const limiterOf = (rateClass: RateClass): Limiter => {
      const known = limiters.get(rateClass)
      if (known !== undefined) return known
      const { limit: max, windowMs: timeWindow } = rateClass
      const made = app.createRateLimit({ max, timeWindow, keyGenerator: (request) => quotaKey(request) as never })
      limiters.set(rateClass, made)
      return made
    }

    app.addHook('onRequest', (request, reply, done) => {
      const release = inFlight.enter(callerKey(request.gate), mostInFlight())
      // Before the quota, which it does not cost.
      if (release === undefined) return done(tooManyAtOnce())
      // However it ends, its connection says so: answered, broken, or given up; that of a WebSocket when it is over.
      reply.raw.once('close', release)
      if (reply.raw.destroyed) release()
      const rateClass = classOf(request)
      limiterOf(rateClass)(request).then((standing) => settle(request.gate, rateClass, standing, done), done)
    })
  },
  { name: 'limit', dependencies: ['authorize'] },
)

type Limiter = ReturnType<FastifyInstance['createRateLimit']>
type Standing = Awaited<ReturnType<Limiter>>

type Done = (failure?: Failure) => void

/** Notes where the caller stands, and goes on or ends the request. */
function settle(gate: Gate, { name }: RateClass, standing: Standing, done: Done): void {
  if (standing.isAllowed) return done()
  const windowSeconds = Math.ceil(standing.timeWindow / 1000)
  const seconds = Math.max(1, standing.ttlInSeconds)
  // Counting in quanta ends up to 1/128 of the window late: exact where somebody has to wait, the window's length elsewhere.
  const resetSeconds = standing.isExceeded ? seconds : Math.min(seconds, windowSeconds)
  gate.quota = {
    name,
    limit: standing.max,
    remaining: standing.remaining,
    windowSeconds,
    resetSeconds,
  }
  return standing.isExceeded ? done(refused('rate-limited', { retryAfterSeconds: resetSeconds })) : done()
}

const tooManyAtOnce = (): Failure =>
  refused('rate-limited', { retryAfterSeconds: 1, cause: 'too many requests of this caller are under way' })

/** By principal where there is one, else by address: public routes have quotas too (gap 23). */
function quotaKey({ gate }: FastifyRequest): QuotaKey {
  const rule = gate.match?.kind === 'rule' ? gate.match.rule : undefined
  return { key: callerKey(gate, rule?.limit ?? ''), cost: rule?.cost ?? 1 }
}

/** Where a caller's use of a rate class is counted; without a class, what they have under way. */
function callerKey({ tenant, principal, clientAddress }: Gate, rateClass = ''): string {
  const who = principal === undefined ? `@${addressKey(clientAddress)}` : principal.identity.id
  return windowKey(tenant?.config.name ?? '', who, rateClass)
}
