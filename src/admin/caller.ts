/** Who asks the admin API: a person with a session, or an API user with a token. */
import type { FastifyRequest } from 'fastify'
import type { Author } from '../model/author.ts'
import type { FailureCode } from '../model/failure.ts'
import type { TokenId } from '../model/ids.ts'
import type { ScreenedHeaders } from '../model/screened-headers.ts'
import type { Session } from '../store/sessions.ts'
import type { Authority } from './authority.ts'

export interface Caller {
  readonly authority: Authority
  /** `undefined`: came with a token. */
  readonly session: Session | undefined
  /** The token that was shown; `undefined`: came with a session. */
  readonly token: TokenId | undefined
  /** What the audit trail says of who it was. */
  readonly author: Author
}

/** What every request of the admin listener carries. */
export interface AdminGate {
  readonly requestId: string
  readonly address: string
  readonly agent: string
  readonly startedAtMs: number
  /** `undefined`: they were not read, or could not be. */
  headers: ScreenedHeaders | undefined
  caller: Caller | undefined
  /** Of the failure that it ended with. */
  code: FailureCode | undefined
}

declare module 'fastify' {
  interface FastifyRequest {
    admin: AdminGate
  }
}

/** The author of what is done before anybody is known: the request, and from where. */
export const strangerOf = ({ admin }: FastifyRequest): Author => ({
  actor: 'gateway',
  origin: admin.address,
  requestId: admin.requestId,
})
