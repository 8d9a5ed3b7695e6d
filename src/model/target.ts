/** The canonical reading of a request target: the only one later stages see, and what is written to the upstream. */

export interface Target {
  /** Canonical path: decoded once, judged, written with upper-case escapes where one is needed. */
  readonly path: string
  /** The path's segments, decoded; `/api/lists/5` is `['api', 'lists', '5']`, `/` is `['']`. */
  readonly segments: readonly string[]
  /** Query pairs in order, decoded. */
  readonly query: readonly (readonly [name: string, value: string])[]
}
