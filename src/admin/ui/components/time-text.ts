/** Times in words. Pure. */

const units = [
  ['year', 31_536_000_000],
  ['month', 2_592_000_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const

/** `in 3 days`, `2 minutes ago`. */
export function relativeTime(iso: string, nowMs: number, locale = 'en'): string {
  const distance = Date.parse(iso) - nowMs
  const words = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const [unit, size] = units.find(([, ms]) => Math.abs(distance) >= ms) ?? ['second', 1_000]
  return Math.abs(distance) < 5_000 ? 'just now' : words.format(Math.trunc(distance / size), unit)
}

/** In the reader's own zone, with its name. */
export const exactTime = (iso: string, locale?: string): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'long' }).format(new Date(iso))

/** What a `datetime-local` field holds, in the reader's zone, as a time with its offset; `undefined` for none. */
export function fromLocal(value: string): string | undefined {
  if (value === '' || Number.isNaN(Date.parse(value))) return undefined
  return new Date(value).toISOString()
}

/** A time as a `datetime-local` field holds it: in the reader's zone, to the minute. */
export function toLocal(iso: string | null): string {
  if (iso === null) return ''
  const date = new Date(iso)
  const two = (number: number): string => String(number).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`
}
