/** What cuts the answer to one request. */
import type { Cut, PageWindow } from '../../model/decision.ts'
import type { BodyFilter } from '../body-filter.ts'
import { createCutter } from './cutter.ts'
import { createWholeCutter, showsAny, type LookUp } from './whole-cutter.ts'

/** One item of an answer that streams by. */
const maxItemBytes = 16 * 1024 * 1024
/** An answer of which nothing may go out before all of it is judged. */
const maxWholeBytes = 8 * 1024 * 1024

export function createAnswerCutter(cuts: readonly Cut[], window: PageWindow | undefined, lookUp: LookUp): BodyFilter {
  if (cuts.some(({ resource }) => resource !== undefined)) {
    return createWholeCutter({ cuts, window, lookUp, maxHeldBytes: maxWholeBytes })
  }
  return createCutter({
    cuts,
    window,
    reaches: (index, ids) => {
      const cut = cuts[index]
      return cut !== undefined && showsAny(cut, ids)
    },
    maxHeldBytes: cuts.some(({ act }) => act === 'refuse') ? maxWholeBytes : maxItemBytes,
  })
}
