/** What a request touches, and what was decided of it. */
import type { ListId } from './ids.ts'
import type { ListNeed, Permission } from './permission.ts'
import type { Place } from './problem.ts'

/** Non-empty by type: naming no list is `absent`, so no "every list" test passes vacuously. */
export type ListIds = readonly [ListId, ...ListId[]]

/**
 * The lists that one place of a request names. `absent` (the place is not there), `empty` (it is there and names none)
 * and `unreadable` are three different things.
 */
export type Reading =
  | { readonly kind: 'absent' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'lists'; readonly ids: ListIds }
  | { readonly kind: 'unreadable'; readonly why: string }

/** Lists of a stored thing: looked up at the backend before deciding. */
export type StoredReading =
  /** One entry a thing, each with the lists it is on; a thing that does not exist has none. */
  | { readonly kind: 'things'; readonly lists: readonly (readonly ListId[])[] }
  /** The request names no such thing. */
  | { readonly kind: 'absent' }
  /** Named, and not looked up. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unreadable'; readonly why: string }

/** What look-ups found, by resource and key: the lists of the thing, `undefined` where there is no such thing. */
export type FoundThings = ReadonlyMap<string, ReadonlyMap<string, readonly ListId[] | undefined>>

/** A value of a declared parameter that a `when` of the rule asks about. */
export type Asked = 'not-used' | 'used' | 'unreadable'

/** All that `decide` looks at: one reading for each of the rule's `lists`, one answer for each of its `when`. */
export interface Scope {
  readonly readings: readonly (Reading | StoredReading)[]
  readonly asked: readonly Asked[]
}

export type AllowReason =
  | 'public'
  | 'authenticated'
  | 'permission'
  /** The `_all` permission supersedes the list role. */
  | 'every-list'
  | 'lists-granted'
  /** Some lists were dropped (`partial: narrow`). */
  | 'lists-narrowed'
  /** The caller's own lists were put in (`absent: fill`). */
  | 'lists-filled'

export type DenyReason =
  | 'credentials-missing'
  | 'permission-missing'
  | 'list-not-granted'
  | 'no-list-granted'
  | 'lists-absent'
  | 'lists-intersect'
  | 'everywhere-not-granted'
  | 'thing-not-granted'
  | 'scope-unreadable'
  | 'gone'

/** Which lists the rule's place number `index` is to hold when the request is sent on. */
export interface Rewrite {
  readonly index: number
  /** Decimal ids; the policy's `none` id where the caller has no list. */
  readonly ids: readonly number[]
}

/** How a backend pages an answer, where it does otherwise than most. */
export interface PagingRule {
  /** How it reports an empty page: with what was asked for, or as page 0 of 0 entries for an empty query. */
  readonly empty: 'as asked' | 'zeros'
  /** The query parameter that makes it answer with everything as one page, and with a bare `[]` where there is nothing. */
  readonly unpaged: string | undefined
}

/** The page that a caller asked for of what is within their reach. `perPage` of 0 is everything. */
export interface PageWindow {
  readonly page: number
  readonly perPage: number
  /** The backend does not page this answer: all of it is one page. */
  readonly isWhole: boolean
}

/** What is to be done to the answer for this caller; what the permission superseding list roles lifts is not among it. */
export interface Cut {
  readonly act: 'keep' | 'mask' | 'refuse'
  /** Items, as in `data.results[]`. */
  readonly path: string
  /** The id inside an item, as in `id` or `lists[].id`. */
  readonly by: string
  /** Paging is made right for what is kept. */
  readonly pages: boolean | PagingRule
  /** The lists that may show; an item stays when one of its ids is among them. */
  readonly visible: ReadonlySet<ListId>
  /** The ids are those of stored things of this resource: one of their lists must be visible. */
  readonly resource: string | undefined
}

/** Which grant decided: a permission and the role that holds it, or a list role. */
export interface Ground {
  readonly permission: Permission | undefined
  readonly role: string | undefined
}

interface Base {
  /** `METHOD /path/:id` as the policy writes it. */
  readonly rule: string
  readonly at: Place
}

export interface Allowed extends Base {
  readonly effect: 'allow'
  readonly reason: AllowReason
  readonly ground: Ground
  /** The lists that the request may touch, `every` for callers whose permission supersedes list roles, `none` if it touches none. */
  readonly lists: readonly ListId[] | 'every' | 'none'
  readonly rewrites: readonly Rewrite[]
  readonly cuts: readonly Cut[]
}

export interface Denied extends Base {
  readonly effect: 'deny'
  readonly reason: DenyReason
  /** Permissions any one of which would do. */
  readonly permissions: readonly Permission[]
  /** The lists out of reach. */
  readonly lists: readonly ListId[]
  readonly need: ListNeed | undefined
  readonly detail: string | undefined
}

/** The one value that everything which explains uses: log, `explain`, cases, diff, replay, admin UI. */
export type Decision = Allowed | Denied
