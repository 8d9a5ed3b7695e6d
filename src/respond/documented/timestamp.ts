/** Times as the backend's documents show them. Pure. */

import { offsetText } from '../../model/time.ts'

/** RFC 3339, as Go writes a time: any number of digits, `Z` or an offset. */
const form = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/

/** `2026-03-02T08:15:30.4512Z` as `2026-03-02T13:45:30.451200+05:30`; `undefined` for what is no such time. */
export function documentedTimestamp(text: string, offsetMinutes: number): string | undefined {
  const [, second, fraction = '', zone] = form.exec(text) ?? []
  if (second === undefined || zone === undefined) return undefined
  const epochMs = Date.parse(`${second}${zone}`)
  // `Date` takes the 31st of February for the 3rd of March.
  if (Number.isNaN(epochMs) || !new Date(Date.parse(`${second}Z`)).toISOString().startsWith(second)) return undefined
  const local = new Date(epochMs + offsetMinutes * 60_000).toISOString()
  // Years beyond 9999 have a sign and six digits.
  if (local.length !== 24) return undefined
  return `${local.slice(0, 19)}.${fraction.slice(0, 6).padEnd(6, '0')}${offsetText(offsetMinutes)}`
}
