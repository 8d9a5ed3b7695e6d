/** The one array of an answer that is paged here, with the numbers that stand beside it. */
import type { Cut, PageWindow } from '../../model/decision.ts'
import type { Frame } from './frame.ts'
import { createPaging, type Paging, pagingRuleOf } from './paging.ts'
import type { PagingField, Place } from './places.ts'
import { unreadable } from './unreadable.ts'

export interface Listing {
  /** Whether an item in reach is on the caller's page. */
  admits(): boolean
  opened(frame: Frame, container: Frame | undefined): void
  /** Something stood in the array's place and is over: the array, or null. */
  passed(place: Place): void
  /** What is to stand at a number of the envelope; `undefined`: what stands there. */
  field(name: PagingField): string | undefined
  /** Told of each container that closes; whether it is to be a bare `[]`: the backend's word for nothing, where it does not page. */
  closesBare(closed: Frame): boolean
  /** The mark up to which it is settled what goes out; `undefined`: no limit. */
  settled(): number | undefined
}

/** `undefined` where no cut pages. */
export function createListing(cuts: readonly Cut[], window: PageWindow | undefined): Listing | undefined {
  const index = cuts.findIndex(({ pages }) => pages !== false)
  const cut = cuts[index]
  if (cut === undefined) return undefined
  if (window === undefined) throw new Error('an answer is to be paged and nobody read which page')
  return listingOf(index, createPaging(window, pagingRuleOf(cut)), window)
}

function listingOf(index: number, paging: Paging, window: PageWindow): Listing {
  let stage: 'before' | 'within' | 'after' = 'before'
  let envelope: Frame | undefined
  const isIt = (place: Place): boolean => place.cuts.includes(index)

  return {
    admits: () => paging.admits(),
    opened(frame, container) {
      if (!isIt(frame.place)) return
      if (stage !== 'before') throw unreadable('what is paged stands twice')
      stage = 'within'
      envelope = container
    },
    passed(place) {
      if (isIt(place)) stage = 'after'
    },
    field(name) {
      // What was said before it could be known has gone out.
      if (stage !== 'after') throw unreadable('the paging stands before the items')
      return paging.field(name)
    },
    closesBare(closed) {
      if (closed !== envelope) return false
      envelope = undefined
      return window.isWhole && paging.onPage() === 0
    },
    settled() {
      if (stage === 'before') return 0
      return window.isWhole && paging.onPage() === 0 ? envelope?.start : undefined
    },
  }
}
