/**
 * Drops elements of one array out of JSON that streams by. Every other byte passes unchanged, commas beside what was dropped
 * apart; no more than one element is held back.
 */
import { createHeld, type Held } from './json-held.ts'
import { createTokenizer, type JsonHandler, JsonStreamError } from './json-tokens.ts'

export interface ArrayFilterOptions {
  /** Keys from the root to the array: `['data', 'results']`. */
  readonly path: readonly string[]
  /** Keys from an element to its id: `['id']`; none where the elements are ids. */
  readonly by: readonly string[]
  /** Whether an element stays. `idText` is the JSON of its id; `undefined` when it has none, or several, or it is no scalar. */
  readonly keep: (idText: string | undefined) => boolean
  /** Bytes held back at most; default 16 MiB. */
  readonly maxHeldBytes?: number
}

export interface ArrayFilter {
  /** What can be passed on. Throws a JsonStreamError when the stream is not JSON, or holds something else in the array's place. */
  write(chunk: Buffer): Buffer[]
  /** The rest. Throws a JsonStreamError when the stream stops early. */
  end(): Buffer[]
  /** Elements so far. */
  counts(): { readonly kept: number; readonly dropped: number }
}

/** Where the stream is, seen from the way that leads from the root through the array and its element to the id. */
interface Walk {
  readonly options: ArrayFilterOptions
  readonly held: Held
  /** How many containers are open when the array is the innermost. */
  readonly arrayDepth: number
  /** Open containers. */
  depth: number
  /** How many of them, from the root on, lie on the way. */
  onWay: number
  /** Whether the last key in the innermost container is the one that the way goes through. */
  keyLeads: boolean
  /** The ids that the element has; `undefined` for one that is no scalar. */
  ids: (string | undefined)[]
  keptHere: number
  kept: number
  dropped: number
}

export function createArrayFilter(options: ArrayFilterOptions): ArrayFilter {
  const held = createHeld(options.maxHeldBytes ?? 16_777_216)
  const walk: Walk = {
    options,
    held,
    arrayDepth: options.path.length + 1,
    depth: 0,
    onWay: 0,
    keyLeads: false,
    ids: [],
    keptHere: 0,
    kept: 0,
    dropped: 0,
  }
  const tokenizer = createTokenizer(handlerOf(walk))
  let bytes = 0
  const take = (): Buffer[] => {
    const taken = held.take()
    if (taken === undefined) throw new JsonStreamError('an element is longer than what may be held back', bytes)
    return taken
  }
  return {
    write(chunk) {
      held.begin(chunk)
      bytes += chunk.length
      tokenizer.write(chunk)
      return take()
    },
    end() {
      held.begin(Buffer.alloc(0))
      tokenizer.end()
      return take()
    },
    counts: () => ({ kept: walk.kept, dropped: walk.dropped }),
  }
}

function handlerOf(walk: Walk): JsonHandler {
  const { options, held, arrayDepth } = walk
  return {
    wants: (isKey) => (isKey ? walk.onWay === walk.depth : leads(walk) && (isArrayPlace(walk) || isIdPlace(walk))),
    key(text) {
      const wanted = walk.depth < arrayDepth ? options.path[walk.depth - 1] : options.by[walk.depth - arrayDepth - 1]
      walk.keyLeads = walk.onWay === walk.depth && text === wanted
    },
    open(isArray, end) {
      if (leads(walk)) openOnWay(walk, isArray, end)
      walk.depth++
      walk.keyLeads = false
    },
    close(end) {
      const closesWay = walk.onWay === walk.depth
      if (closesWay && walk.depth === arrayDepth) held.release()
      if (closesWay) walk.onWay--
      walk.depth--
      settle(walk, end)
    },
    scalar(end, text) {
      if (leads(walk) && isArrayPlace(walk) && text !== 'null') throw noArray(end)
      if (leads(walk) && walk.depth >= arrayDepth) walk.ids.push(text)
      walk.keyLeads = false
      settle(walk, end)
    },
    comma(at) {
      if (isInArray(walk)) held.comma(at)
    },
  }
}

const isInArray = (walk: Walk): boolean => walk.depth === walk.arrayDepth && walk.onWay === walk.depth
/** Whether the value to come lies on the way. */
const leads = (walk: Walk): boolean =>
  walk.onWay === walk.depth && (walk.depth === 0 || walk.keyLeads || walk.depth === walk.arrayDepth)
const isArrayPlace = (walk: Walk): boolean => walk.depth + 1 === walk.arrayDepth
const isIdPlace = (walk: Walk): boolean => walk.depth - walk.arrayDepth === walk.options.by.length

const noArray = (at: number): JsonStreamError =>
  new JsonStreamError('something else stands where an array is expected', at)

function openOnWay(walk: Walk, isArray: boolean, end: number): void {
  const { depth, arrayDepth } = walk
  if (depth < arrayDepth) {
    // What is not the array that was meant would pass unjudged.
    if (isArray !== isArrayPlace(walk)) throw noArray(end)
    walk.onWay++
    if (!isArray) return
    walk.keptHere = 0
    walk.held.hold(end)
  } else if (isArray || isIdPlace(walk)) walk.ids.push(undefined)
  else walk.onWay++
}

/** After a value: if it was an element, it stays or goes. */
function settle(walk: Walk, end: number): void {
  if (!isInArray(walk)) return
  const [id, ...others] = walk.ids
  walk.ids = []
  if (!walk.options.keep(others.length === 0 ? id : undefined)) {
    walk.dropped++
    walk.held.drop(end)
    return
  }
  walk.held.keep(end, walk.keptHere === 0)
  walk.keptHere++
  walk.kept++
}
