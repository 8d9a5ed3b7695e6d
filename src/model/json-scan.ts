/** The tokens of JSON (RFC 8259), read from text at a cursor. A reader that fails says why and returns `undefined`. */

declare const rawNumber: unique symbol

/** A number kept exactly as it was written (`1.0`, `1e2`, `-0`, `0.10`): reading it as a double would re-spell or round it. */
export interface RawNumber {
  readonly rawJSON: string
  readonly [rawNumber]: true
}

declare global {
  // In V8 since Node 21, in TypeScript's library only under esnext.
  interface JSON {
    rawJSON(text: string): RawNumber
    isRawJSON(value: unknown): value is RawNumber
  }
}

export interface Cursor {
  readonly text: string
  /** Index into `text`; after a failure, of what was refused. */
  at: number
  why: string | undefined
}

export function fail(cursor: Cursor, why: string, at = cursor.at): undefined {
  cursor.why = why
  cursor.at = at
}

const quote = 0x22
const backslash = 0x5c
const zero = 0x30
const minus = 0x2d

/** Moves to the next character that is no white space and returns its code; `NaN` at the end. */
export function skipSpace(cursor: Cursor): number {
  const { text } = cursor
  let at = cursor.at
  let code = text.charCodeAt(at)
  while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = text.charCodeAt(++at)
  cursor.at = at
  return code
}

/** The string that begins at the cursor's quotation mark, unescaped. Lone surrogates are refused: parsers replace them differently. */
export function readString(cursor: Cursor): string | undefined {
  const { text } = cursor
  const start = cursor.at
  let at = start + 1
  let escaped = false
  for (;;) {
    const code = text.charCodeAt(at)
    if (code === quote) break
    if (code === backslash) {
      const length = escapeLength(text, at)
      if (length === 0) return fail(cursor, 'an escape is malformed', at)
      escaped = true
      at += length
    } else if (code >= 0x20) at++
    // NaN, the end of the text, fails every comparison.
    else return fail(cursor, at < text.length ? 'a control character stands in a string' : 'a string does not end', at)
  }
  cursor.at = at + 1
  if (!escaped) return text.slice(start + 1, at)
  const value: unknown = JSON.parse(text.slice(start, at + 1))
  if (typeof value !== 'string' || !value.isWellFormed())
    return fail(cursor, 'a lone surrogate stands in a string', start)
  return value
}

/** The length of the escape at `at`, or 0 when it is none of JSON's. */
function escapeLength(text: string, at: number): number {
  const letter = text.charAt(at + 1)
  if (letter === 'u') return /^[0-9a-fA-F]{4}$/.test(text.slice(at + 2, at + 6)) ? 6 : 0
  return letter !== '' && '"\\/bfnrt'.includes(letter) ? 2 : 0
}

/** The end of the digits that begin at `at`; `at` itself when there is none. */
function digitsEnd(text: string, at: number): number {
  let end = at
  for (;;) {
    const code = text.charCodeAt(end)
    if (!(code >= zero && code <= zero + 9)) return end
    end++
  }
}

/** The number at the cursor: a JS number for an integer literal within ±(2^53-1), else its text kept as it is. */
export function readNumber(cursor: Cursor): number | RawNumber | undefined {
  const { text } = cursor
  const start = cursor.at
  const whole = text.charCodeAt(start) === minus ? start + 1 : start
  // A leading zero stands alone: `01` leaves `1` behind, which is then out of place.
  const wholeEnd = text.charCodeAt(whole) === zero ? whole + 1 : digitsEnd(text, whole)
  if (wholeEnd === whole) return fail(cursor, 'a value is expected')
  let end = wholeEnd
  if (text.charAt(end) === '.') {
    end = digitsEnd(text, wholeEnd + 1)
    if (end === wholeEnd + 1) return fail(cursor, 'a number is malformed')
  }
  if (text.charAt(end) === 'e' || text.charAt(end) === 'E') {
    const sign = text.charAt(end + 1)
    const digits = sign === '+' || sign === '-' ? end + 2 : end + 1
    end = digitsEnd(text, digits)
    if (end === digits) return fail(cursor, 'a number is malformed')
  }
  const token = text.slice(start, end)
  const value = Number(token)
  const isInteger = end === wholeEnd && token !== '-0'
  if (isInteger && !Number.isSafeInteger(value)) return fail(cursor, 'an integer is beyond 2^53-1')
  if (!Number.isFinite(value)) return fail(cursor, 'a number is not finite')
  cursor.at = end
  return isInteger ? value : JSON.rawJSON(token)
}

/** `true`, `false` or `null` at the cursor. */
export function readWord(cursor: Cursor): boolean | null | undefined {
  const { text, at } = cursor
  if (text.startsWith('true', at)) {
    cursor.at = at + 4
    return true
  }
  if (text.startsWith('false', at)) {
    cursor.at = at + 5
    return false
  }
  if (text.startsWith('null', at)) {
    cursor.at = at + 4
    return null
  }
  return fail(cursor, at < text.length ? 'a value is expected' : 'the text ends too early')
}
