/** Times as the gateway's own answers show them: `2019-01-01T09:00:00.000000+05:30`. */

/** An injectable clock. `epochMs` is wall time; `monotonicMs` never goes back and has no meaning across processes. */
export interface Clock {
  epochMs(): number
  monotonicMs(): number
}

/** `epochMs` with six fractional digits and a numeric offset, never `Z`. `offsetMinutes` is east of UTC. */
export function documentedTime(epochMs: number, offsetMinutes = 0): string {
  const local = new Date(epochMs + offsetMinutes * 60_000).toISOString()
  const sign = offsetMinutes < 0 ? '-' : '+'
  const minutes = Math.abs(offsetMinutes)
  const hh = String(Math.floor(minutes / 60)).padStart(2, '0')
  const mm = String(minutes % 60).padStart(2, '0')
  return `${local.slice(0, -1)}000${sign}${hh}:${mm}`
}

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Milliseconds in a span like `250ms`, `30s`, `5m`, `12h`, `90d` (a whole number and one unit), else `undefined`. */
export function parseSpan(text: string): number | undefined {
  const match = /^([1-9][0-9]{0,8})(ms|s|m|h|d)$/.exec(text)
  if (match === null) return undefined
  return Number(match[1]) * units[match[2] as keyof typeof units]
}
