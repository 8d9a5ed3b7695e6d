/** Which subscribers a listing, an export or a by-query write is about. */
import { bad } from './reply.ts'
import type { Condition, Pasted } from './sql.ts'
import { parseCondition } from './sql.ts'
import { searchPattern } from './text-search.ts'
import type { SubscriberRow } from './rows.ts'
import type { World } from './world.ts'

export interface Filter {
  readonly listIds: readonly number[]
  readonly search: string
  readonly query: string
  /** Looked at only where list ids are given. */
  readonly subscriptionStatus: string
}

interface Compiled {
  readonly pasted: Pasted
  readonly matchesSearch: Condition
}

function compile(filter: Filter, prefix: string): Compiled {
  const { search, query } = filter
  const pattern = search === '' ? undefined : searchPattern(search, prefix)
  const matchesSearch: Condition = (row) => pattern === undefined || pattern.test(row.name) || pattern.test(row.email)
  if (query === '') return { pasted: { first: () => true, rest: () => false }, matchesSearch }
  const pasted = parseCondition(query)
  if (pasted !== undefined) return { pasted, matchesSearch }
  const near = query.includes(';') ? '"ORDER"' : `"${query.trim().split(/\s+/).at(-1) ?? ''}"`
  throw bad(`${prefix}: pq: syntax error at or near ${near}`)
}

const hasStatus = (filter: Filter, status: string | undefined): boolean =>
  status !== undefined && (filter.subscriptionStatus === '' || filter.subscriptionStatus === status)

/**
 * The listing: a subscriber on any of the lists, once for each subscription that matches. A query with OR escapes the
 * list condition, and then every subscription is a row.
 */
export function anyList(world: World, filter: Filter, prefix: string): SubscriberRow[] {
  const { pasted, matchesSearch } = compile(filter, prefix)
  const wanted = new Set(filter.listIds)
  const rows: SubscriberRow[] = []
  for (const row of world.subscribers.values()) {
    const isFirst = matchesSearch(row) && pasted.first(row)
    const isRest = pasted.rest(row)
    if (!isFirst && !isRest) continue
    if (wanted.size === 0) {
      rows.push(row)
      continue
    }
    const joined = [...row.lists].filter(([, { status }]) => hasStatus(filter, status))
    if (joined.length === 0 && isRest) rows.push(row)
    for (const [id] of joined) if (isRest || wanted.has(id)) rows.push(row)
  }
  return rows
}

/** Exports and by-query writes: a subscription whose list equals ALL the ids, so two different ids match nobody. */
export function allLists(world: World, filter: Filter, prefix: string): SubscriberRow[] {
  const { pasted, matchesSearch } = compile(filter, prefix)
  const wanted = [...new Set(filter.listIds)]
  const [only] = wanted
  const isOnList: Condition = (row) => {
    if (only === undefined) return true
    return wanted.length === 1 && hasStatus(filter, row.lists.get(only)?.status)
  }
  return [...world.subscribers.values()].filter(
    (row) => (isOnList(row) && matchesSearch(row) && pasted.first(row)) || pasted.rest(row),
  )
}
