/** Places inside a JSON body, as a policy writes them: `lists`, `data.lists`, `lists[].id`. Pure. */
import type { Reading } from '../model/decision.ts'
import { type ListId, listIdFrom } from '../model/ids.ts'
import { isArray, isObject, isRawNumber, type Json, type JsonArray, type JsonObject } from '../model/json.ts'

/** One name of a path; `each` (`name[]`) goes into every element of the array there. */
export interface Step {
  readonly name: string
  readonly each: boolean
}

export const parsePlace = (path: string): readonly Step[] =>
  path.split('.').map((name) => (name.endsWith('[]') ? { name: name.slice(0, -2), each: true } : { name, each: false }))

/** More ids than this in one place are not read. */
export const maxIds = 10_000

/** The list ids at `path`: one id or an array of them where it ends. Anything but integer literals in range is unreadable. */
export function readIds(body: JsonObject, path: string): Reading {
  const found = valuesAt(body, parsePlace(path))
  if (found === 'absent') return { kind: 'absent' }
  const unreadable: Reading = { kind: 'unreadable', why: `\`${path}\` holds something other than integer ids` }
  if (found === 'unreadable') return unreadable

  const ids = new Set<ListId>()
  for (const value of scalarsIn(found)) {
    // An element that names no id is not "no list": the backend may read 0 into it, or everything.
    const id = listIdFrom(value)
    if (id === undefined) return unreadable
    ids.add(id)
    if (ids.size > maxIds) return { kind: 'unreadable', why: `\`${path}\` holds more than ${maxIds} ids` }
  }
  const [first, ...others] = ids
  return first === undefined ? { kind: 'empty' } : { kind: 'lists', ids: [first, ...others] }
}

export type Texts =
  /** Empty when nothing stands there. */
  { readonly kind: 'texts'; readonly texts: readonly string[] } | { readonly kind: 'unreadable' }

/**
 * The scalars at `path` as text: strings as they are, booleans as JSON writes them, numbers by value (`1.0` and `1e0` are `1`,
 * so that no other spelling slips past a comparison). Objects cannot be compared and are unreadable.
 */
export const readText = (body: JsonObject, path: string): Texts =>
  textsAt(body, path, (value) => {
    if (isRawNumber(value)) return [JSON.stringify(Number(value.rawJSON))]
    return typeof value === 'object' ? undefined : [String(value)]
  })

/** The names that the object at `path`, or each of an array of them, holds. Anything else there is unreadable. */
export const readNames = (body: JsonObject, path: string): Texts =>
  textsAt(body, path, (value) => (isObject(value) ? Object.keys(value) : undefined))

/** What `textsOf` makes of each value at `path` that is not null; `undefined` is unreadable. */
function textsAt(
  body: JsonObject,
  path: string,
  textsOf: (value: NonNullable<Json>) => readonly string[] | undefined,
): Texts {
  const found = valuesAt(body, parsePlace(path))
  if (found === 'absent') return { kind: 'texts', texts: [] }
  if (found === 'unreadable') return { kind: 'unreadable' }
  const texts: string[] = []
  for (const value of scalarsIn(found)) {
    if (value === undefined || value === null) continue
    const its = textsOf(value)
    if (its === undefined) return { kind: 'unreadable' }
    // One by one: an object may hold more names than a call takes arguments.
    for (const text of its) texts.push(text)
  }
  return { kind: 'texts', texts }
}

/**
 * The body with exactly `ids` at `path`. Where the path goes into elements, those whose ids are among `ids` stay,
 * narrowed to them; where there is nothing to keep, elements that hold the id alone are made.
 */
export function writeIds(body: JsonObject, path: string, ids: readonly number[]): JsonObject {
  return writeSteps(body, parsePlace(path), ids)
}

/** What stands at the end of a path; `undefined` for an element in which nothing does. `null` counts as nothing. */
function valuesAt(
  holder: Json | undefined,
  steps: readonly Step[],
): readonly (Json | undefined)[] | 'absent' | 'unreadable' {
  if (holder === undefined || holder === null) return 'absent'
  const [step, ...rest] = steps
  if (step === undefined) return [holder]
  if (!isObject(holder)) return 'unreadable'
  const value = holder[step.name]
  if (!step.each) return valuesAt(value, rest)
  if (value === undefined || value === null) return 'absent'
  if (!isArray(value)) return 'unreadable'

  const values: (Json | undefined)[] = []
  for (const item of value) {
    const found = valuesAt(item, rest)
    if (found === 'unreadable') return 'unreadable'
    if (found === 'absent') values.push(undefined)
    else for (const each of found) values.push(each)
  }
  return values
}

/** Values, and in place of an array its elements. */
const scalarsIn = (values: readonly (Json | undefined)[]): readonly (Json | undefined)[] =>
  values.flatMap<Json | undefined>((value) => (isArray(value) ? value : [value]))

function writeSteps(holder: JsonObject | undefined, steps: readonly Step[], ids: readonly number[]): JsonObject {
  const [step, ...rest] = steps
  if (step === undefined) return holder ?? {}
  const written = writeValue(holder?.[step.name], step, rest, ids)
  return Object.assign(Object.create(null) as JsonObject, holder, { [step.name]: written })
}

function writeValue(value: Json | undefined, step: Step, rest: readonly Step[], ids: readonly number[]): Json {
  if (step.each) return writeElements(isArray(value) ? value : [], rest, ids)
  if (rest.length > 0) return writeSteps(isObject(value) ? value : undefined, rest, ids)
  const [only, ...others] = ids
  // A place that holds one id goes on holding one.
  return typeof value === 'number' && only !== undefined && others.length === 0 ? only : ids
}

function writeElements(items: JsonArray, rest: readonly Step[], ids: readonly number[]): JsonArray {
  if (rest.length === 0) return ids
  const wanted = new Set(ids)
  const kept = items.flatMap((item) => {
    const found = valuesAt(item, rest)
    const own = typeof found === 'string' ? [] : scalarsIn(found)
    const left = own.filter((id) => typeof id === 'number' && wanted.has(id)) as number[]
    return left.length === 0 || !isObject(item) ? [] : [writeSteps(item, rest, left)]
  })
  return kept.length > 0 ? kept : ids.map((id) => elementOf(rest, id))
}

/** An element that holds `id` at its place and nothing else. */
function elementOf([step, ...rest]: readonly Step[], id: number): Json {
  if (step === undefined) return id
  const inner = elementOf(rest, id)
  return { [step.name]: step.each ? [inner] : inner }
}
