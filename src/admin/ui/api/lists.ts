/** Lists of the backend, with their names where the backend tells them. */
import { useResource } from './use-resource.ts'
import { inTenant } from '../state/session.ts'

export interface BackendList {
  readonly id: number
  readonly name: string | null
  readonly retired: 'gone' | 'unsure' | null
  readonly roles: readonly string[]
}

interface ListsJson {
  readonly named: boolean
  readonly results: readonly BackendList[]
}

export const useLists = () => useResource<ListsJson>(inTenant('lists'))

/** `3 Alpha`; `3` where it has no name. */
export const listLabel = (id: number, lists: readonly BackendList[]): string => {
  const name = lists.find((list) => list.id === id)?.name
  return name === null || name === undefined || name === '' ? `list ${id}` : name
}
