/** How many requests each caller has under way, so that one alone cannot have every connection to a backend. */

export interface InFlight {
  /** Counts one more for `who` until the function that it gives is called; `undefined` when there are `most` already. */
  enter(who: string, most: number): (() => void) | undefined
  /** Callers who have something under way. */
  readonly callers: number
}

/** As many callers are remembered as have requests under way; connections bound those. */
export function createInFlight(): InFlight {
  const counts = new Map<string, number>()
  return {
    enter(who, most) {
      const before = counts.get(who) ?? 0
      if (before >= most) return undefined
      counts.set(who, before + 1)
      let isIn = true
      return () => {
        if (!isIn) return
        isIn = false
        const left = (counts.get(who) ?? 0) - 1
        if (left > 0) counts.set(who, left)
        else counts.delete(who)
      }
    },
    get callers() {
      return counts.size
    },
  }
}
