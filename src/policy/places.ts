/** Whether two demands read and write one and the same place of a request. */
import type { ListDemand } from './rule.ts'

/** Stored things and path parameters are never written, so nothing has to agree about them. */
export function samePlace(one: ListDemand | undefined, other: ListDemand): boolean {
  if (one === undefined || one.in === 'stored' || other.in === 'stored' || one.in === 'path' || other.in === 'path') {
    return false
  }
  return one.in === other.in && one.part === other.part && one.name === other.name
}
