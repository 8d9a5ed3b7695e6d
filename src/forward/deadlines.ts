/** The time limits of one exchange on one timer. undici's own timers are up to a second late, and sleep while a body is written. */
import type { Clock } from '../model/time.ts'

export type Limit = 'connect' | 'headers' | 'gap' | 'total'

export interface Deadlines {
  /** (Re)starts a limit: it passes `ms` from now. 0 lifts it. Starting the same limit later than before costs no timer. */
  start(limit: Limit, ms: number): void
  lift(limit: Limit): void
  /** Lifts all: nothing is called any more. */
  stop(): void
}

/** Calls `onPassed` when a limit passes; the limit is lifted then, the others stay. */
export function createDeadlines(clock: Clock, onPassed: (limit: Limit) => void): Deadlines {
  const at: Record<Limit, number> = { connect: Infinity, headers: Infinity, gap: Infinity, total: Infinity }
  let timer: NodeJS.Timeout | undefined
  let wakesAt = Infinity

  const arm = (): void => {
    const next = Math.min(at.connect, at.headers, at.gap, at.total)
    // A timer that rings too early only looks and sets itself again: a busy body touches `gap` at every piece.
    if (next >= wakesAt) return
    clearTimeout(timer)
    wakesAt = next
    timer = setTimeout(ring, Math.max(1, Math.ceil(next - clock.monotonicMs())))
  }

  const ring = (): void => {
    timer = undefined
    wakesAt = Infinity
    const now = clock.monotonicMs()
    for (const limit of ['total', 'connect', 'headers', 'gap'] as const) {
      if (at[limit] > now) continue
      at[limit] = Infinity
      onPassed(limit)
    }
    arm()
  }

  return {
    start(limit, ms) {
      at[limit] = ms === 0 ? Infinity : clock.monotonicMs() + ms
      arm()
    },
    lift(limit) {
      at[limit] = Infinity
    },
    stop() {
      clearTimeout(timer)
      timer = undefined
      wakesAt = -Infinity
    },
  }
}
