/** The members of one backend together: which of them is asked next, and whether it is worth while to wait for one. */
import type { MemberHealth } from '../model/ports.ts'
import type { Start } from './admission.ts'
import type { Place } from './attempt.ts'
import { choose } from './choose.ts'
import type { Member } from './member.ts'

/** Who wants to be started on one of them. */
export interface Candidate {
  readonly isSafe: boolean
  /** Members that were tried for it in vain. */
  readonly tried: ReadonlySet<Member> | undefined
  startOn(place: Place): void
}

export interface Members {
  /** Starts it on one that may be asked and has a connection to spare. */
  start(candidate: Candidate, nowMs: number): Start
  /** One that may be asked on a connection of its own, of those that were not tried. */
  pick(tried: ReadonlySet<Member>, nowMs: number): Member | undefined
  /** Another one than those that were tried may be asked. */
  hasOther(candidate: Candidate, nowMs: number): boolean
  /** Until when a request that is safe to repeat may wait for the first of them. */
  awaitedUntilMs(nowMs: number, waitMs: number): number
  /** In how many milliseconds the first of them may be asked again. */
  backInMs(nowMs: number): number
  health(): readonly MemberHealth[]
  close(): Promise<void>
}

export function createMembers(all: readonly Member[], random: () => number): Members {
  const [only, ...others] = all

  function startOn(member: Member, candidate: Candidate, nowMs: number): boolean {
    const lane = member.take(nowMs)
    if (lane === undefined) return false
    candidate.startOn({ member, lane })
    return true
  }

  function startOnOnly(member: Member, candidate: Candidate, nowMs: number): Start {
    if (!mayAsk(member, candidate, nowMs)) return 'down'
    return startOn(member, candidate, nowMs) ? 'started' : 'busy'
  }

  function startOnAny(candidate: Candidate, nowMs: number): Start {
    let able = candidatesFor(candidate, nowMs)
    if (able.length === 0) return 'down'
    for (let member = choose(able, random); member !== undefined; member = choose(able, random)) {
      if (startOn(member, candidate, nowMs)) return 'started'
      able = able.filter((each) => each !== member)
    }
    return 'busy'
  }

  /** One that is to prove itself comes first, for who is safe to repeat: that moves on where it fails. */
  function candidatesFor(candidate: Candidate, nowMs: number): readonly Member[] {
    const able = all.filter((member) => mayAsk(member, candidate, nowMs))
    const free = able.filter((member) => member.admittance(nowMs) === 'free')
    const probe = able.find((member) => member.admittance(nowMs) === 'probe')
    return probe !== undefined && (candidate.isSafe || free.length === 0) ? [probe] : free
  }

  return {
    start: (candidate, nowMs) =>
      only !== undefined && others.length === 0 ? startOnOnly(only, candidate, nowMs) : startOnAny(candidate, nowMs),
    pick: (tried, nowMs) =>
      choose(
        all.filter((member) => !tried.has(member) && member.admittance(nowMs) === 'free'),
        random,
      ),
    hasOther: (candidate, nowMs) => all.some((member) => mayAsk(member, candidate, nowMs)),
    awaitedUntilMs: (nowMs, waitMs) => Math.max(...all.map((member) => member.awaitedUntilMs(nowMs, waitMs))),
    backInMs: (nowMs) => Math.min(...all.map((member) => member.backInMs(nowMs))),
    health: () => all.map((member) => member.health()),
    async close() {
      await Promise.all(all.map((member) => member.close()))
    },
  }
}

const mayAsk = (member: Member, { tried }: Candidate, nowMs: number): boolean =>
  tried?.has(member) !== true && member.admittance(nowMs) !== 'no'
