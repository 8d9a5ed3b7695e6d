/** The list ids in what the backend says of a stored thing. Pure. */
import { listIdFrom, type ListId } from '../model/ids.ts'
import { isArray, isObject, type Json } from '../model/json.ts'
import { jsonAtPath } from '../model/json-at-path.ts'

export type StoredLists =
  | { readonly kind: 'lists'; readonly ids: readonly ListId[] }
  /** An answer about things, and none is in it. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly why: string }

export interface StoredListsReader {
  write(chunk: Buffer): void
  /** What was written, once all of it has come. */
  end(): StoredLists
}

/**
 * `path` as in `data.lists[].id`. Of two arrays (`data.results[].lists[].id`) the outer one holds the things, of which there may be one.
 * Nothing else of the answer is held or judged: what somebody stored beside the lists must not keep others from the thing.
 */
export function storedListsReader(path: string): StoredListsReader {
  const names = path.split('.')
  const reader = jsonAtPath(names.flatMap((name) => (isArrayName(name) ? [nameOf(name), '[]'] : [name])))
  return {
    write: (chunk) => reader.write(chunk),
    end() {
      const reading = reader.end()
      return reading.kind === 'invalid' ? unreadable(reading.why) : listsAt(reading, names, path)
    },
  }
}

function listsAt(reading: { readonly value: Json }, names: readonly string[], path: string): StoredLists {
  const outer = names.findIndex(isArrayName)
  const hasThings = names.slice(outer + 1).some(isArrayName)
  if (!hasThings) return listsOf(reading.value, names)

  const things = at(reading.value, [...names.slice(0, outer), nameOf(names[outer] ?? '')])
  if (!isArray(things)) return unreadable(`\`${path}\` is not there`)
  const [thing, ...others] = things
  if (thing === undefined) return { kind: 'absent' }
  // Whose lists they are could not be told.
  return others.length > 0 ? unreadable('more than one thing') : listsOf(thing, names.slice(outer + 1))
}

function listsOf(thing: Json, names: readonly string[]): StoredLists {
  const values = valuesAt(thing, names)
  if (values === undefined) return unreadable(`\`${names.join('.')}\` is not there`)
  const ids = new Set<ListId>()
  for (const value of values) {
    // A list that was deleted leaves its name behind, and no id.
    if (value === null) continue
    const id = listIdFrom(value)
    if (id === undefined) return unreadable(`\`${names.join('.')}\` holds something other than ids`)
    ids.add(id)
  }
  return { kind: 'lists', ids: [...ids] }
}

const unreadable = (why: string): StoredLists => ({ kind: 'unreadable', why })
const isArrayName = (name: string): boolean => name.endsWith('[]')
const nameOf = (name: string): string => (isArrayName(name) ? name.slice(0, -2) : name)

const at = (value: Json | undefined, names: readonly string[]): Json | undefined =>
  names.reduce<Json | undefined>((held, name) => (isObject(held) ? held[name] : undefined), value)

/** What stands at the end of the path, `undefined` where the path does not go there. `null` for an array is an empty one. */
function valuesAt(value: Json | undefined, [name, ...rest]: readonly string[]): readonly Json[] | undefined {
  if (value === undefined) return undefined
  if (name === undefined) return [value]
  const held = at(value, [nameOf(name)])
  if (!isArrayName(name)) return valuesAt(held, rest)
  if (held === null) return []
  if (!isArray(held)) return undefined
  const found: Json[] = []
  for (const item of held) {
    const values = valuesAt(item, rest)
    if (values === undefined) return undefined
    found.push(...values)
  }
  return found
}
