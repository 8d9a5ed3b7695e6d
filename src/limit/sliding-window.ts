/**
 * Counts per key over a sliding window. INVARIANT: no window of the stated length ever passes more than the limit.
 * Events are kept by quantum (1/128 of the window) and count until the end of their quantum is a whole window ago, so
 * the error is always on the safe side and a key costs at most 129 small entries whatever its limit.
 */

const quantaPerWindow = 128

export interface WindowRule {
  /** Events a window. */
  readonly limit: number
  readonly windowMs: number
}

export interface Standing {
  readonly allowed: boolean
  /** Events counted in the window now. */
  readonly current: number
  /** Refused: milliseconds until the same cost passes. Allowed: until the window is empty again. */
  readonly waitMs: number
}

export interface SlidingWindows {
  /** Counts `cost` events for `key` at `nowMs` (monotonic) if they fit; refused events are not counted. */
  hit(key: string, cost: number, nowMs: number, rule: WindowRule): Standing
  /** The same answer without counting. */
  peek(key: string, cost: number, nowMs: number, rule: WindowRule): Standing
  /** Keys that begin so and of which something is counted, the fullest first. Walks the whole table: for people who look. */
  used(prefix: string, nowMs: number, most: number): readonly Used[]
  size(): number
}

export interface Used {
  readonly key: string
  readonly current: number
  readonly limit: number
}

interface Entry {
  /** Parallel, oldest first: index of the quantum, events in it. */
  readonly quanta: number[]
  readonly counts: number[]
  total: number
  rule: WindowRule
}

export interface Bounds {
  readonly maxKeys: number
  /** `soft`: a key at its limit is never evicted, the table grows instead. `hard`: the oldest goes when nothing else can. */
  readonly bound: 'soft' | 'hard'
}

/** How many keys an insertion looks at, so that its cost stays bounded. */
const reach = 8

/**
 * A table of windows, bounded by `maxKeys`: what is idle goes first, what is at its limit last. A hand goes round over
 * the keys as the table is filled (a Map walked from its start would pass over all that was deleted, each time).
 */
export function slidingWindows({ maxKeys, bound }: Bounds): SlidingWindows {
  const entries = new Map<string, Entry>()
  let hand = entries.entries()

  const sweep = (nowMs: number): void => {
    let looked: string | undefined
    for (let steps = 0; steps < reach; steps += 1) {
      const next = hand.next()
      if (next.done === true) {
        hand = entries.entries()
        continue
      }
      const [key, entry] = next.value
      prune(entry, nowMs)
      const isFull = entries.size >= maxKeys
      if (entry.total === 0 || (isFull && entry.total < entry.rule.limit)) entries.delete(key)
      else looked = key
      if (!isFull && steps > 0) return
    }
    if (bound === 'hard' && looked !== undefined && entries.size >= maxKeys) entries.delete(looked)
  }

  return {
    hit(key, cost, nowMs, rule) {
      let entry = entries.get(key)
      if (entry === undefined) {
        sweep(nowMs)
        entry = { quanta: [], counts: [], total: 0, rule }
        entries.set(key, entry)
      }
      adopt(entry, rule)
      prune(entry, nowMs)
      const standing = judge(entry, cost, nowMs)
      return standing.allowed ? count(entry, cost, nowMs) : standing
    },
    peek(key, cost, nowMs, rule) {
      const entry = entries.get(key)
      if (entry === undefined) return { allowed: cost <= rule.limit, current: 0, waitMs: 0 }
      adopt(entry, rule)
      prune(entry, nowMs)
      return judge(entry, cost, nowMs)
    },
    used(prefix, nowMs, most) {
      const found: Used[] = []
      for (const [key, entry] of entries) {
        if (!key.startsWith(prefix)) continue
        prune(entry, nowMs)
        if (entry.total > 0) found.push({ key, current: entry.total, limit: entry.rule.limit })
      }
      return found.toSorted((one, other) => other.current / other.limit - one.current / one.limit).slice(0, most)
    },
    size: () => entries.size,
  }
}

const quantumMs = (rule: WindowRule): number => Math.ceil(rule.windowMs / quantaPerWindow)

/** A reload may change the rule: what was counted stays, in the quanta of the new window. */
function adopt(entry: Entry, rule: WindowRule): void {
  if (entry.rule.windowMs !== rule.windowMs) {
    const ratio = quantumMs(entry.rule) / quantumMs(rule)
    // The end of each old quantum, so that nothing expires early.
    for (const [at, quantum] of entry.quanta.entries()) entry.quanta[at] = Math.ceil((quantum + 1) * ratio) - 1
  }
  entry.rule = rule
}

const expiryMs = (quantum: number, rule: WindowRule): number => (quantum + 1) * quantumMs(rule) + rule.windowMs

function prune(entry: Entry, nowMs: number): void {
  let gone = 0
  while (gone < entry.quanta.length && expiryMs(entry.quanta[gone] ?? 0, entry.rule) <= nowMs) {
    entry.total -= entry.counts[gone] ?? 0
    gone += 1
  }
  if (gone > 0) {
    entry.quanta.splice(0, gone)
    entry.counts.splice(0, gone)
  }
}

function judge(entry: Entry, cost: number, nowMs: number): Standing {
  const { total, rule } = entry
  if (total + cost <= rule.limit) return { allowed: true, current: total, waitMs: emptyInMs(entry, nowMs) }
  let freed = 0
  for (const [at, quantum] of entry.quanta.entries()) {
    freed += entry.counts[at] ?? 0
    if (total - freed + cost <= rule.limit) {
      return { allowed: false, current: total, waitMs: Math.max(1, expiryMs(quantum, rule) - nowMs) }
    }
  }
  return { allowed: false, current: total, waitMs: rule.windowMs }
}

function count(entry: Entry, cost: number, nowMs: number): Standing {
  const quantum = Math.floor(nowMs / quantumMs(entry.rule))
  const last = entry.quanta.length - 1
  // A monotonic clock cannot go back, but an adopted quantum may lie ahead.
  if (last >= 0 && (entry.quanta[last] ?? 0) >= quantum) entry.counts[last] = (entry.counts[last] ?? 0) + cost
  else {
    entry.quanta.push(quantum)
    entry.counts.push(cost)
  }
  entry.total += cost
  return { allowed: true, current: entry.total, waitMs: emptyInMs(entry, nowMs) }
}

function emptyInMs(entry: Entry, nowMs: number): number {
  const last = entry.quanta.at(-1)
  return last === undefined ? 0 : Math.max(0, expiryMs(last, entry.rule) - nowMs)
}
