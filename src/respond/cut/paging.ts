/** A page of what is in a caller's reach, cut out of an answer that holds all there is. */
import type { Cut, PageWindow, PagingRule } from '../../model/decision.ts'
import type { PagingField } from './places.ts'

export interface Paging {
  /** Counts an item in reach; whether it is on the page. */
  admits(): boolean
  /** Items on the page so far. */
  onPage(): number
  /** What stands in the envelope; `undefined`: what stands there already. */
  field(name: PagingField): string | undefined
}

export function createPaging(window: PageWindow, rule: PagingRule): Paging {
  const { page, perPage, isWhole } = window
  const isAll = isWhole || perPage === 0
  const first = isAll ? 0 : (page - 1) * perPage
  let counted = 0
  let shown = 0

  const numbers = (): Readonly<Record<'total' | 'page' | 'per_page', number>> => {
    // The total comes with the rows: beyond the last page there is none.
    const total = shown === 0 ? 0 : counted
    if (shown === 0 && rule.empty === 'zeros') return { total, page: 0, per_page: 0 }
    return isWhole ? { total, page: 1, per_page: total } : { total, page, per_page: perPage }
  }

  return {
    admits() {
      const at = counted++
      const isOnPage = at >= first && (isAll || at < first + perPage)
      if (isOnPage) shown++
      return isOnPage
    },
    onPage: () => shown,
    field(name) {
      if (name !== 'query') return String(numbers()[name])
      return shown === 0 && rule.empty === 'zeros' ? '""' : undefined
    },
  }
}

/** How the backend pages what this cut keeps. */
export const pagingRuleOf = ({ pages }: Cut): PagingRule => (typeof pages === 'object' ? pages : asAsked)
const asAsked: PagingRule = { empty: 'as asked', unpaged: undefined }
