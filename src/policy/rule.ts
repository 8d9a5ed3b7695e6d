/** A compiled policy: what `load` makes of the files, frozen, ready for look-ups only. */
import type { AdminPermission } from '../model/admin-permission.ts'
import type { Comparison } from '../model/comparison.ts'
import type { PagingRule } from '../model/decision.ts'
import type { ListNeed, Need, Permission } from '../model/permission.ts'
import type { Place } from '../model/problem.ts'
import type { BodyShape } from './body-shape.ts'
import type { ListNames } from './list-names.ts'
import type { PolicySource } from './source.ts'

/** Who may call a route before its lists are looked at. */
export type Allow =
  | { readonly kind: 'public' }
  | { readonly kind: 'authenticated' }
  | { readonly kind: 'any-of'; readonly permissions: readonly [Permission, ...Permission[]] }

/** What an absent or empty place means. */
export type Absent = 'none' | 'empty' | 'fill' | 'refuse' | 'everywhere'

/** Where list ids stand in the request. `path` of a body or part is a dotted path; `[]` goes into every element (`lists[].id`). */
export type ListDemand = PathDemand | NamedDemand | StoredDemand

interface Demand {
  readonly need: ListNeed
  /** Permissions of the user role that count as the `all` permission for this place. */
  readonly unless: readonly Permission[]
}

export interface PathDemand extends Demand {
  readonly in: 'path'
  readonly name: string
}

export interface NamedDemand extends Demand {
  readonly in: 'query' | 'body' | 'part'
  /** The multipart part, for `in: part`. */
  readonly part: string | undefined
  readonly name: string
  readonly absent: Absent
  /** Overrides the mode of tenant and policy for this place: `refuse` where a part of what was asked is never meant. */
  readonly partial: PartialMode | undefined
  /** Who is not filled in: holders of all of these; `undefined`: holders of the `all` permission. */
  readonly fillUnless: readonly Permission[] | undefined
  /** The backend intersects several ids: two or more are one call each, or refused. */
  readonly intersects: boolean
  /** Of this resource (looked up for another demand), the lists out of reach are kept in what is sent. */
  readonly keeps: string | undefined
}

export interface StoredDemand extends Demand {
  readonly in: 'stored'
  readonly resource: string
  /** `path.id`, `query.id`, `body.ids`, … */
  readonly id: { readonly in: 'path' | 'query' | 'body'; readonly name: string }
  readonly of: 'any' | 'all'
  /** What it means that the request names no such thing. */
  readonly absent: 'none' | 'another' | 'refuse'
}

/** An extra demand when a parameter is used (or `is` one of the given values). */
export interface When {
  readonly in: 'query' | 'body' | 'part'
  readonly part: string | undefined
  readonly name: string
  readonly is: readonly string[] | undefined
  /** Names of headers in lower case: asks when an object in the place holds one of them. Not of `in: query`. */
  readonly named?: readonly string[]
  /** A value that is one of these asks nothing; it is sent in canonical spelling. Of `in: query` only. */
  readonly except: readonly Comparison[]
  readonly allow: readonly Permission[]
  readonly everywhere: Need | undefined
  /** A resource: of its things every list must be managed, where `of: any` would do otherwise. */
  readonly every: string | undefined
}

/** A query parameter: text or a canonical id, once or repeated. */
export type QueryType = 'one' | 'many' | 'id' | 'ids'
export type QueryShape =
  | { readonly kind: 'any' }
  | {
      readonly kind: 'declared'
      readonly parameters: ReadonlyMap<string, QueryType>
      /** Parameters of the gateway's own, by name: each is sent as another parameter. */
      readonly aliases: ReadonlyMap<string, Alias>
    }

/** `email=x` is sent as `query=subscribers.email='x'`. */
export interface Alias {
  readonly parameter: string
  readonly comparison: Comparison
}

/** What is done to the answer. Paths as in `data.results[]`; `by` names the id inside an item. */
export interface AnswerDemand {
  readonly act: 'keep' | 'mask' | 'refuse'
  readonly path: string
  readonly by: string
  readonly need: ListNeed
  readonly pages: boolean | PagingRule
  /** Items are things of this resource, whose lists are looked up; `undefined`: `by` names list ids themselves. */
  readonly resource: string | undefined
  readonly unless: readonly Permission[]
}

