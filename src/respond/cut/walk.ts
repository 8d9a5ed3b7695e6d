/** Follows JSON that streams by through the places where something is looked at; all else passes unseen. */
import { nameFinder } from '../../model/json-names.ts'
import type { JsonHandler } from '../../model/json-handler.ts'
import { type Frame, frameAt } from './frame.ts'
import { namesIn, type Place } from './places.ts'
import { unreadable } from './unreadable.ts'

/** `container` is the innermost open one that is looked at; a value directly in it, or a member of it, begins and ends. */
export interface WalkEvents {
  begins(container: Frame | undefined, place: Place | undefined, at: number): void
  opened(frame: Frame, container: Frame | undefined): void
  closed(frame: Frame, at: number): void
  /** `text` is there where ids are, or a container must be. */
  scalar(place: Place, at: number, text: string | undefined): void
  ended(container: Frame | undefined, at: number): void
}

export interface Walk {
  readonly handler: JsonHandler
  /** The open containers that are looked at, from the root on. */
  readonly frames: readonly Frame[]
}

/** `markOf` is the mark in the output for an offset. Throws a Failure where the answer is not built as it must be. */
export function createWalk(root: Place, markOf: (at: number) => number, events: WalkEvents): Walk {
  const frames: Frame[] = []
  let top: Frame | undefined
  /** Open containers in which nothing is looked at. */
  let blind = 0
  /** The place of the member to come, where the innermost container is an object. */
  let member: Place | undefined

  const placeToCome = (): Place | undefined => {
    if (top === undefined) return root
    if (top.mustBeEmpty) throw unreadable('an array stands where an object is expected')
    return top.isArray ? top.place.items : member
  }
  const begin = (at: number): Place | undefined => {
    const place = placeToCome()
    events.begins(top, place, at)
    return place
  }
  const leave = (at: number): void => {
    const closed = frames.pop()
    top = frames.at(-1)
    if (closed !== undefined) events.closed(closed, at)
  }

  const handler: JsonHandler = {
    find: nameFinder(namesIn(root)),
    wants(isKey, at) {
      if (blind > 0 || isKey) return blind === 0
      const place = begin(at)
      return place !== undefined && (place.must !== undefined || place.ids.length > 0)
    },
    key(text) {
      if (blind > 0 || top === undefined) return
      member = text === undefined ? undefined : top.place.members.get(text)
      if (member === undefined) return
      // Parsers differ in which of two they take.
      if ((top.seen & member.bit) !== 0) throw unreadable('a key stands twice')
      top.seen |= member.bit
    },
    open(isArray, behind) {
      const place = blind === 0 ? begin(behind - 1) : undefined
      if (place?.paging !== undefined) throw unreadable('something else stands where the paging is expected')
      if (place === undefined || (place.must === undefined && !leadsOn(place, isArray))) blind++
      else {
        const container = top
        top = frameAt(place, isArray, markOf(behind - 1))
        frames.push(top)
        events.opened(top, container)
      }
    },
    close(behind) {
      if (blind === 0) leave(behind)
      else blind--
      if (blind === 0) events.ended(top, behind)
    },
    scalar(behind, text) {
      if (blind > 0) return
      const place = placeToCome()
      if (place?.must !== undefined && text !== 'null') {
        throw unreadable(`something else stands where an ${place.must} is expected`)
      }
      if (place !== undefined) events.scalar(place, behind, text)
      events.ended(top, behind)
    },
    comma(at) {
      if (blind === 0 && top?.isCut === true) top.comma = markOf(at)
    },
  }
  return { handler, frames }
}

const leadsOn = (place: Place, isArray: boolean): boolean =>
  isArray ? place.items !== undefined : place.members.size > 0
