/** What the answers to active probes say together: so many good or bad ones in a row change the verdict. Pure. */
import type { ProbeConfig } from '../config/config.ts'

export interface Verdict {
  readonly isUp: boolean
  /** Answers in a row that speak against it. */
  readonly against: number
}

/** Until it is known better, a member is well. */
export const upVerdict: Verdict = Object.freeze({ isUp: true, against: 0 })

export function afterProbe(
  verdict: Verdict,
  isGood: boolean,
  rule: Pick<ProbeConfig, 'healthy' | 'unhealthy'>,
): Verdict {
  if (isGood === verdict.isUp) return verdict.against === 0 ? verdict : { isUp: verdict.isUp, against: 0 }
  const against = verdict.against + 1
  const needed = verdict.isUp ? rule.unhealthy : rule.healthy
  return against >= needed ? { isUp: !verdict.isUp, against: 0 } : { isUp: verdict.isUp, against }
}

export const isGoodStatus = (status: number, { statuses }: Pick<ProbeConfig, 'statuses'>): boolean =>
  statuses.some(({ first, last }) => status >= first && status <= last)