/** What the gateway answers itself, for its own caller, in the backend's shape. */
export type Own = 'profile' | 'logout' | 'openapi'

export interface Grant {
  /** Dotted path of the new list's id in the answer. */
  readonly from: string
  readonly need: readonly Need[]
  /** Target of the DELETE, `{id}` in it, that undoes the list when the grant cannot be written. */
  readonly undo: string | undefined
}

/** Where a route that deletes lists names them; no grant of before holds on them afterwards. */
export interface Retire {
  readonly in: 'path' | 'query'
  readonly name: string
}

export interface Rule {
  /** `METHOD /path/:id`. */
  readonly id: string
  readonly method: string
  readonly path: string
  readonly at: Place
  readonly allow: Allow
  readonly query: QueryShape
  readonly body: BodyShape
  readonly lists: readonly ListDemand[]
  readonly when: readonly When[]
  readonly everywhere: Need | undefined
  readonly answer: readonly AnswerDemand[]
  readonly grant: Grant | undefined
  readonly retire: Retire | undefined
  readonly own: Own | undefined
  /** Rate class; every class is one of the rate plans'. */
  readonly limit: string
  readonly cost: number
  /** Whole-exchange limit in milliseconds; `undefined`: the upstream's own; 0: none (endless streams). */
  readonly timeoutMs: number | undefined
  readonly gone: string | undefined
  /** The caller's own Authorization and cookies go on to the backend (public routes that have their own sign-in). */
  readonly credential: 'strip' | 'pass'
  readonly websocket: boolean
}

export interface ScopeAccess {
  /** The permission inside a list role. */
  readonly role: Permission
  /** The permission of a user role that supersedes it. */
  readonly all: Permission
}

export interface ListScope {
  readonly get: ScopeAccess
  readonly manage: ScopeAccess
  readonly partial: PartialMode
  /** An id that matches nothing at the backend; sent where `absent: fill` finds no list. `undefined`: such a call is refused. */
  readonly none: number | undefined
}

/** What happens to a request that names some lists out of reach. */
export type PartialMode = 'refuse' | 'narrow'

export interface Resource {
  readonly name: string
  /** Target with `{id}` or `{email}` in it. */
  readonly from: string
  readonly key: 'id' | 'email'
  readonly lists: string
  readonly absent: readonly number[]
}

/** How to tell that the backend refuses the gateway's own credential. */
export interface CredentialRefused {
  readonly status: readonly number[]
  readonly messages: readonly string[]
}

export interface Policy {
  readonly name: string
  readonly permissions: ReadonlySet<Permission>
  readonly scope: ListScope
  /** `undefined`: lists have no names here. */
  readonly names: ListNames | undefined
  readonly resources: ReadonlyMap<string, Resource>
  readonly rules: readonly Rule[]
  readonly credentialRefused: CredentialRefused | undefined
}

export interface UserRole {
  readonly name: string
  readonly permissions: readonly Permission[]
  /** What it opens in the admin API and pages of the gateway itself. */
  readonly admin: readonly AdminPermission[]
  readonly at: Place
}

export interface ListGrant {
  readonly list: number
  readonly get: boolean
  readonly manage: boolean
  /** Epoch milliseconds; grants nothing at or after it. */
  readonly until: number | undefined
}

export interface ListRole {
  readonly name: string
  readonly grants: readonly ListGrant[]
  readonly at: Place
}

export interface RateClass {
  readonly name: string
  readonly limit: number
  readonly windowMs: number
}

export interface RatePlan {
  readonly name: string
  readonly classes: ReadonlyMap<string, RateClass>
}

export interface Limits {
  readonly plans: ReadonlyMap<string, RatePlan>
  /** Failed credentials an address. */
  readonly failures: RateClass
  /** Requests of one caller that may be under way at once. */
  readonly inFlight: number
}

/** Everything under `policies/`, loaded at once. */
export interface PolicySet {
  readonly policies: ReadonlyMap<string, Policy>
  readonly userRoles: ReadonlyMap<string, UserRole>
  readonly listRoles: ReadonlyMap<string, ListRole>
  readonly limits: Limits
  /** The files as they were read, for those who look rules up by `file:line`. */
  readonly sources: readonly PolicySource[]
}
