/** From a credential to who is calling: at once where the cache knows, else after one look-up. */
import { Failure, refused } from '../model/failure.ts'
import type { AuthMethod, Identity, Principal } from '../model/identity.ts'
import type { TenantName, TokenId } from '../model/ids.ts'
import type { Clock } from '../model/time.ts'
import { tokenSha256 } from '../model/token.ts'
import { type HeaderRule, readCredential } from './header.ts'
import type { Answer, Identities } from './identities.ts'
import type { LookUpBudget } from './look-up-budget.ts'
import type { Memo } from './memo.ts'
import { type RefusedBecause, unusable, verify } from './verify.ts'

/** Failed credentials by address. */
export interface Failures {
  isLimited(address: string): { readonly retryAfterSeconds: number } | undefined
  note(address: string): void
}

export interface AuthenticatorParts {
  readonly identities: Identities
  readonly memo: Memo
  readonly failures: Failures
  readonly budget: LookUpBudget
  readonly clock: Clock
  /** Told of every use of a token; never awaited. */
  readonly touch: (token: TokenId, epochMs: number) => void
}

export interface Asked {
  readonly tenant: TenantName
  readonly rule: HeaderRule
  readonly authorization: string | undefined
  readonly apiKey: string | undefined
  readonly address: string
}

export type Outcome =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'authenticated'; readonly principal: Principal }
  | { readonly kind: 'refused'; readonly claimedName: string | undefined; readonly because: RefusedBecause }
  /** The address failed too often, and this credential is wrong as well, or could not be looked up. */
  | { readonly kind: 'limited'; readonly claimedName: string | undefined; readonly retryAfterSeconds: number }
  | { readonly kind: 'unavailable'; readonly claimedName: string; readonly failure: Failure }

export type Authenticate = (asked: Asked) => Outcome | Promise<Outcome>

interface Claim {
  readonly name: string
  readonly secretSha256: Buffer
  readonly method: AuthMethod
  readonly nowMs: number
}

export function authenticator({ identities, memo, failures, budget, clock, touch }: AuthenticatorParts): Authenticate {
  return (asked) => {
    const nowMs = clock.epochMs()
    const known = knownCaller(asked, nowMs)
    if (known !== undefined) return known

    const reading = readCredential(asked.authorization, asked.apiKey, asked.rule)
    if (reading.kind === 'none') return { kind: 'anonymous' }
    const secretSha256 = tokenSha256(reading.kind === 'credential' ? reading.secret : '')
    if (reading.kind === 'malformed') {
      verify(undefined, secretSha256, nowMs) // the same work as for any other refusal
      return failed(asked, undefined, 'malformed')
    }

    const claim: Claim = { name: reading.name, secretSha256, method: reading.method, nowMs }
    const cached = prove(asked, claim, identities.peek(asked.tenant, claim.name))
    if (cached.kind === 'authenticated') return cached
    // Known or not, a name is refused only on the store's word of the last second: a token may have been made elsewhere
    // just now, and nobody can tell by the time it takes which names the cache holds.
    const answer = identities.fresh(asked.tenant, claim.name)
    return answer === undefined ? lookUp(asked, claim) : judge(asked, claim, answer)
  }

  /** The memo is believed only while the identity is still the very one that was proved. */
  function knownCaller({ tenant, rule, authorization, apiKey }: Asked, nowMs: number): Outcome | undefined {
    if (authorization === undefined || (rule.apiKey && apiKey !== undefined)) return undefined
    const principal = memo.find(tenant, authorization, rule)
    if (principal === undefined) return undefined
    const { identity, token } = principal
    if (identities.peek(tenant, identity.name) !== identity || unusable(identity, token, nowMs)) return undefined
    touch(token.id, nowMs)
    return { kind: 'authenticated', principal }
  }

  async function lookUp(asked: Asked, claim: Claim): Promise<Outcome> {
    const last = identities.remembered(asked.tenant, claim.name)
    const wasRight = verify(last, claim.secretSha256, claim.nowMs).kind === 'proved'
    const limited = failures.isLimited(asked.address)
    // A credential that was right a moment ago is no guess, whatever else comes from that address.
    if (limited !== undefined && !wasRight && !budget.take()) {
      return { kind: 'limited', claimedName: claim.name, retryAfterSeconds: limited.retryAfterSeconds }
    }
    let answer: Answer
    try {
      answer = await identities.lookUp(asked.tenant, claim.name)
    } catch (cause) {
      const failure = cause instanceof Failure ? cause : refused('internal', { cause })
      const unavailable: Outcome = { kind: 'unavailable', claimedName: claim.name, failure }
      // A change may have come in meanwhile: then nothing is remembered any more.
      if (!wasRight || identities.remembered(asked.tenant, claim.name) !== last) return unavailable
      const outcome = prove(asked, claim, last)
      return outcome.kind === 'authenticated' ? outcome : unavailable
    }
    return judge(asked, claim, answer)
  }

  function judge(asked: Asked, claim: Claim, answer: Answer): Outcome {
    const outcome = prove(asked, claim, answer === 'unknown' ? undefined : answer)
    return outcome.kind === 'authenticated' ? outcome : failed(asked, claim.name, outcome.because)
  }

  function prove(asked: Asked, claim: Claim, identity: Identity | undefined) {
    const verdict = verify(identity, claim.secretSha256, claim.nowMs)
    if (verdict.kind === 'refused' || identity === undefined) {
      return { kind: 'refused', because: verdict.kind === 'refused' ? verdict.because : 'unknown-user' } as const
    }
    const principal: Principal = Object.freeze({ identity, token: verdict.token, method: claim.method })
    if (claim.method !== 'api-key' && asked.authorization !== undefined) {
      memo.keep(asked.tenant, asked.authorization, asked.rule, principal)
    }
    touch(verdict.token.id, claim.nowMs)
    return { kind: 'authenticated', principal } as const
  }

  function failed({ address }: Asked, claimedName: string | undefined, because: RefusedBecause): Outcome {
    const limited = failures.isLimited(address)
    failures.note(address)
    return limited === undefined
      ? { kind: 'refused', claimedName, because }
      : { kind: 'limited', claimedName, retryAfterSeconds: limited.retryAfterSeconds }
  }
}
