/** What `serve` finds of the store that it starts with, in sentences for the log. Pure. */
import type { Examination } from '../store/examine.ts'
import type { RetiredList } from '../store/retired.ts'
import type { StoreMark } from './store-mark.ts'

export interface Finding {
  readonly level: 'info' | 'warn'
  readonly message: string
  readonly facts: Readonly<Record<string, unknown>>
}

export interface Found {
  readonly examination: Examination | undefined
  readonly mark: Pick<StoreMark, 'at'> | undefined
  readonly retired: readonly RetiredList[]
  /** Epoch milliseconds. */
  readonly nowMs: number
}

/** A clock that stands so many milliseconds before the last use of the store was set back. */
const clockToleranceMs = 5_000

export function startFindings({ examination, mark, retired, nowMs }: Found): readonly Finding[] {
  const unsure = retired.filter(({ state }) => state === 'unsure').map(({ tenant, list }) => `${tenant}/${list}`)
  const behindMs = mark === undefined ? 0 : mark.at - nowMs
  return [
    ...(examination === undefined ? [] : ofStore(examination)),
    ...(unsure.length === 0 ? [] : [warning(unsureLists, { lists: unsure })]),
    ...(behindMs > clockToleranceMs ? [warning(clockBehind, { behind_seconds: Math.round(behindMs / 1000) })] : []),
  ]
}

const unsureLists =
  'the deletion of lists did not come to a known end: nothing is granted on them, see `sallyport list retired`'
const clockBehind =
  'the clock stands before the time at which this store was used last: tokens and grants that had ended since are valid again until then'
const recovered =
  'the store was not closed by the last process that used it, or another one uses it now: all that was acknowledged is there'
const headWrong = 'the end of the audit trail is not the one that it names: run `sallyport audit verify`'

function ofStore({ walBytes, trail, isHeadRight }: Examination): Finding[] {
  const facts = { integrity: 'ok', audit_entries: trail.count, wal_bytes: walBytes }
  return [
    ...(walBytes > 0 ? [{ level: 'info', message: recovered, facts } as const] : []),
    ...(isHeadRight ? [] : [warning(headWrong, facts)]),
  ]
}

const warning = (message: string, facts: Finding['facts']): Finding => ({ level: 'warn', message, facts })
