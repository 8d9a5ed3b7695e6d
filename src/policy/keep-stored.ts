/** What a caller who manages some lists of a stored thing sends of all of them: the lists of others stay as they are. Pure. */
import type { Allowed, Rewrite, Scope } from '../model/decision.ts'
import type { ListId } from '../model/ids.ts'
import { listsGranted, superseding, type Grants } from './grants.ts'
import type { ListScope, NamedDemand, Rule } from './rule.ts'

interface Terms {
  readonly scope: ListScope
}

/**
 * The decision's rewrites, with the stored lists out of the caller's reach added where a demand `keeps` them; `undefined`
 * where those are not known.
 */
export function keepStored(
  rule: Rule,
  scope: Scope,
  decision: Allowed,
  terms: Terms,
  grants: Grants,
): readonly Rewrite[] | undefined {
  let { rewrites } = decision
  for (const [index, demand] of rule.lists.entries()) {
    if (!('keeps' in demand) || demand.keeps === undefined) continue
    // Who needs no list role has not had anything looked up, and means the lists that they name.
    if (superseding(grants, terms.scope, demand.need, demand.unless) !== undefined) continue
    if (!isSent(demand, scope, index)) continue
    const stored = storedLists(rule, scope, demand.keeps)
    if (stored === undefined) return undefined
    const foreign = stored.filter((id) => !listsGranted(grants, demand.need).has(id))
    const ids = [...new Set([...sentIds(scope, rewrites, index), ...foreign])]
    rewrites = [...rewrites.filter((each) => each.index !== index), { index, ids }]
  }
  return rewrites
}

/** `absent: none` leaves the place alone when it is not there: the backend then changes no list. */
function isSent(demand: NamedDemand, scope: Scope, index: number): boolean {
  return demand.absent !== 'none' || scope.readings[index]?.kind !== 'absent'
}

function sentIds(scope: Scope, rewrites: readonly Rewrite[], index: number): readonly number[] {
  const rewritten = rewrites.find((each) => each.index === index)
  if (rewritten !== undefined) return rewritten.ids
  const reading = scope.readings[index]
  return reading?.kind === 'lists' ? reading.ids : []
}

function storedLists(rule: Rule, scope: Scope, resource: string): readonly ListId[] | undefined {
  const known = rule.lists.flatMap((demand, index) => {
    const reading = scope.readings[index]
    return demand.in === 'stored' && demand.resource === resource && reading?.kind === 'things' ? [reading.lists] : []
  })
  return known.length === 0 ? undefined : known.flat(2)
}
