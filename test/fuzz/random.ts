/** Randomness that can be had again: the same seed gives the same run. */

export interface Random {
  /** A whole number from 0 to `below - 1`. */
  below(below: number): number
  of<T>(choices: readonly [T, ...T[]]): T
  of<T>(choices: readonly T[]): T | undefined
  chance(oneIn: number): boolean
}

/** mulberry32: 32 bits of state, enough to choose mutations by. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const below = (limit: number): number => (limit <= 1 ? 0 : next() % limit)
  return {
    below,
    of: <T>(choices: readonly T[]) => choices[below(choices.length)] as T,
    chance: (oneIn) => below(oneIn) === 0,
  }
}
