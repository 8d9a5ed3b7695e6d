/** Cuts an answer whose items name stored things: it is held whole until the lists of those are looked up. */
import type { Cut } from '../../model/decision.ts'
import type { ListId } from '../../model/ids.ts'
import { createCutter, type Cutter, type CutterOptions } from './cutter.ts'
import { unreadable } from './unreadable.ts'

/** The lists of stored things by their ids in decimal; `undefined` where there is no such thing. */
type ThingLists = ReadonlyMap<string, readonly ListId[] | undefined>

/** Looks up the things of a resource. Rejects with a Failure. */
export type LookUp = (resource: string, ids: readonly string[]) => Promise<ThingLists>

export interface WholeCutterOptions extends Omit<CutterOptions, 'reaches'> {
  readonly lookUp: LookUp
}

export interface WholeCutter {
  write(chunk: Buffer): Buffer
  end(): Promise<Buffer>
}

const none = Buffer.alloc(0)
/** Things in one answer: each is a request to the backend. */
const maxThings = 500

export function createWholeCutter(options: WholeCutterOptions): WholeCutter {
  const chunks: Buffer[] = []
  let bytes = 0
  return {
    write(chunk) {
      bytes += chunk.length
      if (bytes > options.maxHeldBytes)
        throw unreadable(`more than ${options.maxHeldBytes} bytes would have to be held`)
      chunks.push(chunk)
      return none
    },
    async end() {
      const body = Buffer.concat(chunks.splice(0))
      const found = await lookedUp(options, thingsIn(options, body))
      return wholeOf(
        createCutter({ ...options, reaches: (index, ids) => reaches(options.cuts[index], ids, found) }),
        body,
      )
    },
  }
}

/** The ids of things that the answer names, by resource. */
function thingsIn(options: WholeCutterOptions, body: Buffer): ReadonlyMap<string, ReadonlySet<string>> {
  const things = new Map<string, Set<string>>()
  const collect = (index: number, ids: readonly number[]): true => {
    const resource = options.cuts[index]?.resource
    if (resource === undefined) return true
    const known = things.get(resource) ?? new Set()
    things.set(resource, known)
    for (const id of ids) known.add(String(id))
    if (known.size > maxThings) throw unreadable(`more than ${maxThings} things would have to be looked up`)
    return true
  }
  wholeOf(createCutter({ ...options, reaches: collect }), body)
  return things
}

async function lookedUp(
  { lookUp }: WholeCutterOptions,
  things: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<ReadonlyMap<string, ThingLists>> {
  const found = [...things].map(async ([resource, ids]) => [resource, await lookUp(resource, [...ids])] as const)
  return new Map(await Promise.all(found))
}

function reaches(cut: Cut | undefined, ids: readonly number[], found: ReadonlyMap<string, ThingLists>): boolean {
  if (cut === undefined) return false
  if (cut.resource === undefined) return showsAny(cut, ids)
  const lists = found.get(cut.resource)
  return ids.some((id) => showsAny(cut, lists?.get(String(id)) ?? []))
}

/** Whether one of these lists is among those that may show. */
export function showsAny(cut: Cut, lists: readonly number[]): boolean {
  const visible: ReadonlySet<number> = cut.visible
  return lists.some((list) => visible.has(list))
}

const wholeOf = (cutter: Cutter, body: Buffer): Buffer => Buffer.concat([cutter.write(body), cutter.end()])
