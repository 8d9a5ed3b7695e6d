/** Reads what schemas let through and only a calendar, a role book or a clock can judge. Throws Failures that name the field. */
import { parseInstant } from '../config/formats.ts'
import { refused, type FieldProblem } from '../model/failure.ts'
import { parseSpan } from '../model/time.ts'
import { readCursor, type CursorPart } from './cursor.ts'

export function invalid(...fields: readonly FieldProblem[]): Error {
  return refused('body-invalid', { details: { fields } })
}

function invalidQuery(...fields: readonly FieldProblem[]): Error {
  return refused('query-invalid', { details: { fields } })
}

/** Epoch milliseconds; `undefined` for null and for what is not there. */
export function instantIn(path: string, text: string | null | undefined): number | undefined {
  if (text === null || text === undefined) return undefined
  const instant = parseInstant(text)
  if (instant === undefined) throw invalid({ path, problem: 'is on no calendar' })
  return instant
}

/** The same of a query. */
export function instantAsked(path: string, text: string | undefined): number | undefined {
  const instant = text === undefined ? undefined : parseInstant(text)
  if (text !== undefined && instant === undefined) throw invalidQuery({ path, problem: 'is on no calendar' })
  return instant
}

export function spanMs(path: string, text: string): number {
  const span = parseSpan(text)
  if (span === undefined) throw invalid({ path, problem: 'is not a span' })
  return span
}

export const limitIn = (text: string | undefined): number => (text === undefined ? 50 : Number(text))

/** The parts of the cursor; `undefined` where there is none. */
export function cursorIn(
  text: string | undefined,
  of: string,
  kinds: readonly ('string' | 'number')[],
): readonly CursorPart[] | undefined {
  if (text === undefined) return undefined
  const parts = readCursor(text, of, kinds)
  if (parts === undefined) throw invalidQuery({ path: 'cursor', problem: 'is not one that was given for this list' })
  return parts
}

/** Of names, those that nothing defines, as problems of a field. */
export function unknownNames(
  path: string,
  names: readonly string[] | undefined,
  known: { readonly has: (name: string) => boolean },
  what: string,
): readonly FieldProblem[] {
  return (names ?? []).flatMap((name, at) =>
    known.has(name) ? [] : [{ path: `${path}[${at}]`, problem: `there is no ${what} of this name` }],
  )
}
