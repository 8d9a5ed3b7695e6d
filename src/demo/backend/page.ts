/** Paging and its envelope. */
import type { Context } from './context.ts'
import { queryValue } from './context.ts'
import type { JsonReply } from './reply.ts'
import { data } from './reply.ts'

export interface Page {
  /** From 1. */
  readonly number: number
  /** 0 means all. */
  readonly size: number
}

/** `page` and `per_page`: 20 by default, `all` or a negative number is everything. */
export function pageOf(context: Context): Page {
  const number = Number.parseInt(queryValue(context, 'page'), 10)
  const text = queryValue(context, 'per_page')
  const size = /^[-+]?[0-9]+$/.test(text) ? Number(text) : 0
  const isAll = text === 'all' || size < 0
  return { number: number > 0 ? number : 1, size: isAll ? 0 : size || 20 }
}

export function slicePage<T>(rows: readonly T[], page: Page): T[] {
  if (page.size === 0) return rows.slice()
  const start = (page.number - 1) * page.size
  return rows.slice(start, start + page.size)
}

export interface Listing {
  /** `null` is what an empty Go slice that was never made is written as. */
  readonly results: readonly unknown[] | null
  readonly total: number
  readonly page: Page | undefined
  readonly search?: string
  readonly query?: string
}

export function listing({ results, total, page, search = '', query = '' }: Listing): JsonReply {
  return data({ results, search, query, total, per_page: page?.size ?? 0, page: page?.number ?? 0 })
}

/** Stable sort by `key`, ascending only where `order` is `asc` in lower case. */
export function sortRows<T>(rows: readonly T[], key: (row: T) => string | number, order: string): T[] {
  const sign = order === 'asc' ? 1 : -1
  return rows.toSorted((a, b) => {
    const [left, right] = [key(a), key(b)]
    if (left === right) return 0
    return left < right ? -sign : sign
  })
}
