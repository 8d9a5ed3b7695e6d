/** The canonical reading of a request target: the only one later stages see, and what is written to the upstream. */

export interface Target {
  /** Canonical path: decoded once, judged, written with upper-case escapes where one is needed. */
  readonly path: string
  /** The path's segments, decoded; `/api/lists/5` is `['api', 'lists', '5']`, `/` is `['']`, `/a/` is `['a', '']`. */
  readonly segments: readonly string[]
  /** Query pairs in order, decoded. */
  readonly query: QueryPairs
}

export type QueryPairs = readonly (readonly [name: string, value: string])[]

/** The origin-form target of a canonical path and decoded pairs: what is judged is what is written here. */
export function writeTarget(path: string, query: QueryPairs): string {
  let target = path
  let separator = '?'
  for (const [name, value] of query) {
    target += `${separator}${escapeQuery(name)}=${escapeQuery(value)}`
    separator = '&'
  }
  return target
}

/**
 * The canonical path of decoded segments. Escaped is exactly what Go's net/url escapes in a path, so that a Go backend
 * finds nothing unusual in it and routes on the decoded text, which is what was judged here: on any other spelling
 * `URL.RawPath` is set, and routers like Echo's compare the escaped text.
 */
export function writePath(segments: readonly string[]): string {
  let path = ''
  for (const segment of segments) path += `/${escapeSegment(segment)}`
  return path
}

const unreserved = /^[A-Za-z0-9._~-]*$/

function escapeSegment(segment: string): string {
  if (unreserved.test(segment)) return segment
  return escapeQuery(segment).replace(/%(?:24|26|2B|2C|3A|3D|40)/g, decodeURIComponent)
}

/** Everything but the unreserved characters of RFC 3986 is escaped; a space is `%20`, which nobody takes for a plus. */
export function escapeQuery(text: string): string {
  if (unreserved.test(text)) return text
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
