/** The decision: pure and total. Whatever is not granted is denied. */
import type {
  Allowed,
  AllowReason,
  Decision,
  Denied,
  DenyReason,
  Ground,
  Reading,
  Rewrite,
  Scope,
  StoredReading,
} from '../model/decision.ts'
import { listIdFrom, type ListId } from '../model/ids.ts'
import type { ListNeed, Need, Permission } from '../model/permission.ts'
import { firstHeld, superseding, type Grants } from './grants.ts'
import { cutsFor } from './cuts.ts'
import { judgeDemand, type Verdict } from './judge-demand.ts'
import { keepStored } from './keep-stored.ts'
import { samePlace } from './places.ts'
import type { ListDemand, ListScope, PartialMode, Rule, When } from './rule.ts'

/** What a decision is made under: the policy's scope and what happens to requests partly out of reach. */
export interface Terms {
  readonly scope: ListScope
  readonly partial: PartialMode
}

const noGround: Ground = Object.freeze({ permission: undefined, role: undefined })

/**
 * Whether the rule may be used at all, before its lists are looked at. `grants` of `undefined` is a caller without
 * credentials. The stage authorize asks this before any body is read; `decide` asks it again.
 */
export function permitted(rule: Rule, grants: Grants | undefined): Allowed | Denied {
  if (rule.gone !== undefined && (grants !== undefined || rule.allow.kind === 'public')) {
    return denied(rule, 'gone', { detail: rule.gone })
  }
  if (rule.allow.kind === 'public') return allowed(rule, 'public', noGround)
  if (grants === undefined) return denied(rule, 'credentials-missing')
  if (rule.allow.kind === 'authenticated') return allowed(rule, 'authenticated', noGround)
  const permission = firstHeld(grants, rule.allow.permissions)
  return permission === undefined
    ? denied(rule, 'permission-missing', { permissions: rule.allow.permissions })
    : allowed(rule, 'permission', groundOf(grants, permission))
}

/** Decides a routed request from the rule, the caller's grants and what the request touches. */
export function decide(rule: Rule, terms: Terms, grants: Grants | undefined, scope: Scope): Decision {
  const base = permitted(rule, grants)
  if (base.effect === 'deny') return base

  // Checked before any grant: what we cannot read, the backend may read differently.
  if (scope.readings.length !== rule.lists.length || scope.asked.length !== rule.when.length) {
    return denied(rule, 'scope-unreadable', { detail: 'not every place was read' })
  }
  for (const reading of scope.readings) {
    if (reading.kind === 'unreadable') return denied(rule, 'scope-unreadable', { detail: reading.why })
  }
  if (scope.asked.includes('unreadable')) return denied(rule, 'scope-unreadable', { detail: 'a parameter of `when`' })
  // A rule that anybody may call names no lists: the loader refuses others.
  if (grants === undefined)
    return rule.lists.length + rule.when.length + rule.answer.length === 0 ? base : denied(rule, 'credentials-missing')

  const extra = extraDemand(rule, terms, grants, scope)
  if (extra !== undefined) return extra

  let decision: Allowed = base
  for (const [index, demand] of rule.lists.entries()) {
    const reading = readingLeft(rule, decision, demand, scope.readings[index])
    if (reading === undefined) return denied(rule, 'scope-unreadable')
    const verdict = judgeDemand(raised(demand, rule, scope), reading, terms, grants)
    if (verdict.effect === 'deny') return denied(rule, verdict.reason, verdict)
    decision = combine(decision, verdict, index)
  }

  const unnamed = nothingNamed(rule, decision, terms, grants)
  if (unnamed !== undefined) return unnamed

  const rewrites = keepStored(rule, scope, decision, terms, grants)
  if (rewrites === undefined) return denied(rule, 'scope-unreadable', { detail: 'a stored thing was not looked up' })
  return { ...decision, rewrites, cuts: cutsFor(rule, terms, grants) }
}

/** `absent: another`: of several places that may name something, one must. */
function nothingNamed(rule: Rule, decision: Allowed, terms: Terms, grants: Grants): Denied | undefined {
  if (decision.lists !== 'none') return undefined
  const demand = rule.lists.find((each) => each.in === 'stored' && each.absent === 'another')
  if (demand?.in !== 'stored') return undefined
  const verdict = judgeDemand({ ...demand, absent: 'refuse' }, { kind: 'absent' }, terms, grants)
  return verdict.effect === 'deny' ? denied(rule, verdict.reason, verdict) : undefined
}

