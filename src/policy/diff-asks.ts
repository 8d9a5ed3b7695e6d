/** Every combination of what may stand in the places of a request, and sets of them in few words. Pure. */
import { optionText, type Ask, type Option, type Place } from './diff-shapes.ts'

/** More than this are not judged for one route: then each two places are combined, the others at rest. */
const maxAsks = 4096

export interface Asks {
  readonly places: readonly Place[]
  /** One index of an option a place. */
  readonly all: readonly (readonly number[])[]
  /** Not every combination was made. */
  readonly isSampled: boolean
}

export function asksOf(places: readonly Place[]): Asks {
  const count = places.reduce((product, { options }) => product * options.length, 1)
  if (count > maxAsks) return { places, all: pairwise(places), isSampled: true }
  let all: readonly (readonly number[])[] = [[]]
  for (const { options } of places) all = all.flatMap((ask) => options.map((_, index) => [...ask, index]))
  return { places, all, isSampled: false }
}

function pairwise(places: readonly Place[]): readonly (readonly number[])[] {
  const rest = places.map(() => 0)
  const found = new Map([[rest.join(), rest]])
  for (const [one, first] of places.entries()) {
    for (const [other, second] of places.entries()) {
      if (other < one) continue
      for (const a of first.options.keys()) {
        for (const b of second.options.keys()) {
          const ask = rest.with(one, a).with(other, b)
          found.set(ask.join(), ask)
        }
      }
    }
  }
  return [...found.values()]
}

export const askAt = (places: readonly Place[], ask: readonly number[]): Ask =>
  new Map(places.map(({ key, options }, index) => [key, optionAt(options, ask[index] ?? 0)]))

const optionAt = (options: Place['options'], index: number): Option => options[index] ?? options[0]

/** The asks in words. A place in which anything may stand is not mentioned; none is left where every request is meant. */
export function describeAsks({ places }: Asks, asks: readonly (readonly number[])[]): readonly string[] {
  let kept = places.map((_, index) => index)
  let set = asks
  for (const [index, { options }] of places.entries()) {
    const without = Map.groupBy(set, (ask) =>
      kept
        .filter((each) => each !== index)
        .map((each) => ask[each])
        .join(),
    )
    if ([...without.values()].some((same) => same.length < options.length)) continue
    kept = kept.filter((each) => each !== index)
    set = [...without.values()].flatMap(([first]) => (first === undefined ? [] : [first]))
  }
  if (kept.length === 0) return []
  return set.map((ask) =>
    kept
      .flatMap((index) => {
        const place = places[index]
        return place === undefined ? [] : [`${place.label}: ${optionText(optionAt(place.options, ask[index] ?? 0))}`]
      })
      .join('; '),
  )
}
