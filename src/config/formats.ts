/** Checks of texts that a regular expression cannot make well. Each returns what the text means, or `undefined`. */
import { isIP, isIPv4 } from 'node:net'
import { parseTenantName } from '../model/ids.ts'
import { parseSpan } from '../model/time.ts'
import type { ListenAddress, StatusRange } from './config.ts'

/** Milliseconds of `30s`; 0 for `none` and `0s`. */
export function spanOrNone(text: string): number | undefined {
  return text === 'none' || text === '0s' ? 0 : parseSpan(text)
}

/** Longer than any use, short enough for a timer (2^31-1 ms is 24.8 days). */
const maxSpanMs = 24 * 86_400_000

const sizes: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 * 1024 }
const maxSizeBytes = 1024 * 1024 * 1024

/** Bytes of `64KiB`, `1MiB`, `512B`; at most 1024MiB. */
export function parseSize(text: string): number | undefined {
  const match = /^([1-9][0-9]{0,9})(B|KiB|MiB)$/.exec(text)
  if (match === null) return undefined
  const bytes = Number(match[1]) * (sizes[match[2] ?? ''] ?? 0)
  return bytes <= maxSizeBytes ? bytes : undefined
}

/** `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, or a port alone, which is on 127.0.0.1. Port 0: any free one. */
export function parseListen(text: string): ListenAddress | undefined {
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|[^\s:[\]/@]+):)?(0|[1-9][0-9]{0,4})$/.exec(text)
  if (match === null) return undefined
  const port = Number(match[2])
  const host = (match[1] ?? '127.0.0.1').replace(/^\[|\]$/g, '')
  const isBracketed = match[1]?.startsWith('[') === true
  if (port > 65_535 || (isBracketed ? isIP(host) !== 6 : parseHost(host) === undefined)) return undefined
  return { host, port }
}

const hostLabel = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/

/** A host name or IPv4 address without port, in lower case; `[::1]` for IPv6. */
export function parseHost(text: string): string | undefined {
  const host = text.toLowerCase()
  if (host.startsWith('[')) return host.endsWith(']') && isIP(host.slice(1, -1)) === 6 ? host : undefined
  if (/^[0-9.]+$/.test(host)) return isIPv4(host) ? host : undefined
  return host.length <= 253 && host.split('.').every((label) => hostLabel.test(label)) ? host : undefined
}

/** `http://backend:9000` as URL writes it: no path, query, fragment or user information. */
export function parseOrigin(text: string): string | undefined {
  if (!/^https?:\/\/[^\s/?#@\\]+\/?$/i.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  return url.username === '' && url.password === '' && url.pathname === '/' && url.port !== '0' ? url.origin : undefined
}

/** `200` or `200-399`. */
export function parseStatusRange(text: string): StatusRange | undefined {
  const match = /^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$/.exec(text)
  if (match === null) return undefined
  const first = Number(match[1])
  const last = Number(match[2] ?? first)
  return first <= last ? { first, last } : undefined
}

/** `10.0.0.0/8`, `::1`, `192.0.2.1`. */
export function parseRange(text: string): string | undefined {
  const [address = '', prefix, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0 || address.includes('%')) return undefined
  if (prefix === undefined) return text
  return /^(0|[1-9][0-9]{0,2})$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128) ? text : undefined
}

const instant = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?(?:Z|[+-](\d{2}):(\d{2}))$/

/** Epoch milliseconds of an RFC 3339 time with offset; `undefined` for days that no calendar has (31 February). */
export function parseInstant(text: string): number | undefined {
  const match = instant.exec(text)
  if (match === null) return undefined
  const [year, month, day, hour, minute, second, offsetHour, offsetMinute] = match
    .slice(1)
    .map((part) => Number(part ?? 0))
  const date = new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, day))
  if (date.getUTCMonth() + 1 !== month || date.getUTCDate() !== day) return undefined
  if ((hour ?? 24) > 23 || (minute ?? 60) > 59 || (second ?? 60) > 59) return undefined
  if ((offsetHour ?? 24) > 23 || (offsetMinute ?? 60) > 59) return undefined
  const epochMs = Date.parse(text)
  return Number.isNaN(epochMs) ? undefined : epochMs
}

/** Format name (`format` in a schema) → whether a text has it. */
export const formats: Readonly<Record<string, (text: string) => boolean>> = {
  span: (text) => isTimerSpan(parseSpan(text)),
  'span-or-none': (text) => isTimerSpan(spanOrNone(text)),
  size: (text) => parseSize(text) !== undefined,
  listen: (text) => parseListen(text) !== undefined,
  host: (text) => parseHost(text) !== undefined,
  origin: (text) => parseOrigin(text) !== undefined,
  range: (text) => parseRange(text) !== undefined,
  'status-range': (text) => parseStatusRange(text) !== undefined,
  instant: (text) => parseInstant(text) !== undefined,
  tenant: (text) => parseTenantName(text) !== undefined,
}

const isTimerSpan = (ms: number | undefined): boolean => ms !== undefined && ms <= maxSpanMs
