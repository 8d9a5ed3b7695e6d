/** One open container of an answer that lies on the way to something that is looked at. */
import type { Place } from './places.ts'
import { unreadable } from './unreadable.ts'

export interface Frame {
  readonly place: Place
  readonly isArray: boolean
  /** Whether its elements are items of a cut. */
  readonly isCut: boolean
  /** An array in place of an object: it holds nothing, or cannot be judged. */
  readonly mustBeEmpty: boolean
  /** Marks in the output: where the container begins; where what belongs to the next item begins; its comma; the item itself. */
  start: number
  slot: number
  comma: number | undefined
  item: number
  /** Items that stayed. */
  kept: number
  /** The item at hand was too large to be held, and is dropped: what it has named so far is out of reach. */
  isGivenUp: boolean
  /** The members that were there already, by their bits. */
  seen: number
}

/** The frame of a container that begins at the mark `start`. Throws a Failure when it is not what must stand there. */
export function frameAt(place: Place, isArray: boolean, start: number): Frame {
  if (place.must === 'array' && !isArray) throw unreadable('an object stands where an array is expected')
  return {
    place,
    isArray,
    isCut: isArray && place.cuts.length > 0,
    mustBeEmpty: isArray && place.must === 'object',
    start,
    slot: start + 1,
    comma: undefined,
    item: start,
    kept: 0,
    isGivenUp: false,
    seen: 0,
  }
}

/** Its marks after `by` bytes have gone out. */
export function shiftFrame(frame: Frame, by: number): void {
  frame.start -= by
  frame.slot -= by
  frame.item -= by
  if (frame.comma !== undefined) frame.comma -= by
}
