/** Times as the gateway's own answers show them: `2019-01-01T09:00:00.000000+05:30`. */

/** An injectable clock. `epochMs` is wall time; `monotonicMs` never goes back and has no meaning across processes. */
export interface Clock {
  epochMs(): number
  monotonicMs(): number
}

/**
 * A clock whose wall time never goes back: where it was set back, time goes on from where it was. What had ended stays ended, as long
 * as the process lives.
 */
export function neverBack(clock: Clock): Clock {
  let lastEpochMs = clock.epochMs()
  let lastMonotonicMs = clock.monotonicMs()
  return {
    monotonicMs: () => clock.monotonicMs(),
    epochMs: () => {
      const monotonicMs = clock.monotonicMs()
      lastEpochMs = Math.max(clock.epochMs(), lastEpochMs + monotonicMs - lastMonotonicMs)
      lastMonotonicMs = monotonicMs
      return Math.floor(lastEpochMs)
    },
  }
}

/** `epochMs` with six fractional digits and a numeric offset, never `Z`. `offsetMinutes` is east of UTC. */
export function documentedTime(epochMs: number, offsetMinutes = 0): string {
  const local = new Date(epochMs + offsetMinutes * 60_000).toISOString()
  return `${local.slice(0, -1)}000${offsetText(offsetMinutes)}`
}

/** `+05:30` for 330 minutes east of UTC. */
export function offsetText(offsetMinutes: number): string {
  const minutes = Math.abs(offsetMinutes)
  const hh = String(Math.floor(minutes / 60)).padStart(2, '0')
  return `${offsetMinutes < 0 ? '-' : '+'}${hh}:${String(minutes % 60).padStart(2, '0')}`
}

/** Minutes east of UTC of `+05:30`; up to fourteen hours, else `undefined`. */
export function parseOffset(text: string): number | undefined {
  const [, sign, hours, minutes] = /^([+-])(0[0-9]|1[0-4]):([0-5][0-9])$/.exec(text) ?? []
  if (sign === undefined) return undefined
  const offset = Number(hours) * 60 + Number(minutes)
  return sign === '-' ? 0 - offset : offset
}

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Milliseconds in a span like `250ms`, `30s`, `5m`, `12h`, `90d` (a whole number and one unit), else `undefined`. */
export function parseSpan(text: string): number | undefined {
  const match = /^([1-9][0-9]{0,8})(ms|s|m|h|d)$/.exec(text)
  if (match === null) return undefined
  return Number(match[1]) * units[match[2] as keyof typeof units]
}

/** A span in the longest unit that leaves a whole number: `90s`, `5m`. */
export function spanText(ms: number): string {
  if (ms === 0) return '0s'
  const longestFirst = [
    ['d', units.d],
    ['h', units.h],
    ['m', units.m],
    ['s', units.s],
  ] as const
  const fitting = longestFirst.find(([, size]) => ms % size === 0)
  return fitting === undefined ? `${ms}ms` : `${ms / fitting[1]}${fitting[0]}`
}
