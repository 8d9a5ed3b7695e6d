/** Times as the backend keeps them: the text PostgreSQL writes, in UTC, `2026-03-02T08:15:30.4512+00:00`. */

/** `epochMs` in that form; trailing zeros of the fraction are cut. */
export function pgTime(epochMs: number): string {
  return (
    new Date(epochMs)
      .toISOString()
      .slice(0, 23)
      .replace(/\.?0+$/, '') + '+00:00'
  )
}

/** The same time as Go writes it: UTC is `Z`. */
export function goTime(time: string): string {
  return time.replace('+00:00', 'Z')
}

/** The same time as Go prints it by default, as in the subscriber CSV. */
export function goText(time: string): string {
  return time.replace('T', ' ').replace('+00:00', ' +0000 UTC')
}

/** Epoch milliseconds of an RFC 3339 text, `undefined` where it is none. */
export function rfc3339(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined
  const epochMs = Date.parse(text)
  return Number.isNaN(epochMs) ? undefined : epochMs
}
