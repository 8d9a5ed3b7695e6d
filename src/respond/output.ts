/** Bytes of a stream of chunks on their way out, of which the last ones can still be taken back. */

/** Offsets `at` count from the stream's first byte; marks are places in what has not gone out yet. */
export interface Output {
  begin(chunk: Buffer): void
  /** The mark where output goes on if the input up to `at` passes. */
  mark(at: number): number
  /** What came out after `mark` is forgotten; the input goes on at `at`. */
  rewind(mark: number, at: number): void
  /** Puts `bytes` behind the input up to `at`. */
  insert(bytes: Buffer, at: number): void
  /** Takes out the one byte behind `mark`; the input up to `at` passes. */
  removeByte(mark: number, at: number): void
  /** Ends the chunk: what stands before `limit` goes out (everything, without one). Marks count from there afterwards. */
  take(limit: number | undefined): Taken
  /** What has not gone out, in bytes. */
  heldBytes(): number
}

export interface Taken {
  readonly bytes: Buffer
  /** By how much every mark has become smaller. */
  readonly shift: number
}

const none = Buffer.alloc(0)
const leastBytes = 65_536

export function createOutput(): Output {
  let chunk: Buffer = none
  /** Offset of the chunk's first byte. */
  let base = 0
  /** Where in the chunk the bytes begin that pass as they are: nothing of them is copied before it has to be. */
  let from = 0
  let held: Buffer = none
  let heldLength = 0

  const append = (bytes: Buffer, start: number, end: number): void => {
    const length = end - start
    if (length <= 0) return
    if (heldLength + length > held.length) {
      const larger = Buffer.allocUnsafe(Math.max(leastBytes, 2 * (heldLength + length)))
      held.copy(larger, 0, 0, heldLength)
      held = larger
    }
    bytes.copy(held, heldLength, start, end)
    heldLength += length
  }
  const settle = (end: number): void => {
    append(chunk, from, end)
    from = end
  }

  return {
    begin(next) {
      base += chunk.length
      chunk = next
      from = 0
    },
    mark: (at) => heldLength + at - base - from,
    rewind(mark, at) {
      if (mark > heldLength) append(chunk, from, from + mark - heldLength)
      else heldLength = mark
      from = at - base
    },
    insert(bytes, at) {
      settle(at - base)
      append(bytes, 0, bytes.length)
    },
    removeByte(mark, at) {
      settle(at - base)
      held.copyWithin(mark, mark + 1, heldLength)
      heldLength--
    },
    take(limit) {
      const total = heldLength + chunk.length - from
      const shift = Math.min(limit ?? total, total)
      if (heldLength === 0) {
        const bytes = chunk.subarray(from, from + shift)
        from += shift
        settle(chunk.length)
        return { bytes, shift }
      }
      settle(chunk.length)
      const bytes = Buffer.from(held.subarray(0, shift))
      held.copyWithin(0, shift, heldLength)
      heldLength -= shift
      // What was held for one large element is not kept for ever.
      if (heldLength === 0 && held.length > 4 * leastBytes) held = none
      return { bytes, shift }
    },
    heldBytes: () => heldLength,
  }
}
