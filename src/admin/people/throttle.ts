/**
 * Slows guessing at sign-in, and locks nobody out. Failures are counted by address, and by account for devices that never signed in
 * to it; a device that did (it holds a mark that only we can make) is counted by itself. So a stranger who guesses at an
 * account stops other strangers there, and not its owner.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { UserId } from '../../model/ids.ts'
import type { Clock } from '../../model/time.ts'
import { addressKey } from '../../limit/address.ts'
import { slidingWindows, type WindowRule } from '../../limit/sliding-window.ts'

/** Failures of an address, whatever account they are about. */
const addressRule: WindowRule = { limit: 20, windowMs: 300_000 }
/** Failures about an account from devices that are strange to it, and of one device that is not. */
const accountRule: WindowRule = { limit: 10, windowMs: 300_000 }
const deviceRule: WindowRule = { limit: 20, windowMs: 300_000 }

export interface Attempt {
  readonly address: string
  /** The account as it was typed. */
  readonly account: string
  /** The mark of the device, or what else shows that it is no stranger's; `undefined` where it holds none of this account. */
  readonly device: string | undefined
}

/** `wait`: the seconds until another attempt is heard, at least 1. `heard`: tell `end` whether it failed; meanwhile it counts as if it had. */
export type Hearing =
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'heard'; readonly end: (hasFailed: boolean) => void }

export interface SignInThrottle {
  hear(attempt: Attempt): Hearing
}

export function signInThrottle(clock: Clock): SignInThrottle {
  const windows = slidingWindows({ maxKeys: 50_000, bound: 'hard' })
  /** Attempts whose outcome is not known yet: many at once must not all pass before the first has failed. */
  const pending = new Map<string, number>()
  const isPending = (key: string): number => pending.get(key) ?? 0
  const rulesOf = ({ address, account, device }: Attempt): readonly (readonly [string, WindowRule])[] => [
    [`address ${addressKey(address)}`, addressRule],
    device === undefined ? [`account ${account.toLowerCase()}`, accountRule] : [`device ${device}`, deviceRule],
  ]
  return {
    hear(attempt) {
      const rules = rulesOf(attempt)
      const nowMs = clock.monotonicMs()
      const waits = rules.map(([key, rule]) => windows.peek(key, 1 + isPending(key), nowMs, rule))
      const longest = Math.max(0, ...waits.map(({ allowed, waitMs }) => (allowed ? 0 : waitMs)))
      if (longest > 0) return { kind: 'wait', seconds: Math.max(1, Math.ceil(longest / 1000)) }
      for (const [key] of rules) pending.set(key, isPending(key) + 1)
      return {
        kind: 'heard',
        end: (hasFailed) => {
          for (const [key, rule] of rules) {
            if (isPending(key) > 1) pending.set(key, isPending(key) - 1)
            else pending.delete(key)
            if (hasFailed) windows.hit(key, 1, clock.monotonicMs(), rule)
          }
        },
      }
    },
  }
}

/** Marks a device on which somebody signed in: `id.nonce.hmac`. It proves no more than that, and opens nothing. */
export interface DeviceMarks {
  make(user: UserId): string
  /** Whether the mark was made for this person. */
  isOf(mark: string, user: UserId): boolean
}

export function deviceMarks(key: Buffer, random: (n: number) => Buffer): DeviceMarks {
  const hmac = (user: UserId, nonce: string): Buffer =>
    createHmac('sha256', key).update(`sallyport device 1 ${user} ${nonce}`).digest()
  return {
    make: (user) => {
      const nonce = random(16).toString('base64url')
      return `${user}.${nonce}.${hmac(user, nonce).toString('base64url')}`
    },
    isOf: (mark, user) => {
      const [id, nonce = '', given = ''] = mark.split('.')
      const bytes = Buffer.from(given, 'base64url')
      return id === String(user) && bytes.length === 32 && timingSafeEqual(bytes, hmac(user, nonce))
    },
  }
}
