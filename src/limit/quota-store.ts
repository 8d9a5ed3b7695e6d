/** The store under @fastify/rate-limit: its `incr` over our sliding windows, so that no fixed window can be played. */
import type { Clock } from '../model/time.ts'
import { slidingWindows, type SlidingWindows } from './sliding-window.ts'

/** What `keyGenerator` hands to the store: the plugin passes keys through as they are. */
export interface QuotaKey {
  readonly key: string
  readonly cost: number
}

type Counted = (error: Error | null, result?: { current: number; ttl: number }) => void

/**
 * The class that @fastify/rate-limit constructs; all children count in one table. Principals are as many as there are
 * users, so nobody at their limit is ever evicted.
 */
export function quotaStore(
  clock: Clock,
  windows: SlidingWindows = slidingWindows({ maxKeys: 100_000, bound: 'soft' }),
) {
  return class QuotaStore {
    /** `current` above `max` means refused; `ttl` is then the milliseconds to wait, else until the quota is whole. */
    incr(key: QuotaKey, done: Counted, windowMs: number, max: number): void {
      const { allowed, current, waitMs } = windows.hit(key.key, key.cost, clock.monotonicMs(), { limit: max, windowMs })
      done(null, { current: allowed ? current : max + 1, ttl: waitMs })
    }

    child(): QuotaStore {
      return this
    }
  }
}
