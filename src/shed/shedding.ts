/**
 * How many of the new requests are let in while the process is at its end. Pure. One late turn of the event loop is noise: it
 * has to be late all the time, and at work, before anything is refused. Then fewer are let in from reading to reading until it
 * keeps up, and more again as it does: all or nothing would swing between idle and overloaded.
 */
import type { ShedConfig } from '../config/config.ts'

/** What the process looks like, over the time since the last reading. */
export interface Reading {
  /** By how much the event loop was late, on average. */
  readonly lagMs: number
  /** The share of the time in which the event loop had something to do. */
  readonly utilization: number
  /** The share of the heap that is in use. */
  readonly heapShare: number
}

export type Shedding =
  | { readonly kind: 'calm'; readonly overSinceMs: number | undefined }
  /** `admitted`: the share of requests that is let in. */
  | { readonly kind: 'shedding'; readonly admitted: number }

export const calm: Shedding = Object.freeze({ kind: 'calm', overSinceMs: undefined })

/** A loop that is late and has nothing to do was not run: the machine is busy with something else. */
const leastUtilization = 0.9
const firstShare = 0.5
const fewer = 0.7
const more = 0.1
/** Some are always let in: they show whether it is over. */
const leastShare = 0.05
const heapMarginPercent = 5

export function afterReading(shedding: Shedding, reading: Reading, nowMs: number, rule: ShedConfig): Shedding {
  const isOver = isOverloaded(reading, rule)
  if (shedding.kind === 'calm') {
    if (!isOver) return calm
    const overSinceMs = shedding.overSinceMs ?? nowMs
    return nowMs - overSinceMs >= rule.afterMs
      ? { kind: 'shedding', admitted: firstShare }
      : { kind: 'calm', overSinceMs }
  }
  if (isOver) return { kind: 'shedding', admitted: Math.max(leastShare, shedding.admitted * fewer) }
  if (!isWell(reading, rule)) return shedding
  const admitted = shedding.admitted + more
  return admitted >= 1 ? calm : { kind: 'shedding', admitted }
}

const isOverloaded = ({ lagMs, utilization, heapShare }: Reading, rule: ShedConfig): boolean =>
  (rule.lagMs > 0 && lagMs >= rule.lagMs && utilization >= leastUtilization) || heapShare * 100 > rule.heapPercent

/** Well below where it began, so that it does not begin again at once. */
const isWell = ({ lagMs, heapShare }: Reading, rule: ShedConfig): boolean =>
  (rule.lagMs === 0 || lagMs < rule.lagMs / 2) && heapShare * 100 <= rule.heapPercent - heapMarginPercent

export const admittedShare = (shedding: Shedding): number => (shedding.kind === 'calm' ? 1 : shedding.admitted)
