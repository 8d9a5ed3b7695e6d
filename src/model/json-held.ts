/** Bytes of a stream of chunks, passed on or held back until somebody knows what becomes of them. Offsets count from its first byte. */

export interface Held {
  begin(chunk: Buffer): void
  /** What came up to `at` passes; what follows is held back. */
  hold(at: number): void
  /** A comma among what is held. */
  comma(at: number): void
  /** What is held up to `at` passes, without its comma where `asFirst`; what follows is held back. */
  keep(at: number, asFirst: boolean): void
  /** What is held up to `at` is forgotten; what follows is held back. */
  drop(at: number): void
  /** What is held passes, and so does what follows. */
  release(): void
  /** Ends the chunk: all that may pass. Adjacent ranges of it are one buffer. `undefined`: more is held than the bound. */
  take(): Buffer[] | undefined
}

export function createHeld(maxBytes: number): Held {
  let chunk: Buffer = Buffer.alloc(0)
  let base = 0
  let isHolding = false
  /** Held of earlier chunks, and how many bytes. */
  let earlier: Buffer[] = []
  let earlierBytes = 0
  /** Where in the chunk that begins which is neither passed nor held of earlier chunks. */
  let from = 0
  let commaAt: number | undefined
  let out: Buffer[] = []
  /** The range of the chunk that was passed last, not yet in `out`. */
  let run = { start: 0, end: 0 }

  const flush = (): void => {
    if (run.end > run.start) out.push(chunk.subarray(run.start, run.end))
    run = { start: 0, end: 0 }
  }
  const pass = (start: number, end: number): void => {
    if (start === run.end && run.end > run.start) {
      run.end = end
      return
    }
    flush()
    run = { start, end }
  }
  const forget = (end: number): void => {
    earlier = []
    earlierBytes = 0
    commaAt = undefined
    from = end
  }
  const passHeld = (end: number, skippedAt: number | undefined): void => {
    if (earlier.length === 0) {
      if (skippedAt !== undefined) pass(from, skippedAt - base)
      pass(skippedAt === undefined ? from : skippedAt - base + 1, end)
    } else {
      flush()
      // All of the chunk up to `end` goes on from what earlier chunks held.
      const whole = Buffer.concat([...earlier, chunk.subarray(from, end)])
      const skipped = skippedAt === undefined ? whole.length : skippedAt - (base + end - whole.length)
      out.push(whole.subarray(0, skipped), whole.subarray(skipped + 1))
    }
    forget(end)
  }

  return {
    begin(next) {
      base += chunk.length
      chunk = next
      from = 0
    },
    hold(at) {
      pass(from, at - base)
      forget(at - base)
      isHolding = true
    },
    comma(at) {
      commaAt = at
    },
    keep(at, asFirst) {
      passHeld(at - base, asFirst ? commaAt : undefined)
    },
    drop(at) {
      forget(at - base)
    },
    release() {
      passHeld(from, undefined)
      isHolding = false
    },
    take() {
      if (isHolding && from < chunk.length) {
        earlier.push(chunk.subarray(from))
        earlierBytes += chunk.length - from
      } else if (!isHolding) pass(from, chunk.length)
      flush()
      from = chunk.length
      const taken = out.filter((piece) => piece.length > 0)
      out = []
      return earlierBytes > maxBytes ? undefined : taken
    },
  }
}
