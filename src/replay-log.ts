/** What would change of a log's requests under another policy, grouped and counted; holds no line. Pure. */
import type { LoggedRequest } from './observe/read-log-line.ts'
import type { Grants } from './policy/grants.ts'
import { judgeAgain, loggedVerdict, type Again, type Judging, type Verdict } from './replay-line.ts'

/** `may-open`: it would pass its route, and what else is asked of it is not in the log. */
export type ChangeKind = 'closed' | 'opened' | 'may-open' | 'different'

export interface ReplayGroup {
  readonly kind: ChangeKind
  readonly route: string
  readonly was: Verdict
  readonly wouldBe: Verdict
  readonly count: number
  /** The first few. */
  readonly users: readonly string[]
  /** The first of them: number of the line, method and path. */
  readonly line: number
  readonly example: string
}

export interface ReplayCounts {
  /** Judged as far as it takes to know: nothing changes. */
  readonly same: number
  readonly changed: number
  /** Nothing changes as far as the log tells; query values, bodies or stored things could not be judged. */
  readonly partly: number
  /** Ended before anything was decided: no credentials, a target that could not be read, a gateway that was full. */
  readonly undecided: number
  readonly unknownUsers: number
  readonly unknownTenants: number
  /** Changed in more ways than are kept apart. */
  readonly ungrouped: number
}

/** Who asked: what they are granted now, or that nobody knows them. */
export type Who = { readonly kind: 'caller'; readonly grants: Grants | undefined } | { readonly kind: 'unknown' }

export interface Replay {
  add(line: number, request: LoggedRequest, judging: Judging | undefined, who: Who): void
  counts(): ReplayCounts
  /** Closed ones first, the most frequent first. */
  groups(): readonly ReplayGroup[]
}

/** A log is somebody's text: what is kept of it is bounded. */
const maxGroups = 10_000
const maxUsers = 5

export function createReplay(): Replay {
  const groups = new Map<string, Counted>()
  const counts = { same: 0, changed: 0, partly: 0, undecided: 0, unknownUsers: 0, unknownTenants: 0, ungrouped: 0 }

  const note = (kind: ChangeKind, line: number, request: LoggedRequest, was: Verdict, again: Again): void => {
    counts.changed += 1
    const route = again.route ?? 'no route'
    const wouldBe = { effect: again.effect, reason: again.reason }
    const key = JSON.stringify([kind, route, was, wouldBe])
    const known = groups.get(key)
    if (known === undefined && groups.size >= maxGroups) {
      counts.ungrouped += 1
      return
    }
    const example = `${request.method} ${request.path ?? ''}`
    const group = known ?? { kind, route, was, wouldBe, count: 0, users: new Set<string>(), line, example }
    groups.set(key, group)
    group.count += 1
    if (request.user !== undefined && group.users.size < maxUsers) group.users.add(request.user)
  }
  return {
    add(line, request, judging, who) {
      const was = loggedVerdict(request)
      if (was === undefined) counts.undecided += 1
      else if (judging === undefined) counts.unknownTenants += 1
      else if (who.kind === 'unknown') counts.unknownUsers += 1
      else {
        const again = judgeAgain(request, judging, who.grants)
        const found = again === undefined ? 'undecided' : compare(was, again, request)
        if (found === 'same' || found === 'partly' || found === 'undecided') counts[found] += 1
        else if (again !== undefined) note(found, line, request, was, again)
      }
    },
    counts: () => ({ ...counts }),
    groups: () => [...groups.values()].map((group) => ({ ...group, users: [...group.users] })).toSorted(byWeight),
  }
}

interface Counted {
  readonly kind: ChangeKind
  readonly route: string
  readonly was: Verdict
  readonly wouldBe: Verdict
  count: number
  readonly users: Set<string>
  readonly line: number
  readonly example: string
}

/** Refusals for which nothing but route, user role and path were looked at, as they are again here. */
const routeReasons: ReadonlySet<string> = new Set([
  'route-unknown',
  'method-not-allowed',
  'permission-missing',
  'everywhere-not-granted',
  'credentials-missing',
  'gone',
])

function compare(was: Verdict, again: Again, request: LoggedRequest): ChangeKind | 'same' | 'partly' {
  if (was.effect === 'allow' && again.effect === 'deny') return 'closed'
  if (was.effect === 'deny' && again.effect === 'allow') {
    // Refused for its form: that is not in the log, so nothing can be said.
    if (request.decision === 'allow') return 'partly'
    if (again.isWhole) return 'opened'
    return routeReasons.has(was.reason) ? 'may-open' : 'partly'
  }
  if (!again.isWhole && (was.effect === 'allow' || was.reason !== again.reason)) return 'partly'
  // A request that failed later (a rate limit, a backend) may be logged with the reason of its route alone.
  const isComparable = was.effect === 'deny' || request.code === undefined
  return isComparable && was.reason !== again.reason ? 'different' : 'same'
}

const rank: Readonly<Record<ChangeKind, number>> = { closed: 0, opened: 1, 'may-open': 2, different: 3 }

const byWeight = (one: ReplayGroup, other: ReplayGroup): number =>
  rank[one.kind] - rank[other.kind] || other.count - one.count || one.line - other.line
