/** Where in an answer something is to be looked at: the paths of all cuts as one tree. Pure. */
import type { Cut } from '../../model/decision.ts'

/** One place in the tree. `[]` of a path leads to `items`, a name to one of `members`. */
export interface Place {
  readonly members: Map<string, Place>
  items: Place | undefined
  /** The cuts whose items are the elements of the array here, by their index. */
  readonly cuts: number[]
  /** The cuts for whose item this is an id. */
  readonly ids: number[]
  /** On the way to a cut: what stands here, if not null, must be this. */
  must: 'array' | 'object' | undefined
  /** A number of the envelope that paging makes right. */
  paging: PagingField | undefined
  /** One bit among the members of its object. */
  readonly bit: number
}

export type PagingField = 'total' | 'page' | 'per_page' | 'query'
const pagingFields: readonly PagingField[] = ['total', 'page', 'per_page', 'query']

/** The tree of these cuts. A bitmask tells the members of one object apart, so there are at most 31. */
export function placesOf(cuts: readonly Cut[]): Place {
  const root = placeWith(0)
  for (const [index, { path, by, pages }] of cuts.entries()) {
    const steps = stepsOf(path)
    const array = steps.slice(0, -1).reduce((place, step) => demand(place, step), root)
    if (steps.at(-1) !== '[]') throw new Error(`the path \`${path}\` leads to no items`)
    const item = demand(array, '[]')
    array.cuts.push(index)
    const id = stepsOf(by).reduce(follow, item)
    id.ids.push(index)
    if (pages === false) continue
    const envelope = steps.slice(0, -2).reduce(follow, root)
    for (const name of pagingFields) follow(envelope, name).paging = name
  }
  return root
}

/** The names of all members in the tree. */
export function namesIn(place: Place): readonly string[] {
  const below = [...place.members].flatMap(([name, member]) => [name, ...namesIn(member)])
  return place.items === undefined ? below : [...below, ...namesIn(place.items)]
}

/** `data.results[]` is `data`, `results`, `[]`. */
const stepsOf = (path: string): readonly string[] => path.match(/\[\]|[^.[\]]+/g) ?? []

function demand(place: Place, step: string): Place {
  place.must = step === '[]' ? 'array' : 'object'
  return follow(place, step)
}

function follow(place: Place, step: string): Place {
  if (step === '[]') return (place.items ??= placeWith(0))
  const known = place.members.get(step)
  if (known !== undefined) return known
  if (place.members.size === 31) throw new Error('more than 31 members of one object are looked at')
  const next = placeWith(2 ** place.members.size)
  place.members.set(step, next)
  return next
}

const placeWith = (bit: number): Place => ({
  members: new Map(),
  items: undefined,
  cuts: [],
  ids: [],
  must: undefined,
  paging: undefined,
  bit,
})
