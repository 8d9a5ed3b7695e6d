/**
 * Multipart bodies in the one form that browsers, curl, Go and Python send (RFC 7578). Parsers differ on everything else
 * (loose line ends, preambles, unquoted or encoded names, nesting, transfer encodings), so everything else is refused. Pure.
 */
import { isUtf8 } from 'node:buffer'
import { parseContentType } from './content-type.ts'

export interface Part {
  readonly name: string
  readonly filename: string | undefined
  readonly contentType: string | undefined
  /** The content, as a view of the body: `bytes` is `body.subarray(start, end)`. */
  readonly bytes: Buffer
  /** Where its head begins. */
  readonly headStart: number
  readonly start: number
  readonly end: number
}

export type Multipart =
  | { readonly kind: 'parts'; readonly parts: readonly Part[] }
  | { readonly kind: 'unreadable'; readonly why: string }

const maxParts = 20
const maxHeadBytes = 4_096
const lineEnd = '\r\n'

/** Reads a whole body. `boundary` holds none but `A-Z a-z 0-9 - _ . +`. */
export function parseMultipart(body: Buffer, boundary: string): Multipart {
  const delimiter = Buffer.from(`--${boundary}`)
  if (body.indexOf(delimiter) !== 0) return unreadable('the body does not begin with its boundary')
  const parts: Part[] = []
  let at = delimiter.length
  // INVARIANT: every occurrence of the delimiter is visited, so none stands inside a part, where a looser parser would see one.
  for (;;) {
    const after = body.toString('latin1', at, at + 4)
    if (after === '--' || after === '--\r\n') {
      const isEnd = at + after.length === body.length
      if (!isEnd) return unreadable('something follows the last boundary')
      return parts.length > 0 ? { kind: 'parts', parts } : unreadable('there is no part')
    }
    if (!after.startsWith(lineEnd)) return unreadable('a boundary does not end its line')
    if (parts.length === maxParts) return unreadable(`there are more than ${maxParts} parts`)
    const next = body.indexOf(delimiter, at)
    if (next === -1) return unreadable('the last boundary is missing')
    const part = parsePart(body, at + lineEnd.length, next)
    if (typeof part === 'string') return unreadable(part)
    parts.push(part)
    at = next + delimiter.length
  }
}

const unreadable = (why: string): Multipart => ({ kind: 'unreadable', why })

/** The part between `from` and the delimiter at `next`, or what is wrong with it. */
function parsePart(body: Buffer, from: number, next: number): Part | string {
  const headEnd = body.indexOf('\r\n\r\n', from)
  const start = headEnd + 4
  const end = next - lineEnd.length
  // The line end before a boundary belongs to the boundary; the blank line after the head does not serve as both.
  if (headEnd === -1 || start > end) return 'a part has no head, or no line end before the boundary'
  if (body.toString('latin1', end, next) !== lineEnd) return 'a boundary does not begin its line'
  const head = body.subarray(from, headEnd)
  if (head.length > maxHeadBytes) return `the head of a part is longer than ${maxHeadBytes} bytes`
  if (!isUtf8(head)) return 'the head of a part is not UTF-8'
  const headers = parseHead(head.toString())
  if (typeof headers === 'string') return headers

  const length = headers.get('content-length')
  if (length !== undefined && length !== String(end - start)) return 'a part is not as long as its head says'
  const encoding = headers.get('content-transfer-encoding')
  if (encoding !== undefined && !/^(?:binary|7bit|8bit)$/i.test(encoding)) return 'a transfer encoding is not taken'
  const contentType = headers.get('content-type')
  const type = parseContentType(contentType)
  if (type.kind === 'malformed') return 'the content type of a part is malformed'
  if (type.kind === 'type' && /^(?:multipart|message)\//.test(type.essence)) return 'a part holds parts of its own'
  const disposition = parseDisposition(headers.get('content-disposition'))
  if (disposition === undefined) return 'a content disposition is not form-data; name="…"; filename="…"'
  return { ...disposition, contentType, bytes: body.subarray(start, end), headStart: from, start, end }
}

const takenHeaders: ReadonlySet<string> = new Set([
  'content-disposition',
  'content-type',
  'content-transfer-encoding',
  'content-length',
])

/** Header lines by lower-case name; each of those that are taken may stand once. */
function parseHead(head: string): ReadonlyMap<string, string> | string {
  const headers = new Map<string, string>()
  for (const line of head.split(lineEnd)) {
    // No folded line begins with a name, and no lone CR or LF is of a value.
    const match = /^([A-Za-z-]+):[ \t]*([^\p{Cc}]*)$/u.exec(line)
    const name = match?.[1]?.toLowerCase()
    if (name === undefined || !takenHeaders.has(name)) return 'a header of a part is not taken'
    if (headers.has(name)) return 'a header of a part stands twice'
    headers.set(name, match?.[2] ?? '')
  }
  return headers
}

// No backslash: some unescape it, some take it for a folder. No slash, `.` and `..`: some cut folders off. Not empty:
// with `filename=""` Go takes a part for a plain field.
const dispositionForm = /^form-data; ?name="([^"\\\p{Cc}]+)"(?:; ?filename="(?!\.{1,2}")([^"\\/\p{Cc}]+)")?$/u

function parseDisposition(value: string | undefined): Pick<Part, 'name' | 'filename'> | undefined {
  const match = dispositionForm.exec(value ?? '')
  const name = match?.[1]
  return name === undefined ? undefined : { name, filename: match?.[2] }
}

/** The body with `content` in place of what `part` holds; for a part that is not there, with a new one in front. */
export function writePart(body: Buffer, boundary: string, part: Part | string, content: string): Buffer {
  // JSON text can hold `--` in strings only, where an escape says the same: no boundary comes into being.
  const safe = Buffer.from(content.replaceAll(`--${boundary}`, `\\u002d-${boundary}`))
  if (typeof part !== 'string') {
    const head = withoutLength(body.toString('utf8', part.headStart, part.start))
    return Buffer.concat([body.subarray(0, part.headStart), Buffer.from(head), safe, body.subarray(part.end)])
  }
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="${part}"\r\n\r\n`
  return Buffer.concat([Buffer.from(head), safe, Buffer.from(lineEnd), body])
}

/** A length that some clients write into the head of each part is that of the old content: whoever reads it would cut the new one. */
const withoutLength = (head: string): string =>
  head
    .split(lineEnd)
    .filter((line) => !/^content-length:/i.test(line))
    .join(lineEnd)
