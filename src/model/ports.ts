/** What the stages need from outside, as narrow as it can be. Each port has one contract suite in test/contracts. */
import type { Duplex, Readable } from 'node:stream'
import type { By } from './author.ts'
import type { DirectGrant, Identity } from './identity.ts'
import type { ListId, RequestId, TenantName, TokenId } from './ids.ts'

/**
 * Where identities come from. `find` rejects with any error while the store is away;
 * `undefined` means that there is no such user.
 */
export interface CredentialSource {
  find(tenant: TenantName, name: string): Promise<Identity | undefined>
  /** Calls back for each user that changed (in this process or another); `undefined` means any user may have. Returns how to stop. */
  onChange(listener: (changed: { readonly tenant: TenantName; readonly name: string } | undefined) => void): () => void
  /** Notes that a token was used at `epochMs`; written in batches, never awaited. */
  touch(token: TokenId, epochMs: number): void
}

/** Lists that are about to be deleted at the backend, by tenants that share it. */
export interface Retirement {
  readonly tenants: readonly TenantName[]
  readonly lists: readonly ListId[]
  /** Names this deletion and no other. */
  readonly operation: string
}

/**
 * Who holds which list directly, and which lists are gone. Changes name who makes them (`by`, for the audit log), are
 * written whole or not at all, and reject while the store is away.
 *
 * A deletion is written down before it is sent. From then on nothing but an `_all` permission reaches the list, so that
 * no crash and no lost answer leaves a grant on an id that may come again.
 */
export interface ListLedger {
  /** The lists of the tenant on which list roles grant nothing. Never waits; another object after each change. */
  retired(tenant: TenantName): ReadonlySet<ListId>
  /**
   * Gives the user the list directly. `sinceMs`: the list was made by a request that began then; rejects where the list
   * was deleted after that. Takes the place of the user's grant on it, a withheld one too.
   */
  grantList(
    user: { readonly tenant: TenantName; readonly name: string },
    grant: DirectGrant,
    by: By,
    sinceMs?: number,
  ): Promise<void>
  /** Withholds what list roles and direct grants give on the lists. */
  beginRetirement(retirement: Retirement, by: By): Promise<void>
  /** `gone`: direct grants on the lists are removed for good. `kept`: all is as it was. */
  endRetirement(retirement: Retirement, outcome: 'gone' | 'kept', by: By): Promise<void>
}

/** Flat header list: `[name, value, name, value, …]`. */
export type FlatHeaders = readonly string[]

export interface UpstreamRequest {
  readonly method: string
  /** Origin-form target, canonical. */
  readonly target: string
  readonly headers: FlatHeaders
  readonly body: Buffer | Readable | undefined
  /** Milliseconds from now in which the whole exchange must be over; `undefined` for no limit of the route's own. */
  readonly deadlineMs: number | undefined
}

/** The RFC 9209 name goes to the log; the code to the client. */
export interface UpstreamFailure {
  readonly code:
    | 'upstream-refused'
    | 'upstream-reset'
    | 'upstream-dns'
    | 'upstream-tls'
    | 'upstream-protocol'
    | 'upstream-connect-timeout'
    | 'upstream-timeout'
    | 'upstream-deadline'
    | 'upstream-unavailable'
    | 'overloaded'
    | 'body-too-large'
    | 'body-unreadable'
    | 'internal'
  readonly proxyError: string
  /** `queue`, `connect`, `send`, `wait` or `body`. */
  readonly phase: string
  readonly cause: unknown
  /** Of what was not even tried: when it may be worth to come again. */
  readonly retryAfterSeconds?: number
}

/** Where an upstream's answer goes. After `end` or `failed` nothing more is called. */
export interface UpstreamSink {
  /** `member`: the origin of the one that answers. */
  head(status: number, headers: FlatHeaders, member?: string): void
  /** `false` asks for a pause until `resume` of the exchange is called. */
  data(chunk: Buffer): boolean
  end(): void
  failed(failure: UpstreamFailure): void
}

