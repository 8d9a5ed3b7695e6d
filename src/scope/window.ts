/** Which page of an answer the caller asked for, where the backend's own pages are not theirs. Pure. */
import type { Allowed, PageWindow } from '../model/decision.ts'
import type { QueryPairs } from '../model/target.ts'

/** What the caller asked for, read as listmonk reads it, and the query that asks for all there is; `undefined` where nothing is paged here. */
export function windowOf(
  decision: Allowed,
  pairs: QueryPairs,
): { readonly window: PageWindow; readonly pairs: QueryPairs } | undefined {
  const paged = decision.cuts.find(({ pages }) => pages !== false)?.pages
  if (paged === undefined) return undefined
  const valueOf = (name: string): string => pairs.find(([each]) => each === name)?.[1] ?? ''
  const unpaged = typeof paged === 'object' ? paged.unpaged : undefined
  const isWhole = unpaged !== undefined && /^(?:1|t|true)$/i.test(valueOf(unpaged))
  const window = { page: pageOf(valueOf('page')), perPage: perPageOf(valueOf('per_page')), isWhole }
  const others = pairs.filter(([name]) => name !== 'page' && name !== 'per_page')
  // One answer is one consistent state: pages put together from several could skip an item, or repeat it.
  return { window, pairs: [...others, ['per_page', 'all'], ['page', '1']] }
}

const pageOf = (text: string): number => Math.max(1, numberIn(text))

/** 0 is everything. */
function perPageOf(text: string): number {
  const number = text === 'all' ? -1 : numberIn(text)
  return number < 0 ? 0 : number || defaultPerPage
}

const defaultPerPage = 20

/** The number that `text` is in decimal, signed or not; 0 for anything else. */
const numberIn = (text: string): number => (/^[+-]?[0-9]{1,15}$/.test(text) ? Number(text) : 0)
