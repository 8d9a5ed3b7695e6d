/** What is to be done to the answer for one caller. Pure. */
import type { Cut } from '../model/decision.ts'
import type { ListId } from '../model/ids.ts'
import { listsGranted, superseding, type Grants } from './grants.ts'
import type { AnswerDemand, ListScope, Rule } from './rule.ts'

interface Terms {
  readonly scope: ListScope
}

/** The rule's demands on the answer that no permission of the caller lifts, each with the lists that may show. */
export function cutsFor(rule: Rule, terms: Terms, grants: Grants): readonly Cut[] {
  return rule.answer.flatMap((demand): Cut[] => {
    if (superseding(grants, terms.scope, demand.need, demand.unless) !== undefined) return []
    const { act, path, by, pages, resource } = demand
    return [{ act, path, by, pages, resource, visible: visibleLists(demand, grants) }]
  })
}

/** A mask shows what the caller holds in any way; what is kept or refused goes by what reaching it takes. */
function visibleLists(demand: AnswerDemand, grants: Grants): ReadonlySet<ListId> {
  if (demand.act === 'mask' && demand.need === 'either') return new Set([...grants.get.keys(), ...grants.manage.keys()])
  return new Set(listsGranted(grants, demand.need).keys())
}