export interface Exchange {
  resume(): void
  /** Gives the exchange up; the sink is not called again. */
  abort(): void
}

/** Where an upgrade goes. One of them is called, once. */
export interface UpgradeSink {
  /** The backend changed protocols: its connection is the sink's now, what came behind the head in it. */
  opened(headers: FlatHeaders, socket: Duplex, member: string): void
  /** It did not, or could not be asked. */
  failed(failure: UpstreamFailure): void
}

/** One backend of one or more members. Nothing is sent twice that is not safe to repeat. */
export interface Upstream {
  readonly name: string
  exchange(request: UpstreamRequest, sink: UpstreamSink): Exchange
  /** Asks for a WebSocket; the headers hold its opening. Returns how to give it up, as long as the sink has heard nothing. */
  upgrade(request: UpstreamRequest, sink: UpgradeSink): () => void
  /** How its members are now. */
  health(): UpstreamHealth
  close(): Promise<void>
}

export interface UpstreamHealth {
  readonly name: string
  /** Requests under way, waiting for their turn, and waiting for a member to come back. */
  readonly inFlight: number
  readonly queued: number
  readonly held: number
  /** WebSockets that are open. */
  readonly tunnels: number
  readonly members: readonly MemberHealth[]
}

/**
 * `healthy`: it is asked. `ejected`: its answers to probes are bad. `open`: requests to it failed, it is left alone.
 * `half-open`: one request finds out whether it is well again.
 */
export type MemberState = 'healthy' | 'ejected' | 'open' | 'half-open'

export interface MemberHealth {
  /** Its origin; never a credential. */
  readonly url: string
  readonly state: MemberState
  /** Epoch milliseconds. */
  readonly sinceMs: number
  readonly inFlight: number
  /** Whether its connections are kept for further requests. */
  readonly keepsConnections: boolean
  readonly lastFailure: MemberFailure | undefined
}

export interface MemberFailure {
  readonly code: UpstreamFailure['code']
  /** RFC 9209 name. */
  readonly proxyError: string
  /** Epoch milliseconds. */
  readonly atMs: number
}

/** Told when the state of a member changes. */
export interface MemberChange {
  readonly upstream: string
  readonly member: string
  readonly from: MemberState
  readonly to: MemberState
  /** What it failed with last, where that is why. */
  readonly failure: UpstreamFailure | undefined
}

/** A kind of stored thing, and how it is looked up (`resources` of a policy). */
export interface ThingKind {
  readonly name: string
  /** Target with `{id}` or `{email}` in it. */
  readonly from: string
  readonly key: 'id' | 'email'
  /** Where the answer holds list ids: `data.lists[].id`; of two arrays the outer one holds the things. */
  readonly lists: string
  /** Statuses that mean: no such thing. */
  readonly absent: readonly number[]
}

/** The request for which things are looked up. */
export interface Asker {
  readonly requestId: RequestId
  readonly traceparent: string
  readonly clientAddress: string
  /** The caller's own `Authorization`: shown to backends that judge callers themselves, to no others. */
  readonly authorization: string | undefined
  /** The route's own time limit in milliseconds; `undefined` or 0: the upstream's. */
  readonly timeoutMs: number | undefined
}

/** Where the lists of stored things are read: at the backend, anew for each request. */
export interface StoredThings<Tenant> {
  /**
   * The lists of each key's thing, `undefined` where there is no such thing. Keys are canonical ids, or addresses that
   * `parseEmail` gave. How many keys one call may have is the caller's to bound. Rejects with a Failure when the backend
   * does not say.
   */
  listsOf(
    tenant: Tenant,
    kind: ThingKind,
    keys: readonly string[],
    asker: Asker,
  ): Promise<ReadonlyMap<string, readonly ListId[] | undefined>>
}
