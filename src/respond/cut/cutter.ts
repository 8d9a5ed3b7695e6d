/**
 * Cuts items out of JSON that streams by: what is in reach passes byte for byte, the rest is dropped or masked. No more is
 * held back than one item of the outermost array, or the whole where one item out of reach refuses all of it.
 */
import type { Cut, PageWindow } from '../../model/decision.ts'
import { refused } from '../../model/failure.ts'
import { createTokenizer } from '../../model/json-tokens.ts'
import { type Frame, shiftFrame } from './frame.ts'
import { createListing, type Listing } from './listing.ts'
import { createOutput, type Output } from '../output.ts'
import { placesOf } from './places.ts'
import { unreadable } from './unreadable.ts'
import { createWalk, type WalkEvents } from './walk.ts'

export interface CutterOptions {
  readonly cuts: readonly Cut[]
  /** Whether an item stays for the cut of this index. `ids` are those that can be read: plain integers in 1..2^31-1. */
  readonly reaches: (cut: number, ids: readonly number[]) => boolean
  /** The page that the caller asked for; needed where a cut pages. */
  readonly window: PageWindow | undefined
  /** Bytes held back at most; an answer that needs more is refused. */
  readonly maxHeldBytes: number
}

export interface Cutter {
  /** What can go out; empty when everything is held back. */
  write(chunk: Buffer): Buffer
  end(): Buffer
}

/** Stands for a masked item; nothing of it shows, nor that two are the same. */
const maskedItem = Buffer.from('{"id":null,"name":"*Unknown","restricted":true}')
const emptyArray = Buffer.from('[]')

/** Throws a JsonStreamError where the stream is no JSON, and a Failure where it cannot be judged or must not show. */
export function createCutter(options: CutterOptions): Cutter {
  const output = createOutput()
  const state: State = {
    options,
    output,
    listing: createListing(options.cuts, options.window),
    ids: options.cuts.map(() => []),
    fieldMark: undefined,
  }
  const walk = createWalk(placesOf(options.cuts), output.mark, eventsOf(state))
  const tokenizer = createTokenizer(walk.handler)
  let offset = 0
  const isHeldWhole = options.cuts.some(({ act }) => act === 'refuse')

  const take = (isOver: boolean): Buffer => {
    const settled = isHeldWhole ? 0 : (state.listing?.settled() ?? undecidedFrom(walk.frames, state))
    const { bytes, shift } = output.take(isOver ? undefined : settled)
    for (const frame of walk.frames) shiftFrame(frame, shift)
    if (state.fieldMark !== undefined) state.fieldMark -= shift
    if (output.heldBytes() > options.maxHeldBytes && (isHeldWhole || !givesUpItem(walk.frames, state, offset))) {
      throw unreadable(`more than ${options.maxHeldBytes} bytes would have to be held back`)
    }
    return bytes
  }

  return {
    write(chunk) {
      output.begin(chunk)
      tokenizer.write(chunk)
      offset += chunk.length
      return take(false)
    },
    end() {
      output.begin(Buffer.alloc(0))
      tokenizer.end()
      return take(true)
    },
  }
}

interface State {
  readonly options: CutterOptions
  readonly output: Output
  readonly listing: Listing | undefined
  /** The readable ids of the item at hand, a list for each cut. */
  readonly ids: number[][]
  /** Where a number of the envelope begins that is being read. */
  fieldMark: number | undefined
}

/**
 * Forgets what is held of an item that is out of reach as far as it has come, so that nobody's large item keeps all others
 * from their answers. Whether it is kept out in the end is judged at its end.
 */
function givesUpItem(frames: readonly Frame[], { options, output, ids }: State, offset: number): boolean {
  const cutting = frames.filter(({ isCut }) => isCut)
  const [array] = cutting
  if (array === undefined || cutting.length > 1) return false
  const isOut = (index: number): boolean =>
    options.cuts[index]?.act === 'keep' && !options.reaches(index, ids[index] ?? [])
  if (!array.place.cuts.some(isOut)) return false
  output.rewind(array.slot, offset)
  array.isGivenUp = true
  array.item = array.slot
  array.comma = undefined
  return true
}

const undecidedFrom = (frames: readonly Frame[], { fieldMark }: State): number | undefined =>
  frames.find(({ isCut }) => isCut)?.slot ?? fieldMark

function eventsOf(state: State): WalkEvents {
  const { output, listing, ids } = state
  return {
    begins(container, place, at) {
      if (container?.isCut === true) {
        container.item = output.mark(at)
        for (const cut of container.place.cuts) ids[cut] = []
      }
      if (place?.paging !== undefined) state.fieldMark = output.mark(at)
    },
    opened(frame, container) {
      listing?.opened(frame, container)
    },
    closed(frame, at) {
      if (frame.isCut) listing?.passed(frame.place)
      if (listing?.closesBare(frame) !== true) return
      output.rewind(frame.start, at)
      output.insert(emptyArray, at)
    },
    scalar(place, at, text) {
      if (place.must === 'array') listing?.passed(place)
      const id = place.ids.length === 0 ? undefined : idOf(text)
      if (id !== undefined) for (const cut of place.ids) ids[cut]?.push(id)
      if (place.paging === undefined || state.fieldMark === undefined) return
      const written = listing?.field(place.paging)
      if (written !== undefined) {
        output.rewind(state.fieldMark, at)
        output.insert(Buffer.from(written), at)
      }
      state.fieldMark = undefined
    },
    ended(container, at) {
      if (container?.isCut === true) endItem(state, container, at)
    },
  }
}

const plainId = /^[1-9][0-9]{0,9}$/

/** The id that the JSON of a scalar spells in plain decimal: `3.0`, `"3"` and `null` are none. */
function idOf(text: string | undefined): number | undefined {
  if (text === undefined || !plainId.test(text)) return undefined
  const id = Number(text)
  return id <= 2_147_483_647 ? id : undefined
}

function endItem(state: State, array: Frame, at: number): void {
  const { output } = state
  const verdict = judgeItem(state, array.place.cuts)
  // What it has of ids came behind what was given up.
  if (array.isGivenUp && verdict !== 'drop') throw unreadable('an item in reach is too large to be held back')
  array.isGivenUp = false
  if (verdict === 'drop') output.rewind(array.slot, at)
  else {
    if (verdict === 'mask') {
      output.rewind(array.item, at)
      output.insert(maskedItem, at)
    }
    if (array.kept === 0 && array.comma !== undefined) output.removeByte(array.comma, at)
    array.kept++
    array.slot = output.mark(at)
  }
  array.comma = undefined
}

function judgeItem({ options, listing, ids }: State, judging: readonly number[]): 'stay' | 'drop' | 'mask' {
  let isMasked = false
  let isPaged = false
  for (const index of judging) {
    const cut = options.cuts[index]
    if (cut === undefined) continue
    isPaged ||= cut.pages !== false
    if (options.reaches(index, ids[index] ?? [])) continue
    if (cut.act === 'refuse') throw refused('list-denied', { cause: `an item of \`${cut.path}\` is out of reach` })
    if (cut.act === 'keep') return 'drop'
    isMasked = true
  }
  if (isPaged && listing?.admits() === false) return 'drop'
  return isMasked ? 'mask' : 'stay'
}
