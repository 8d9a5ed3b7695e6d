/** Which blocks of `src` ran: V8's own count, asked for through the inspector of this very thread. */
import { Session, type Profiler } from 'node:inspector'

export interface Coverage {
  /** Forgets what was counted up to now. */
  reset(): void
  /** Features of what ran since: blocks, and with `counts` how often (in powers of two). */
  take(counts: boolean): Iterable<number>
  close(): void
}

export function startCoverage(): Coverage {
  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  const numbers = new Map<string, number>()

  const read = (): Profiler.ScriptCoverage[] => {
    let result: Profiler.ScriptCoverage[] = []
    session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error !== null) throw error
      result = taken.result
    })
    return result
  }
  const numberOf = (key: string): number => {
    const known = numbers.get(key)
    if (known !== undefined) return known
    numbers.set(key, numbers.size)
    return numbers.size - 1
  }

  return {
    reset: () => void read(),
    *take(counts) {
      for (const { url, scriptId, functions } of read()) {
        if (!url.includes('/src/')) continue
        for (const { ranges } of functions) {
          for (const { startOffset, endOffset, count } of ranges) {
            if (count === 0) continue
            const often = counts ? Math.min(8, 32 - Math.clz32(count)) : 0
            yield numberOf(`${scriptId}:${startOffset}:${endOffset}`) * 16 + often
          }
        }
      }
    },
    close: () => session.disconnect(),
  }
}
