/** Failed credentials by address: a bounded table that an attacker with many addresses cannot grow. */
import type { Clock } from '../model/time.ts'
import { addressKey } from './address.ts'
import { slidingWindows, type WindowRule } from './sliding-window.ts'

export interface FailureLimit {
  /** Whether this address has failed too often of late; then the seconds to wait, at least 1. */
  isLimited(address: string): { readonly retryAfterSeconds: number } | undefined
  note(address: string): void
}

/** 100,000 addresses, about 30 MB when all of them fail; then others go before those at their limit. */
const maxAddresses = 100_000

export function failureLimit(rule: () => WindowRule, clock: Clock): FailureLimit {
  const windows = slidingWindows({ maxKeys: maxAddresses, bound: 'hard' })
  return {
    isLimited(address) {
      const standing = windows.peek(addressKey(address), 1, clock.monotonicMs(), rule())
      return standing.allowed ? undefined : { retryAfterSeconds: Math.max(1, Math.ceil(standing.waitMs / 1000)) }
    },
    note(address) {
      windows.hit(addressKey(address), 1, clock.monotonicMs(), rule())
    },
  }
}
