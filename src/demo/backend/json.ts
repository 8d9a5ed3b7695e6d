/** JSON as Go and PostgreSQL write it: key order, escapes and spaces differ between the two. */

export type Json = null | boolean | number | string | Json[] | JsonObject
export interface JsonObject {
  [key: string]: Json
}

const escapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

/** `value` as Go's encoding/json writes it: `<`, `>`, `&` escaped, keys in the order given. `indent` as in `JSON.stringify`. */
export function goJson(value: unknown, indent?: string): string {
  return JSON.stringify(value, undefined, indent).replace(/[<>&\u2028\u2029]/g, (character) => escapes[character] ?? '')
}

/** `value` with the keys of every object in byte order, as Go writes a map. */
export function goMap(value: Json): Json {
  return reorder(value, (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

/** `value` with the keys of every object in the order in which PostgreSQL keeps `jsonb`: by length, then by bytes. */
export function jsonb(value: Json): Json {
  return reorder(value, byLengthThenBytes)
}

/** The text of a `jsonb` value: a space after each colon and comma. */
export function jsonbText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(jsonbText).join(', ')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const entries = Object.entries(value).toSorted(([a], [b]) => byLengthThenBytes(a, b))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}: ${jsonbText(item)}`).join(', ')}}`
}

function byLengthThenBytes(a: string, b: string): number {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length - right.length || Buffer.compare(left, right)
}

function reorder(value: Json, order: (a: string, b: string) => number): Json {
  if (Array.isArray(value)) return value.map((item) => reorder(item, order))
  if (value === null || typeof value !== 'object') return value
  const keys = Object.keys(value)
  if (keys.length === 0) return {}
  return Object.fromEntries(keys.toSorted(order).map((key) => [key, reorder(value[key] ?? null, order)]))
}
