/** Signing in with name and password, and a second factor where there is one. Every refusal takes the same work and looks the same. */
import { LRUCache } from 'lru-cache'
import type { Author } from '../../model/author.ts'
import type { TenantName } from '../../model/ids.ts'
import type { Clock } from '../../model/time.ts'
import type { PersonRecord } from '../../store/people.ts'
import type { Store } from '../../store/store.ts'
import type { PasswordHash } from './password-hash.ts'
import type { Seal } from './seal.ts'
import { recoveryCodeSha256, totpStep } from './second-factor.ts'
import type { Attempt, DeviceMarks, SignInThrottle } from './throttle.ts'

export interface SignInParts {
  readonly store: Store
  readonly hash: PasswordHash
  readonly seal: Seal
  readonly throttle: SignInThrottle
  readonly devices: DeviceMarks
  readonly clock: Clock
  readonly isTenant: (name: TenantName) => boolean
}

export interface SignInAsked {
  /** A name or an e-mail address. */
  readonly login: string
  readonly tenant: TenantName | undefined
  readonly password: string
  /** Of the second factor: six digits, or a recovery code. */
  readonly code: string | undefined
  /** The mark that the browser holds, if any. */
  readonly device: string | undefined
  /** The session in which it is proved once more: no stranger's. */
  readonly session?: number | undefined
  /** Who asks, and from where, for the audit trail. */
  readonly author: Author
}

export type SignInOutcome =
  | { readonly kind: 'proved'; readonly person: PersonRecord; readonly secondFactor: boolean }
  | { readonly kind: 'second-factor' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'wait'; readonly seconds: number }

export type SignIn = (asked: SignInAsked) => Promise<SignInOutcome>

/** What is sealed is bound to the person by this. */
export const totpContext = (person: Pick<PersonRecord, 'id'>): string => `totp ${person.id}`

export function signIn({ store, hash, seal, throttle, devices, clock, isTenant }: SignInParts): SignIn {
  // Of what is turned away unheard the trail has one entry a minute and address: whoever guesses must not fill it.
  const told = new LRUCache<string, true>({ max: 1_000, ttl: 60_000 })

  return async (asked) => {
    const people = (await store.people.find(asked.login, asked.tenant)).filter(({ tenant }) => isTenant(tenant))
    // Several of that name: only the tenant tells who is meant.
    const person = people.length === 1 ? people[0] : undefined
    const hearing = throttle.hear(attemptOf(asked, person))
    if (hearing.kind === 'wait') {
      await tellThrottled(asked, person)
      return hearing
    }
    let outcome: Judged | undefined
    try {
      outcome = await judge(asked, person)
    } finally {
      hearing.end(outcome?.kind === 'refused')
    }
    if (outcome.kind !== 'refused') return outcome
    const { because } = outcome
    await store.recordAct({ action: 'session.refused', subject: subjectOf(person), details: { because } }, asked.author)
    return { kind: 'refused' }
  }

  async function judge(asked: SignInAsked, person: PersonRecord | undefined): Promise<Judged> {
    const fits = await hash.fits(person?.phc, asked.password)
    if (!fits || person === undefined || person.status !== 'enabled') {
      return { kind: 'refused', because: whyNot(person, fits) }
    }
    if (person.totp === undefined) return proved(person, asked, false)
    if (asked.code === undefined || asked.code === '') return { kind: 'second-factor' }
    if (await isCodeRight(person, asked.code, asked.author)) return proved(person, asked, true)
    return { kind: 'refused', because: 'wrong-code' }
  }

  async function proved(person: PersonRecord, { password }: SignInAsked, secondFactor: boolean) {
    const { phc } = person
    if (phc !== undefined && hash.isOutdated(phc)) {
      const renew = async (): Promise<void> => store.people.rehash(person.id, phc, await hash.make(password))
      // Where it cannot be done now, the next sign-in does it: this one was right.
      await renew().catch(() => undefined)
    }
    return { kind: 'proved', person, secondFactor } as const
  }

  async function tellThrottled({ author }: SignInAsked, person: PersonRecord | undefined): Promise<void> {
    const key = JSON.stringify([author.origin, person?.id])
    if (told.has(key)) return
    told.set(key, true)
    await store.recordAct({ action: 'session.throttled', subject: subjectOf(person), details: {} }, author)
  }

  function attemptOf({ login, device, session, author }: SignInAsked, person: PersonRecord | undefined): Attempt {
    const address = author.origin ?? ''
    const account = person === undefined ? login : `${person.tenant}/${person.name}`
    if (session !== undefined) return { address, account, device: `session ${session}` }
    const isKnown = device !== undefined && person !== undefined && devices.isOf(device, person.id)
    return { address, account, device: isKnown ? device : undefined }
  }

  async function isCodeRight(person: PersonRecord, code: string, author: Author): Promise<boolean> {
    const recovery = recoveryCodeSha256(code)
    if (recovery !== undefined) return store.people.useRecoveryCode(person.id, recovery, author)
    const secret = person.totp === undefined ? undefined : seal.open(person.totp, totpContext(person))
    const step = secret === undefined ? undefined : totpStep(secret, code.trim(), clock.epochMs())
    return step !== undefined && store.people.useTotpStep(person.id, step)
  }
}

type Judged =
  | Exclude<SignInOutcome, { readonly kind: 'refused' | 'wait' }>
  | { readonly kind: 'refused'; readonly because: Refused }

type Refused = 'unknown' | 'wrong-password' | 'disabled' | 'wrong-code'

function whyNot(person: PersonRecord | undefined, fits: boolean): Refused {
  if (person === undefined) return 'unknown'
  return fits ? 'disabled' : 'wrong-password'
}

/** What was typed is not written down: people type passwords where names belong. */
const subjectOf = (person: PersonRecord | undefined): string =>
  person === undefined ? 'unknown account' : `${person.tenant}/${person.name}`
