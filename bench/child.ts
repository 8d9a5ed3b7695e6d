/** What every measured process of the benchmark can be asked over IPC: where it listens, and what it has cost. */

/** From the benchmark to a child. */
export type Ask = { readonly ask: 'cost' } | { readonly ask: 'load'; readonly plan: LoadPlan }

/** From a child to the benchmark. */
export type Told =
  | { readonly tell: 'listening'; readonly port: number }
  | { readonly tell: 'cost'; readonly cpuMicros: number; readonly rssBytes: number }
  | { readonly tell: 'loaded'; readonly outcome: LoadOutcome }

export interface LoadPlan {
  readonly port: number
  readonly connections: number
  /** Callers of which each request takes the next; 0: no credential is sent. */
  readonly users: number
  /** How long each connection rests between an answer and its next request; 0: it does not. */
  readonly restMs?: number
  /** The load ends when this many milliseconds are over, or this many requests are answered. */
  readonly until: { readonly ms: number } | { readonly requests: number }
}

export interface LoadOutcome {
  readonly requests: number
  readonly elapsedMs: number
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>
  readonly p50Micros: number
  readonly p99Micros: number
}

export const tell = (told: Told): void => {
  process.send?.(told)
}

/** Says where this process listens, and from then on answers what it has cost since it began. */
export function measured(port: number): void {
  process.on('message', (message: Ask) => {
    if (message.ask !== 'cost') return
    const { user, system } = process.cpuUsage()
    tell({ tell: 'cost', cpuMicros: user + system, rssBytes: process.memoryUsage.rss() })
  })
  // The parent is gone: so is the reason to be here.
  process.on('disconnect', () => process.exit(0))
  tell({ tell: 'listening', port })
}
