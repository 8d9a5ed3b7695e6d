/**
 * The few SQL conditions on subscribers that the demo understands: comparisons of a column with a text or a number,
 * `LIKE`, `true`, `1=1`, joined by AND and OR. Anything else is a syntax error, as from the database.
 */
import type { SubscriberRow } from './rows.ts'

export type Condition = (row: SubscriberRow) => boolean

/**
 * `<text>` is pasted behind other conditions with AND and without parentheses. `first` is what those are joined with;
 * `rest` holds however they turn out. `undefined` where the text cannot be read.
 */
export interface Pasted {
  readonly first: Condition
  readonly rest: Condition
}

const columns = ['id', 'uuid', 'email', 'name', 'status'] as const
type Column = (typeof columns)[number]

export function parseCondition(text: string): Pasted | undefined {
  const alternatives = splitOutsideQuotes(text, /^\s+or\s+/i).map((alternative) => {
    const terms = splitOutsideQuotes(alternative, /^\s+and\s+/i).map(parseTerm)
    return terms.every((term) => term !== undefined)
      ? (row: SubscriberRow) => terms.every((term) => term(row))
      : undefined
  })
  if (!alternatives.every((alternative) => alternative !== undefined)) return undefined
  const [first = () => true, ...others] = alternatives
  return { first, rest: (row) => others.some((other) => other(row)) }
}

/** Whether `text` has an OR, which escapes whatever the text is pasted behind. */
export function hasAlternative(text: string): boolean {
  return splitOutsideQuotes(text, /^\s+or\s+/i).length > 1
}

function splitOutsideQuotes(text: string, separator: RegExp): string[] {
  const pieces: string[] = []
  let piece = ''
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    const match = isQuoted ? null : separator.exec(text.slice(at, at + 8))
    if (match !== null) {
      pieces.push(piece)
      piece = ''
      at += match[0].length - 1
      continue
    }
    if (text[at] === "'") isQuoted = !isQuoted
    piece += text[at] ?? ''
  }
  return [...pieces, piece]
}

function parseTerm(text: string): Condition | undefined {
  const term = text.trim()
  if (/^true$/i.test(term)) return () => true
  if (/^false$/i.test(term)) return () => false
  const numbers = /^(\d+)\s*=\s*(\d+)$/.exec(term)
  if (numbers !== null) return () => Number(numbers[1]) === Number(numbers[2])
  const comparison = /^(?:subscribers\.)?(\w+)\s*(=|<>|!=|like\b|ilike\b)\s*(?:'((?:[^']|'')*)'|(\d+))$/i.exec(term)
  const column = columns.find((candidate) => candidate === comparison?.[1])
  if (comparison === null || column === undefined) return undefined
  return compare(
    column,
    (comparison[2] ?? '').toLowerCase(),
    (comparison[3] ?? comparison[4] ?? '').replaceAll("''", "'"),
  )
}

function compare(column: Column, operator: string, value: string): Condition {
  const read = (row: SubscriberRow): string => String(row[column])
  if (operator === '=') return (row) => read(row) === value
  if (operator === '<>' || operator === '!=') return (row) => read(row) !== value
  const source = value
    .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    .replaceAll('%', '.*')
    .replaceAll('_', '.')
  const pattern = new RegExp(`^${source}$`, operator === 'ilike' ? 'isu' : 'su')
  return (row) => pattern.test(read(row))
}
