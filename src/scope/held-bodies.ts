/** How much of bodies that are read whole each caller has under way, so that nobody fills the memory with slow uploads. */

export interface HeldBodies {
  /** Counts `bytes` for `who` until the function that it gives is called; `undefined` when they would be too many. */
  hold(who: number, bytes: number): (() => void) | undefined
}

/** Of one caller at once: two bodies of the largest kind that the shipped policy takes. As many callers are remembered as have bodies under way. */
export const maxHeldBytes = 128 * 1024 * 1024

export function heldBodies(): HeldBodies {
  const held = new Map<number, number>()
  return {
    hold(who, bytes) {
      const before = held.get(who) ?? 0
      // One body alone is bounded by its rule.
      if (before > 0 && before + bytes > maxHeldBytes) return undefined
      held.set(who, before + bytes)
      let isHeld = true
      return () => {
        if (!isHeld) return
        isHeld = false
        const left = (held.get(who) ?? 0) - bytes
        if (left > 0) held.set(who, left)
        else held.delete(who)
      }
    },
  }
}
