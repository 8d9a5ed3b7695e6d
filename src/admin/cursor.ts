/** Where the next page begins, as an opaque text. Pure. */
import { parseJson, isArray } from '../model/json.ts'

export type CursorPart = string | number

/** `of` names list and order; `parts` say what the last item of the page was sorted by. */
export const writeCursor = (of: string, parts: readonly CursorPart[]): string =>
  Buffer.from(JSON.stringify([of, ...parts])).toString('base64url')

/** The parts of a cursor, if it is one of this list and order and each part is of the kind that is expected; else `undefined`. */
export function readCursor(
  text: string,
  of: string,
  kinds: readonly ('string' | 'number')[],
): readonly CursorPart[] | undefined {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text) return undefined
  const reading = parseJson(bytes)
  if (reading.kind === 'invalid' || !isArray(reading.value)) return undefined
  // The strict reader keeps numbers as they are written.
  const [name, ...parts] = JSON.parse(bytes.toString()) as readonly unknown[]
  if (name !== of || parts.length !== kinds.length) return undefined
  const isRight = parts.every(
    (part, at) => typeof part === kinds[at] && (typeof part === 'string' || Number.isSafeInteger(part)),
  )
  return isRight ? (parts as CursorPart[]) : undefined
}
