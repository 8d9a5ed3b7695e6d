/** Stage limit: principal, rule and address in, `gate.quota` out, or 429. */
import rateLimit from '@fastify/rate-limit'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import '../context.ts'
import { refused } from '../model/failure.ts'
import type { Clock } from '../model/time.ts'
import type { RateClass, RatePlan } from '../policy/rule.ts'
import { addressKey } from './address.ts'
import { quotaStore, type QuotaKey } from './quota-store.ts'

export interface LimitOptions {
  readonly plan: (name: string) => RatePlan
  readonly clock: Clock
}

export const limit = fp<LimitOptions>(
  async (app, { plan, clock }) => {
    const classOf = (request: FastifyRequest): RateClass => {
      const { tenant, match } = request.gate
      const found =
        tenant !== undefined && match?.kind === 'rule'
          ? plan(tenant.config.plan).classes.get(match.rule.limit)
          : undefined
      // The loader holds every class to every plan; what slips through is our bug, and refused.
      if (found === undefined) throw refused('internal', { cause: 'a rate class without a plan' })
      return found
    }

    await app.register(rateLimit, {
      global: false,
      // The types ask for string keys; the plugin hands to the store whatever the generator returns.
      store: quotaStore(clock) as never,
    })
    const check = app.createRateLimit({
      max: (request) => classOf(request).limit,
      timeWindow: (request) => classOf(request).windowMs,
      keyGenerator: (request) => quotaKey(request) as never,
    })

    app.addHook('onRequest', async (request) => {
      const standing = await check(request)
      if (standing.isAllowed) return
      const { name } = classOf(request)
      const resetSeconds = Math.max(1, standing.ttlInSeconds)
      request.gate.quota = {
        name,
        limit: standing.max,
        remaining: standing.remaining,
        windowSeconds: Math.ceil(standing.timeWindow / 1000),
        resetSeconds,
      }
      if (standing.isExceeded) throw refused('rate-limited', { retryAfterSeconds: resetSeconds })
    })
  },
  { name: 'limit', dependencies: ['authorize'] },
)

/** By principal where there is one, else by address: public routes have quotas too (gap 23). */
function quotaKey(request: FastifyRequest): QuotaKey {
  const { tenant, match, principal, clientAddress } = request.gate
  const rule = match?.kind === 'rule' ? match.rule : undefined
  const who = principal === undefined ? ['address', addressKey(clientAddress)] : ['user', principal.identity.id]
  return { key: JSON.stringify([tenant?.config.name, rule?.limit, ...who]), cost: rule?.cost ?? 1 }
}
