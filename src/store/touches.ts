/** When tokens were last used: remembered at once, written in batches, each token at most once a minute. */
import type { TokenId } from '../model/ids.ts'
import type { Clock } from '../model/time.ts'

export interface Touches {
  /** Never throws. */
  touch(token: TokenId, epochMs: number): void
  /** Writes what is due; with `all`, everything. What cannot be written is kept for the next time. Never rejects. */
  flush(what: 'due' | 'all'): Promise<void>
  /** Writes everything and stops. */
  close(): Promise<void>
}

export type TouchedToken = readonly [token: TokenId, epochMs: number]

/** Milliseconds between two writes for one token. */
const writeEveryMs = 60_000
/** Milliseconds from a first use to its write: short, so that a person who tries a token sees it in the list. */
const batchMs = 1000
/** More tokens than this in one batch are not noted: an upper bound on memory, not a case to plan for. */
const maxPending = 200_000

export function createTouches(clock: Clock, write: (touched: readonly TouchedToken[]) => Promise<void>): Touches {
  const pending = new Map<TokenId, number>()
  const writtenAt = new Map<TokenId, number>()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let isClosed = false

  const isDue = (token: TokenId, nowMs: number): boolean => {
    const last = writtenAt.get(token)
    return last === undefined || nowMs - last >= writeEveryMs
  }

  const writeNow = async (what: 'due' | 'all'): Promise<void> => {
    const nowMs = clock.monotonicMs()
    const due = [...pending].filter(([token]) => what === 'all' || isDue(token, nowMs))
    for (const [token, at] of writtenAt) if (nowMs - at >= writeEveryMs) writtenAt.delete(token)
    if (due.length === 0) return
    try {
      await write(due)
    } catch {
      // The store is away: what it says is said by `find`. The uses stay pending.
      return
    }
    for (const [token, epochMs] of due) {
      writtenAt.set(token, nowMs)
      if (pending.get(token) === epochMs) pending.delete(token)
    }
  }

  const flush = async (what: 'due' | 'all'): Promise<void> => {
    // One at a time: two would write the same uses.
    while (running !== undefined) await running
    running = writeNow(what).finally(() => (running = undefined))
    await running
  }

  const schedule = (): void => {
    if (timer !== undefined || isClosed) return
    timer = setTimeout(() => {
      timer = undefined
      void flush('due').then(() => {
        if (pending.size > 0) schedule()
      })
    }, batchMs).unref()
  }

  return {
    touch: (token, epochMs) => {
      if (isClosed || (pending.size >= maxPending && !pending.has(token))) return
      pending.set(token, Math.max(epochMs, pending.get(token) ?? 0))
      schedule()
    },
    flush,
    close: async () => {
      isClosed = true
      clearTimeout(timer)
      await flush('all')
    },
  }
}
