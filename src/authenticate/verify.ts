/** Whether a secret proves an identity. Every refusal takes the same work and looks the same outside. */
import { timingSafeEqual } from 'node:crypto'
import type { Identity, StoredToken } from '../model/identity.ts'

/** For the log only. */
export type RefusedBecause = 'malformed' | 'unknown-user' | 'wrong-token' | Unusable

/** Why an identity or a token that fits is of no use now. */
type Unusable = 'not-an-api-user' | 'disabled' | 'revoked' | 'not-yet-valid' | 'expired'

export type Verdict =
  | { readonly kind: 'proved'; readonly token: StoredToken }
  | { readonly kind: 'refused'; readonly because: RefusedBecause }

const digestLength = 32
/** What a secret is compared with where there is no token: nobody knows a text with this SHA-256. */
const noToken = Buffer.alloc(digestLength)

/** Compares the secret's SHA-256 with every token of the identity, or once with none; `nowMs` is epoch milliseconds. */
export function verify(identity: Identity | undefined, secretSha256: Buffer, nowMs: number): Verdict {
  let proved: StoredToken | undefined
  // All of them, and no way out of the loop: where a token stands in the list cannot be measured.
  for (const token of identity?.tokens ?? []) {
    if (isSame(token.sha256, secretSha256)) proved = token
  }
  if (identity === undefined || identity.tokens.length === 0) isSame(noToken, secretSha256)

  if (identity === undefined) return { kind: 'refused', because: 'unknown-user' }
  if (proved === undefined) return { kind: 'refused', because: 'wrong-token' }
  const because = unusable(identity, proved, nowMs)
  return because === undefined ? { kind: 'proved', token: proved } : { kind: 'refused', because }
}

/** Why a token of this identity may not be used at `nowMs`, `undefined` if it may. */
export function unusable(identity: Identity, token: StoredToken, nowMs: number): Unusable | undefined {
  // People sign in to the admin pages; nothing of theirs opens the data path.
  if (identity.kind !== 'api') return 'not-an-api-user'
  if (identity.status !== 'enabled') return 'disabled'
  if (token.revokedAt !== undefined) return 'revoked'
  if (token.notBefore !== undefined && nowMs < token.notBefore) return 'not-yet-valid'
  if (token.expiresAt !== undefined && nowMs >= token.expiresAt) return 'expired'
  return undefined
}

/** A stored digest of another length fits nothing. */
const isSame = (stored: Buffer, given: Buffer): boolean =>
  timingSafeEqual(stored.length === digestLength ? stored : noToken, given) && stored.length === digestLength
