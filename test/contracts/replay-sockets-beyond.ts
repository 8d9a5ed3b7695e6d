/** What one answer shows, or one write does, that another does not. */
import { isDeepStrictEqual } from 'node:util'
import { filled, inOrder, type Effect } from './recordings.ts'

/** Numbers that say how much there is: fewer is less, not something else. */
const amounts: ReadonlySet<string> = new Set(['total', 'total_results'])

/**
 * The places of `actual` that hold what `recorded` does not. What is missing, blanked or a smaller amount is not beyond.
 * Items of an array are found by their `id`, or as a whole.
 */
export function beyond(actual: unknown, recorded: unknown, at = '$'): string[] {
  if (isBlank(actual) || isDeepStrictEqual(filled(recorded, actual), actual)) return []
  if (Array.isArray(actual)) {
    if (!Array.isArray(recorded)) return [at]
    return actual.flatMap((item: unknown, index) => beyondItem(item, recorded, `${at}[${index}]`))
  }
  if (typeof actual === 'object') {
    if (recorded === null || typeof recorded !== 'object') return [at]
    return Object.entries(actual as object).flatMap(([name, value]) =>
      beyond(value, (recorded as Record<string, unknown>)[name], `${at}.${name}`),
    )
  }
  const name = at.slice(at.lastIndexOf('.') + 1)
  if (amounts.has(name) && typeof actual === 'number' && typeof recorded === 'number' && actual <= recorded) return []
  return [`${at} ${JSON.stringify(actual)}`]
}

function beyondItem(item: unknown, recorded: readonly unknown[], at: string): string[] {
  const id = idOf(item)
  const same = id === undefined ? [] : recorded.filter((each) => idOf(each) === id)
  const ways = (same.length === 0 ? recorded : same).map((each) => beyond(item, each, at))
  return ways.toSorted((a, b) => a.length - b.length)[0] ?? [`${at} ${JSON.stringify(item)}`]
}

const idOf = (item: unknown): unknown => {
  const id = item !== null && typeof item === 'object' ? (item as { id?: unknown }).id : undefined
  return isBlank(id) ? undefined : id
}

/** What the gateway puts in the place of an item out of reach. */
const masked = { id: null, name: '*Unknown', restricted: true } as const

/** Holds nothing, as what masking leaves. */
function isBlank(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return true
  if (Array.isArray(value)) return value.length === 0
  return typeof value === 'object' && (isDeepStrictEqual(value, masked) || Object.values(value).every(isBlank))
}

/** The lines of a text, as of a CSV file, that the other has not. */
export function linesBeyond(actual: string, recorded: string): string[] {
  if (filled(recorded, actual) === actual) return []
  const known = recorded.split('\n')
  return actual.split('\n').filter((line) => !known.some((each) => filled(each, line) === line))
}

/** The effects that are none of the recorded ones. */
export function effectsBeyond(actual: readonly Effect[], recorded: readonly Effect[]): Effect[] {
  const known = inOrder(recorded)
  return inOrder(actual).filter((effect) => !known.some((each) => covers(each, effect)))
}

/** The same row, changed in the same way or in less of it. */
function covers(recorded: Effect, actual: Effect): boolean {
  if (recorded.table !== actual.table || !isDeepStrictEqual(filled(recorded.key, actual.key), actual.key)) return false
  if (actual.op === 'touch') return recorded.op === 'touch' || recorded.op === 'update'
  if (recorded.op !== actual.op) return false
  if (actual.op === 'update') {
    const set = filled(recorded.set, actual.set) as Record<string, unknown>
    return Object.entries(actual.set as object).every(([name, value]) => isDeepStrictEqual(set[name], value))
  }
  return isDeepStrictEqual(filled(recorded.row, actual.row), actual.row)
}
