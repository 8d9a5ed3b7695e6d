/** Deleting lists: what is granted on them is withheld before the request is sent, and goes or comes back with the answer. */
import type { Author } from '../model/author.ts'
import { parseListId, type ListId } from '../model/ids.ts'
import type { ListLedger, Retirement } from '../model/ports.ts'
import type { Retire } from '../policy/rule.ts'
import type { Ending, Hold } from './held-answer.ts'

/** The lists that the request, as it is sent, deletes; none where it names none (`?all=true`). */
export function retiringLists(
  { in: place, name }: Retire,
  params: Readonly<Record<string, string>>,
  target: string,
): readonly ListId[] {
  const query = target.indexOf('?')
  const texts =
    place === 'path' ? [params[name] ?? ''] : new URLSearchParams(query < 0 ? '' : target.slice(query + 1)).getAll(name)
  return [...new Set(texts.flatMap((text) => parseListId(text) ?? []))]
}

export type Outcome = 'gone' | 'kept' | 'unsure'

/**
 * What an ending says of the lists. `unsure` fails closed: nothing stays granted on an id that may come again. That costs
 * others their access to a list which is still there, until an administrator says so; but whoever can bring it about
 * was allowed to delete the list anyway.
 */
export function outcomeOf(ending: Ending): Outcome {
  const { status } = ending
  if (status !== undefined && status >= 200 && status < 300) return 'gone'
  // Not there: deleted before, or this is not the backend speaking.
  if (status === 404 || status === 410) return 'unsure'
  if (status !== undefined && status < 500) return 'kept'
  if (ending.kind === 'answer') return 'unsure'
  // Nothing was sent; a DELETE is never sent twice.
  const { phase } = ending.failure
  return status === undefined && (phase === 'queue' || phase === 'connect') ? 'kept' : 'unsure'
}

export interface RetiringParts {
  readonly ledger: ListLedger
  readonly warn: (facts: object, message: string) => void
}

export function retiringHold(retirement: Retirement, author: Author, { ledger, warn }: RetiringParts): Hold {
  return {
    wants: () => true,
    async settle(ending) {
      const outcome = outcomeOf(ending)
      const { tenants, lists } = retirement
      if (outcome === 'unsure') {
        warn({ tenants, lists }, 'whether these lists were deleted is not known: see `sallyport list retired`')
        return undefined
      }
      try {
        await ledger.endRetirement(retirement, outcome, author)
      } catch (error) {
        // The mark of before stands, so nothing is granted; the backend's answer is true as it is.
        warn({ tenants, lists, outcome, cause: String(error) }, 'lists stay withheld: see `sallyport list retired`')
      }
      return undefined
    },
  }
}
