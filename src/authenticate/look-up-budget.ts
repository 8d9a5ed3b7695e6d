/** How often the store is asked on behalf of addresses that failed too often: 20 times at once, then 20 a second, over all of them. */
import type { Clock } from '../model/time.ts'

export interface LookUpBudget {
  /** Whether one more look-up may be made now; if so, it is counted. */
  take(): boolean
}

const perSecond = 20

export function lookUpBudget(clock: Clock): LookUpBudget {
  let left = perSecond
  let countedAtMs = clock.monotonicMs()
  return {
    take() {
      const nowMs = clock.monotonicMs()
      left = Math.min(perSecond, left + ((nowMs - countedAtMs) / 1000) * perSecond)
      countedAtMs = nowMs
      if (left < 1) return false
      left -= 1
      return true
    },
  }
}
