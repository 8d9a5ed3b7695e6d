/** Who may send one request: everybody of a tenant judged on paper, by what they hold. Pure. */
import type { Judgement } from './judge.ts'
import type { Identity } from './model/identity.ts'
import type { Grants, Held } from './policy/grants.ts'
import { permitted } from './policy/decide.ts'

/** `partly`: a part is dropped or filled in, or the answer is cut; `depends`: on the lists of a stored thing. */
export type Verdict = 'may' | 'partly' | 'depends' | 'may-not'

export interface Answer {
  readonly verdict: Verdict
  readonly reason: string | undefined
  /** Of the failure. */
  readonly code: string | undefined
  /** What lets the caller use the route at all, and the user role that holds it. */
  readonly permission: string | undefined
  readonly role: string | undefined
  /** What the lists are granted by: a list role, `own grant`, or the user role with the `all` permission. */
  readonly by: string | undefined
  /** Stored things on which it hangs, as in `subscriber 18`. */
  readonly things: readonly string[]
}

export interface Member extends Held {
  readonly name: string
  readonly status: Identity['status']
}

/** Users whose roles have the same names, and whose answer is the same. */
export interface Group extends Answer {
  readonly roles: readonly string[]
  readonly listRoles: readonly string[]
  readonly count: number
  /** The first of them. */
  readonly users: readonly string[]
}

export interface Tally {
  /** One page after the other. */
  add(members: Iterable<Member>): void
  groups(): readonly Group[]
  /** Not judged: a disabled user may nothing. */
  disabled(): number
}

/** `judge` is asked once for each combination of roles and own grants; at most `maxNames` names a group are kept. */
export function tallyUsers(judge: (held: Held) => Answer, maxNames: number): Tally {
  const answers = new Map<string, Counted>()
  const groups = new Map<string, Counted>()
  let disabled = 0

  const groupOf = (held: Held): Counted => {
    const answer = judge(held)
    const { roles, listRoles } = held
    const key = JSON.stringify([roles, listRoles, answer])
    const group = groups.get(key) ?? { answer, roles, listRoles, count: 0, users: [] }
    groups.set(key, group)
    return group
  }
  return {
    add(members) {
      for (const { name, status, roles, listRoles, listGrants = [] } of members) {
        if (status === 'disabled') {
          disabled += 1
          continue
        }
        const key = JSON.stringify([roles, listRoles, listGrants])
        const group = answers.get(key) ?? groupOf({ roles, listRoles, listGrants })
        // Own grants are nearly as many as users; what they lead to is not worth keeping.
        if (listGrants.length === 0) answers.set(key, group)
        group.count += 1
        if (group.users.length < maxNames) group.users.push(name)
      }
    },
    groups: () => [...groups.values()].map(({ answer, ...group }) => ({ ...answer, ...group })).toSorted(byVerdict),
    disabled: () => disabled,
  }
}

interface Counted {
  readonly answer: Answer
  readonly roles: readonly string[]
  readonly listRoles: readonly string[]
  count: number
  readonly users: string[]
}

const rank: Readonly<Record<Verdict, number>> = { may: 0, partly: 1, depends: 2, 'may-not': 3 }

const byVerdict = (one: Group, other: Group): number =>
  rank[one.verdict] - rank[other.verdict] || other.count - one.count

/** What a judgement means to somebody with these grants. */
export function answerOf({ rule, decision, failure, missing = [] }: Judgement, grants: Grants | undefined): Answer {
  const base = rule === undefined ? undefined : permitted(rule, grants)
  const ground = base?.effect === 'allow' ? base.ground : undefined
  const means = { permission: ground?.permission, role: ground?.role }
  const things = missing
  if (failure !== undefined) {
    const reason = things.length === 0 ? decision?.reason : undefined
    const verdict = things.length === 0 ? 'may-not' : 'depends'
    return { verdict, reason, code: things.length === 0 ? failure.code : undefined, ...means, by: undefined, things }
  }
  const isCut = decision?.effect === 'allow' && decision.cuts.length > 0
  const isPart = decision?.reason === 'lists-narrowed' || decision?.reason === 'lists-filled'
  const by = decision?.effect === 'allow' && decision.lists !== 'none' ? decision.ground.role : undefined
  return {
    verdict: isCut || isPart ? 'partly' : 'may',
    reason: decision?.reason,
    code: undefined,
    ...means,
    by,
    things,
  }
}
