/** The time limits of exchanges, all on one timer. undici's own timers are up to a second late, and sleep while a body is written. */
import type { Clock } from '../model/time.ts'

export type Limit = 'wait' | 'connect' | 'headers' | 'gap' | 'total'

export interface Deadlines {
  /** (Re)starts a limit: it passes `ms` from now. 0 lifts it. */
  start(limit: Limit, ms: number): void
  lift(limit: Limit): void
  /** Lifts all for good: nothing is called any more, whatever is started. */
  stop(): void
}

/** The deadlines of one exchange: calls `onPassed` when a limit passes; the limit is lifted then, the others stay. */
export type Timekeeper = (onPassed: (limit: Limit) => void) => Deadlines

interface Watched {
  /** Where it stands in the list; `undefined` once it was stopped. */
  place: number | undefined
  readonly at: Record<Limit, number>
  readonly onPassed: (limit: Limit) => void
}

const limits = ['total', 'wait', 'connect', 'headers', 'gap'] as const

/**
 * One timer for all, set for the first limit that may pass. It is left to ring when that limit is lifted: most are, and a
 * timer that rings for nothing now and then costs less than one made and cleared for each exchange. It holds no process up.
 */
export function createTimekeeper(clock: Clock): Timekeeper {
  // A list, not a Set: the tables that a Set leaves behind as it changes would keep exchanges alive long after their end.
  const watched: Watched[] = []
  let timer: NodeJS.Timeout | undefined
  let ringsAt = Infinity

  const ringBy = (at: number): void => {
    if (at >= ringsAt) return
    clearTimeout(timer)
    ringsAt = at
    timer = setTimeout(ring, Math.max(1, Math.ceil(at - clock.monotonicMs()))).unref()
  }

  const ring = (): void => {
    ringsAt = Infinity
    const now = clock.monotonicMs()
    for (const each of [...watched]) pass(each, now)
    for (const { at } of watched) ringBy(Math.min(at.wait, at.connect, at.headers, at.gap, at.total))
  }

  return (onPassed) => {
    const at = { wait: Infinity, connect: Infinity, headers: Infinity, gap: Infinity, total: Infinity }
    const own: Watched = { place: watched.length, at, onPassed }
    watched.push(own)
    return {
      start(limit, ms) {
        const passesAt = ms === 0 ? Infinity : clock.monotonicMs() + ms
        at[limit] = passesAt
        // INVARIANT: the timer is set for the first limit of all that are watched, or before.
        if (own.place !== undefined) ringBy(passesAt)
      },
      lift(limit) {
        at[limit] = Infinity
      },
      stop: () => forget(own),
    }
  }

  function pass(own: Watched, now: number): void {
    for (const limit of limits) {
      if (own.at[limit] > now || own.place === undefined) continue
      own.at[limit] = Infinity
      own.onPassed(limit)
    }
  }

  /** The last one takes its place. */
  function forget(own: Watched): void {
    const last = watched.at(-1)
    if (own.place === undefined || last === undefined) return
    watched[own.place] = last
    last.place = own.place
    watched.pop()
    own.place = undefined
  }
}