/** A `when` that is used may ask for every list of a thing, where one would do otherwise. */
function raised(demand: ListDemand, rule: Rule, scope: Scope): ListDemand {
  if (demand.in !== 'stored' || demand.need !== 'manage' || demand.of === 'all') return demand
  const isAsked = rule.when.some((when, index) => when.every === demand.resource && scope.asked[index] === 'used')
  return isAsked ? { ...demand, of: 'all' } : demand
}

/** What stands in the demand's place after the demands before it were met: each narrows what the one before left. */
function readingLeft(
  rule: Rule,
  decision: Allowed,
  demand: ListDemand,
  read: Reading | StoredReading | undefined,
): Reading | StoredReading | undefined {
  const before = decision.rewrites.findLast(({ index }) => samePlace(rule.lists[index], demand))
  if (before === undefined) return read
  const [first, ...others] = before.ids.flatMap((id) => listIdFrom(id) ?? [])
  // Filled with the id that matches nothing: that is no list, and nothing more is to be put there.
  return first === undefined ? undefined : { kind: 'lists', ids: [first, ...others] }
}

/** `everywhere` and `when`: the demands that know no list. */
function extraDemand(rule: Rule, terms: Terms, grants: Grants, scope: Scope): Denied | undefined {
  if (rule.everywhere !== undefined && superseding(grants, terms.scope, rule.everywhere) === undefined) {
    return notEverywhere(rule, terms, rule.everywhere)
  }
  for (const [index, when] of rule.when.entries()) {
    if (scope.asked[index] !== 'used') continue
    const refusal = judgeWhen(rule, when, terms, grants)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

function judgeWhen(rule: Rule, when: When, terms: Terms, grants: Grants): Denied | undefined {
  if (when.allow.length > 0 && firstHeld(grants, when.allow) === undefined) {
    return denied(rule, 'permission-missing', { permissions: when.allow, detail: `\`${when.name}\` asks for it` })
  }
  if (when.everywhere !== undefined && superseding(grants, terms.scope, when.everywhere) === undefined) {
    return notEverywhere(rule, terms, when.everywhere)
  }
  return undefined
}

function notEverywhere(rule: Rule, terms: Terms, need: Need): Denied {
  return denied(rule, 'everywhere-not-granted', { need, permissions: [terms.scope[need].all] })
}

const weight: Readonly<Record<AllowReason, number>> = {
  public: 0,
  authenticated: 0,
  permission: 0,
  'every-list': 1,
  'lists-granted': 2,
  'lists-filled': 3,
  'lists-narrowed': 4,
}

/** The more a verdict restricts, the more it says about the decision. */
function combine(decision: Allowed, verdict: Exclude<Verdict, { effect: 'deny' }>, index: number): Allowed {
  if (verdict.effect === 'untouched') return decision
  const rewrites: readonly Rewrite[] =
    verdict.rewrite === undefined ? decision.rewrites : [...decision.rewrites, { index, ids: verdict.rewrite }]
  const louder = weight[verdict.reason] >= weight[decision.reason]
  return {
    ...decision,
    reason: louder ? verdict.reason : decision.reason,
    ground: louder ? verdict.ground : decision.ground,
    lists: union(decision.lists, verdict.lists),
    rewrites,
  }
}

function union(one: Allowed['lists'], other: Allowed['lists']): Allowed['lists'] {
  if (other === 'none') return one
  if (one === 'none') return other
  if (one === 'every') return other
  if (other === 'every') return one
  return [...new Set([...one, ...other])]
}

function groundOf(grants: Grants, permission: Permission): Ground {
  return { permission, role: grants.permissions.get(permission) }
}

function allowed(rule: Rule, reason: AllowReason, ground: Ground): Allowed {
  return { effect: 'allow', rule: rule.id, at: rule.at, reason, ground, lists: 'none', rewrites: [], cuts: [] }
}

interface DenialDetails {
  readonly permissions?: readonly Permission[]
  readonly lists?: readonly ListId[]
  readonly need?: ListNeed | undefined
  readonly detail?: string | undefined
}

function denied(rule: Rule, reason: DenyReason, details: DenialDetails = {}): Denied {
  const { permissions = [], lists = [], need, detail } = details
  return { effect: 'deny', rule: rule.id, at: rule.at, reason, permissions, lists, need, detail }
}
