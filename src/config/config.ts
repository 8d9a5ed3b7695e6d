/** What `sallyport.yaml`, the environment and the flags say together: frozen, complete, every default filled in. */
import type { TenantName } from '../model/ids.ts'
import type { PartialMode } from '../policy/rule.ts'

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

export interface TlsFiles {
  readonly certFile: string
  readonly keyFile: string
}

/** What the upstream is shown: the tenant's service credential, or the caller's own. */
export type UpstreamCredential =
  | { readonly kind: 'none' }
  | { readonly kind: 'caller' }
  /** `Authorization: token user:token` or `Basic`. */
  | { readonly kind: 'service'; readonly scheme: 'token' | 'basic'; readonly user: string; readonly secret: string }

/** When a member is left alone because requests to it fail. */
export interface BreakerConfig {
  /** Connections in a row that fail. */
  readonly connectFailures: number
  /** Or this share of requests, in percent, … */
  readonly failurePercent: number
  /** … of at least so many … */
  readonly minRequests: number
  /** … within this time. */
  readonly windowMs: number
  /** How long it is left alone; then one request is let through. */
  readonly openMs: number
}

/** What each member is asked again and again. */
export interface ProbeConfig {
  readonly path: string
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Good answers in a row that bring a member back. */
  readonly healthy: number
  /** Bad answers in a row that take it out. */
  readonly unhealthy: number
  /** The statuses of good answers, each from first to last. */
  readonly statuses: readonly StatusRange[]
}

export interface StatusRange {
  readonly first: number
  readonly last: number
}

export interface UpstreamConfig {
  /** The members of one backend, each an origin: `http://127.0.0.1:9000`; no path, no user information. */
  readonly urls: readonly [string, ...string[]]
  readonly credential: UpstreamCredential
  /** Sent as `Host`; `undefined`: the url's own. */
  readonly host: string | undefined
  /** PEM file of the authority that signs the upstream's certificate; `undefined`: the system's. */
  readonly caFile: string | undefined
  /** Off only by `insecure_skip_verify: true`, which is logged at every start. */
  readonly verifyTls: boolean
  /** The most connections to each member. */
  readonly connections: number
  /** The most requests under way at all members together. */
  readonly inFlight: number
  /** Requests that may wait for their turn, and how long each may. */
  readonly queue: { readonly size: number; readonly waitMs: number }
  readonly connectTimeoutMs: number
  readonly headersTimeoutMs: number
  /** The longest gap between two pieces of a body; 0 is none. */
  readonly bodyTimeoutMs: number
  /** The whole exchange; 0 is none. */
  readonly totalTimeoutMs: number
  /** The longest silence on a WebSocket, of both sides; 0 is none. */
  readonly idleTimeoutMs: number
  readonly retry: {
    /** Requests sent again, in percent of those of ten seconds. */
    readonly budgetPercent: number
    /** How long a request that is safe to repeat waits for a backend that went away; 0 is not at all. */
    readonly waitMs: number
    /** Requests that may wait like this. */
    readonly held: number
  }
  readonly breaker: BreakerConfig
  /** `undefined`: nothing is asked. */
  readonly probe: ProbeConfig | undefined
}

export interface AuthConfig {
  readonly unauthenticatedStatus: 401 | 403
  readonly realm: string
  readonly bearer: boolean
  readonly apiKey: boolean
}

export interface TenantConfig {
  readonly name: TenantName
  /** Host names (lower case, no port) that mean this tenant; empty: any host (only where there is one tenant). */
  readonly hosts: readonly string[]
  readonly upstream: UpstreamConfig
  /** Name of the policy (`policy:` in one of the files). */
  readonly policy: string
  /** Overrides the policy's `scope.partial`. */
  readonly partial: PartialMode | undefined
  readonly plan: string
  /** Success as the backend sends it, or as its documents have it. */
  readonly contract: 'backend' | 'documented'
  /** The zone of times in the documented contract, in minutes east of UTC. */
  readonly timezoneMinutes: number
  readonly auth: AuthConfig
}

export interface ServerLimits {
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly keepAliveTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly maxRequestsPerSocket: number
  readonly maxConnections: number
  /** At once; trusted proxies are not counted. */
  readonly maxConnectionsPerAddress: number
  /** Bytes a second, on average, after five seconds. */
  readonly minBodyRate: number
  readonly shed: ShedConfig
}

/** When new requests are refused because the process itself is at its end. */
export interface ShedConfig {
  /** How late the event loop may be; 0 is any time. */
  readonly lagMs: number
  /** How much of the heap may be in use. */
  readonly heapPercent: number
  /** How long either must have lasted. */
  readonly afterMs: number
}

/** Sign-in through an identity provider (OpenID Connect). */
export interface OidcConfig {
  /** Where its discovery document is: an https URL, or http on this machine. */
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** What the button on the sign-in page says. */
  readonly label: string
}

export interface AdminConfig {
  readonly listen: ListenAddress
  readonly tls: TlsFiles | undefined
  /** The origin under which people reach it: what links and the identity provider are given; `undefined`: the address of `listen`. */
  readonly publicUrl: string | undefined
  /** A file of 32 random bytes, made at the first start: seals second factors. */
  readonly keyFile: string
  /** A session ends then, whatever comes on it. */
  readonly sessionLifetimeMs: number
  readonly oidc: OidcConfig | undefined
}

export interface Config {
  /** The file it came from, absolute; `undefined` when everything is default or given in code. */
  readonly file: string | undefined
  readonly listen: ListenAddress
  readonly tls: TlsFiles | undefined
  readonly admin: AdminConfig
  readonly policies: string
  readonly store: { readonly file: string }
  readonly tenants: readonly [TenantConfig, ...TenantConfig[]]
  /** CIDR ranges whose `X-Forwarded-*` and `X-Request-Id` are believed. */
  readonly trustedProxies: readonly string[]
  readonly log: { readonly level: 'silent' | 'error' | 'warn' | 'info' | 'debug' }
  readonly drain: { readonly delayMs: number; readonly deadlineMs: number }
  readonly server: ServerLimits
}
