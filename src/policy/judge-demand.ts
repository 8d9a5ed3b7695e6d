/** One place of a request that names lists, against what the caller is granted. Pure. */
import type { AllowReason, Allowed, DenyReason, Ground, Reading, StoredReading } from '../model/decision.ts'
import type { ListId } from '../model/ids.ts'
import type { ListNeed, Permission } from '../model/permission.ts'
import { allHeld, listsGranted, superseding, type Grants } from './grants.ts'
import type { ListDemand, ListScope, NamedDemand, PartialMode, StoredDemand } from './rule.ts'

export type Verdict =
  | { readonly effect: 'untouched' }
  | {
      readonly effect: 'allow'
      readonly reason: AllowReason
      readonly ground: Ground
      readonly lists: Allowed['lists']
      /** The ids to send in this place; `undefined`: as they stand. */
      readonly rewrite: readonly number[] | undefined
    }
  | {
      readonly effect: 'deny'
      readonly reason: DenyReason
      readonly need: ListNeed
      readonly permissions: readonly Permission[]
      readonly lists: readonly ListId[]
      readonly detail?: string
    }

interface Terms {
  readonly scope: ListScope
  readonly partial: PartialMode
}

export function judgeDemand(
  demand: ListDemand,
  reading: Reading | StoredReading,
  terms: Terms,
  grants: Grants,
): Verdict {
  const all = superseding(grants, terms.scope, demand.need, demand.unless)
  switch (reading.kind) {
    case 'unreadable':
      return deny(demand, terms, 'scope-unreadable', [], reading.why)
    case 'things':
      if (all !== undefined) return everyList(grants, all)
      return demand.in === 'stored'
        ? judgeThings(demand, reading.lists, terms, grants)
        : deny(demand, terms, 'scope-unreadable', [])
    case 'unknown':
      // Nothing was looked up: only who needs no look-up may pass.
      return all === undefined
        ? deny(demand, terms, 'scope-unreadable', [], 'a stored thing was not looked up')
        : everyList(grants, all)
    case 'lists':
      if (all !== undefined) return everyList(grants, all)
      return judgeLists(demand, reading.ids, terms, grants)
    case 'absent':
    case 'empty':
      return judgeAbsent(demand, terms, grants, all)
  }
}

function judgeLists(demand: ListDemand, ids: readonly ListId[], terms: Terms, grants: Grants): Verdict {
  const granted = listsGranted(grants, demand.need)
  const distinct = [...new Set(ids)]
  const within = distinct.filter((id) => granted.has(id))
  const outside = distinct.filter((id) => !granted.has(id))
  const partial = partialOf(demand, terms)
  // None left is refused in both modes: listmonk then quietly means "all of my own" (gap 29).
  if (within.length === 0 || (outside.length > 0 && partial === 'refuse')) {
    return deny(demand, terms, 'list-not-granted', outside)
  }
  if ('intersects' in demand && demand.intersects && within.length > 1) {
    return deny(demand, terms, 'lists-intersect', within)
  }
  const narrowed = outside.length > 0
  return {
    effect: 'allow',
    reason: narrowed ? 'lists-narrowed' : 'lists-granted',
    ground: { permission: undefined, role: roleOf(granted, within) },
    lists: within,
    rewrite: narrowed ? within : undefined,
  }
}

/** A path is judged whole: there is nothing in it that could be dropped. */
function partialOf(demand: ListDemand, terms: Terms): PartialMode {
  if (demand.in === 'path' || demand.in === 'stored') return 'refuse'
  return demand.partial ?? terms.partial
}

function judgeAbsent(demand: ListDemand, terms: Terms, grants: Grants, all: Permission | undefined): Verdict {
  if (demand.in === 'stored') {
    if (demand.absent === 'none' || (demand.absent === 'another' && all === undefined)) return { effect: 'untouched' }
    return all === undefined ? deny(demand, terms, 'thing-not-granted', []) : everyList(grants, all)
  }
  if (demand.in === 'path') return deny(demand, terms, 'scope-unreadable', [])
  switch (demand.absent) {
    case 'none':
    case 'empty':
      return { effect: 'untouched' }
    case 'refuse':
      return deny(demand, terms, 'lists-absent', [])
    case 'everywhere':
      return all === undefined ? deny(demand, terms, 'everywhere-not-granted', []) : everyList(grants, all)
    case 'fill':
      return fill(demand, terms, grants, all)
  }
}

function fill(demand: NamedDemand, terms: Terms, grants: Grants, all: Permission | undefined): Verdict {
  const exempt = demand.fillUnless === undefined ? all : allHeld(grants, demand.fillUnless)
  if (exempt !== undefined) return everyList(grants, exempt)
  const granted = listsGranted(grants, demand.need)
  const own = [...granted.keys()]
  if (own.length > 1 && demand.intersects) return deny(demand, terms, 'lists-intersect', own)
  if (own.length === 0 && terms.scope.none === undefined) return deny(demand, terms, 'no-list-granted', [])
  return {
    effect: 'allow',
    reason: 'lists-filled',
    ground: { permission: undefined, role: roleOf(granted, own) },
    lists: own,
    rewrite: own.length > 0 ? own : [terms.scope.none ?? 0],
  }
}

/** `of: any`: one list of each thing must be granted; `of: all`: every one. A thing on no list is out of reach. */
function judgeThings(
  demand: StoredDemand,
  things: readonly (readonly ListId[])[],
  terms: Terms,
  grants: Grants,
): Verdict {
  const granted = listsGranted(grants, demand.need)
  const has = (id: ListId): boolean => granted.has(id)
  const reached = things.every(
    (lists) => lists.length > 0 && (demand.of === 'all' ? lists.every(has) : lists.some(has)),
  )
  // Which lists a foreign thing is on is not the caller's to know.
  if (things.length === 0 || !reached) return deny(demand, terms, 'thing-not-granted', [])
  const touched = [...new Set(things.flat().filter(has))]
  return {
    effect: 'allow',
    reason: 'lists-granted',
    ground: { permission: undefined, role: roleOf(granted, touched) },
    lists: touched,
    rewrite: undefined,
  }
}

function roleOf(granted: ReadonlyMap<ListId, string>, ids: readonly ListId[]): string | undefined {
  const [first] = ids
  return first === undefined ? undefined : granted.get(first)
}

function everyList(grants: Grants, permission: Permission): Verdict {
  const ground = { permission, role: grants.permissions.get(permission) }
  return { effect: 'allow', reason: 'every-list', ground, lists: 'every', rewrite: undefined }
}

function deny(
  demand: ListDemand,
  terms: Terms,
  reason: DenyReason,
  lists: readonly ListId[],
  detail?: string,
): Verdict {
  const { get, manage } = terms.scope
  const all = demand.need === 'either' ? [get.all, manage.all] : [terms.scope[demand.need].all]
  const permissions = [...all, ...demand.unless]
  return { effect: 'deny', reason, need: demand.need, permissions, lists, ...(detail === undefined ? {} : { detail }) }
}
