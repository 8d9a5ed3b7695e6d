/** What a request carries from stage to stage. Each stage writes its own fields and reads those of the stages before it. */
import type {} from 'fastify'
import type { TenantConfig } from './config/config.ts'
import type { Decision, PageWindow } from './model/decision.ts'
import type { Failure } from './model/failure.ts'
import type { RequestId } from './model/ids.ts'
import type { Principal } from './model/identity.ts'
import type { Upstream, UpstreamFailure } from './model/ports.ts'
import type { ScreenedHeaders } from './model/screened-headers.ts'
import type { Target } from './model/target.ts'
import type { Grants } from './policy/grants.ts'
import type { Match } from './policy/routes.ts'
import type { Policy } from './policy/rule.ts'

/** One tenant at work: its configuration and what was built from it. Swapped whole on a reload. */
export interface Tenant {
  readonly config: TenantConfig
  readonly policy: Policy
  readonly upstream: Upstream
}

/** Where the caller stands with their quota. */
export interface Quota {
  readonly name: string
  readonly limit: number
  readonly remaining: number
  readonly windowSeconds: number
  /** Seconds until the quota is whole again, rounded up. */
  readonly resetSeconds: number
}

/** What goes to the upstream in place of the caller's own: written from the judged values. */
export interface Outgoing {
  readonly target: string
  /** `stream`: the caller's body passes unread; a Buffer was read, judged and written anew (or, multipart, checked). */
  readonly body: 'none' | 'stream' | Buffer
  /** The content type to send in place of the caller's; `undefined`: theirs. */
  readonly contentType: string | undefined
  /** The page that the caller asked for, where the backend is asked for everything and the answer is paged here. */
  readonly window: PageWindow | undefined
}

export interface Gate {
  // observe
  requestId: RequestId
  traceparent: string
  startedAtMs: number
  clientAddress: string
  // screen
  /** `undefined` where they were refused. */
  headers: ScreenedHeaders | undefined
  tenant: Tenant | undefined
  target: Target | undefined
  match: Match | undefined
  // authenticate
  principal: Principal | undefined
  /** The user name that was given, cleaned, also when the credential was refused. */
  claimedName: string | undefined
  // authorize
  grants: Grants | undefined
  // limit
  quota: Quota | undefined
  // scope
  decision: Decision | undefined
  outgoing: Outgoing | undefined
  // forward
  upstreamStatus: number | undefined
  upstreamMs: number | undefined
  /** The origin of the member that answered. */
  upstreamAddress: string | undefined
  upstreamFailure: UpstreamFailure | undefined
  // respond
  failure: Failure | undefined
  bytesIn: number
  bytesOut: number
}

declare module 'fastify' {
  interface FastifyRequest {
    gate: Gate
  }
}
