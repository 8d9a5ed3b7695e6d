/** Who a credential belongs to, as the store knows them. */
import type { ListId, TenantName, TokenId, UserId } from './ids.ts'

/** A token as it is stored: only its SHA-256. Times are epoch milliseconds. */
export interface StoredToken {
  readonly id: TokenId
  /** SHA-256 of the token's UTF-8 bytes, 32 bytes. */
  readonly sha256: Buffer
  readonly label: string
  readonly createdAt: number
  /** Not valid before this time; `undefined` means from the start. */
  readonly notBefore: number | undefined
  /** Not valid at or after this time; `undefined` means it does not expire. */
  readonly expiresAt: number | undefined
  readonly revokedAt: number | undefined
}

/** A list that a user holds directly, beside list roles: made by them, or granted to them alone. */
export interface DirectGrant {
  readonly list: ListId
  readonly get: boolean
  readonly manage: boolean
  /** Epoch milliseconds; grants nothing at or after it. */
  readonly until: number | undefined
}

/** One user of one tenant with all that is needed to judge a credential. Frozen: a change makes a new object. */
export interface Identity {
  readonly tenant: TenantName
  readonly id: UserId
  readonly name: string
  readonly kind: 'api' | 'person'
  readonly status: 'enabled' | 'disabled'
  /** Names of user roles. A name that no file and no store knows grants nothing. */
  readonly roles: readonly string[]
  /** Names of list roles. */
  readonly listRoles: readonly string[]
  /** In the order of the lists. */
  readonly listGrants: readonly DirectGrant[]
  /** The rate plan of their own, in place of their tenant's. */
  readonly plan: string | undefined
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly updatedAt: number
  readonly tokens: readonly StoredToken[]
}

/** How the caller named themselves. */
export type AuthMethod = 'basic' | 'token' | 'bearer' | 'api-key'

/** An authenticated caller: an enabled identity and the token that proved it. */
export interface Principal {
  readonly identity: Identity
  readonly token: StoredToken
  readonly method: AuthMethod
}
