/** Before and after, field by field: only what differs. Pure. */

export interface Difference {
  readonly field: string
  /** As JSON; `undefined`: it was not there. */
  readonly before: string | undefined
  readonly after: string | undefined
}

type Facts = Readonly<Record<string, unknown>> | null

export function differences(before: Facts, after: Facts): readonly Difference[] {
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
  return fields
    .map((field) => ({ field, before: shown(before?.[field]), after: shown(after?.[field]) }))
    .filter((each) => each.before !== each.after)
}

const shown = (value: unknown): string | undefined => {
  if (value === undefined) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}
