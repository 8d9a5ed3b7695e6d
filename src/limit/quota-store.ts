/** The store under @fastify/rate-limit: its `incr` over our sliding windows, so that no fixed window can be played. */
import type { Clock } from '../model/time.ts'
import { slidingWindows, type SlidingWindows } from './sliding-window.ts'

/** What `keyGenerator` hands to the store: the plugin passes keys through as they are. */
export interface QuotaKey {
  readonly key: string
  readonly cost: number
}

/**
 * Where the use of a rate class is counted: `who` is the id of a user, or `@` and an address.
 * INVARIANT: no tenant's name holds a slash (model/ids.ts), and no rate class begins with one, so no two make one key;
 * an id is digits, which no address is.
 */
export const windowKey = (tenant: string, who: string | number, rateClass: string): string =>
  `${tenant}/${who}/${rateClass}`

/** A table for all quotas of a process. Principals are as many as there are users, so nobody at their limit is ever evicted. */
export const quotaWindows = (): SlidingWindows => slidingWindows({ maxKeys: 100_000, bound: 'soft' })

type Counted = (error: Error | null, result?: { current: number; ttl: number }) => void

/** The class that @fastify/rate-limit constructs; all children count in one table. */
export function quotaStore(clock: Clock, windows: SlidingWindows) {
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
