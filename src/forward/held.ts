/** Items that wait for something to come back, within a bound; they are tried again in their order when they are woken. */

export interface Held<T> {
  /** False: there is no room. */
  join(item: T): boolean
  leave(item: T): void
  /** Tries them again in a moment, until one has to go on waiting. */
  wake(): void
  /** Where the last waking ended for want of room, there may be room now. */
  afterRoom(): void
  readonly size: number
}

/** `taken`: it waits here no more. `down` and `full`: it does, and so do those behind it. */
export type Tried = 'taken' | 'down' | 'full'

export function createHeld<T>(most: number, tryAgain: (item: T) => Tried): Held<T> {
  const items = new Set<T>()
  let isWoken = false
  let wantsRoom = false

  function wake(): void {
    if (isWoken || items.size === 0) return
    isWoken = true
    // Who wakes may be in the middle of a change.
    queueMicrotask(tryAll)
  }

  function tryAll(): void {
    isWoken = false
    wantsRoom = false
    for (const item of items) {
      // Out before it is tried: it may come to wait here anew.
      items.delete(item)
      const tried = tryAgain(item)
      if (tried === 'taken') continue
      wantsRoom = tried === 'full'
      putFirst(item)
      return
    }
  }

  /** They are few, and come back in their order. */
  function putFirst(item: T): void {
    const others = [...items]
    items.clear()
    items.add(item)
    for (const other of others) items.add(other)
  }

  return {
    join(item) {
      if (items.size >= most) return false
      items.add(item)
      return true
    },
    leave: (item) => void items.delete(item),
    wake,
    afterRoom() {
      if (wantsRoom) wake()
    },
    get size() {
      return items.size
    },
  }
}
