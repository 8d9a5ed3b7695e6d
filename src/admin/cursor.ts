/** Where the next page begins, as an opaque text. Pure. */
import { parseJson, isArray } from '../model/json.ts'

export type CursorPart = string | number

/** `parts` say what the last item of the page was sorted by. */
export const writeCursor = (parts: readonly CursorPart[]): string =>
  Buffer.from(JSON.stringify(parts)).toString('base64url')

/** The parts of a cursor, if it is one and each part is of the kind that is expected; else `undefined`. */
export function readCursor(text: string, kinds: readonly ('string' | 'number')[]): readonly CursorPart[] | undefined {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text) return undefined
  const reading = parseJson(bytes)
  if (reading.kind === 'invalid' || !isArray(reading.value)) return undefined
  // The strict reader keeps numbers as they are written.
  const parts: unknown = JSON.parse(bytes.toString())
  if (!Array.isArray(parts) || parts.length !== kinds.length) return undefined
  const isRight = parts.every(
    (part, at) => typeof part === kinds[at] && (typeof part === 'string' || Number.isSafeInteger(part)),
  )
  return isRight ? (parts as CursorPart[]) : undefined
}
