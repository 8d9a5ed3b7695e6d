/** One comparison in SQL whose only free part is a value that cannot leave its literal: `subscribers.email='{email}'`. */
import { parseEmail } from './email.ts'
import { parseListId } from './ids.ts'

/** `{id}` is a canonical id, `{uuid}` lower-case hexadecimal with its four hyphens, `{email}` what `parseEmail` takes. */
export type Placeholder = 'email' | 'id' | 'uuid'

export interface Comparison {
  /** With its table, as in `subscribers.email`. */
  readonly column: string
  readonly value: Placeholder
}

/** The one form of a pattern; loaders check it. */
export const comparisonPattern = "[a-z_]+(?:\\.[a-z_]+)*=(?:'\\{(?:email|uuid)\\}'|\\{id\\})"
const pattern = /^([a-z_.]+)='?\{(email|id|uuid)\}'?$/

export function parseComparison(text: string): Comparison | undefined {
  const [, column, value] = pattern.exec(text) ?? []
  return column === undefined ? undefined : { column, value: value as Placeholder }
}

/** The comparison with `value` in its place, in canonical spelling; `undefined` where it is not such a value. */
export function writeComparison({ column, value }: Comparison, text: string): string | undefined {
  const written = readers[value](text)
  if (written === undefined) return undefined
  return value === 'id' ? `${column}=${written}` : `${column}='${written}'`
}

/** `text` in canonical spelling if it is one of `comparisons` to the last character; spaces may stand around its `=`. */
export function matchComparison(comparisons: readonly Comparison[], text: string): string | undefined {
  const [, column, quoted, bare] = comparison.exec(text) ?? []
  const value = quoted ?? bare
  if (column === undefined || value === undefined) return undefined
  const wanted = comparisons.find((each) => each.column === column && (each.value === 'id') === (quoted === undefined))
  return wanted === undefined ? undefined : writeComparison(wanted, value)
}

const comparison = /^([a-z_.]{1,64}) *= *(?:'([^']{1,254})'|([0-9]{1,10}))$/

const readers: Readonly<Record<Placeholder, (text: string) => string | undefined>> = {
  email: parseEmail,
  id: (text) => parseListId(text)?.toString(),
  uuid: (text) => (uuid.test(text) ? text : undefined),
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
