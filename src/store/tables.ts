/** The tables as queries see them, the same over SQLite and PostgreSQL. Times are epoch milliseconds. */
import type { Generated } from 'kysely'

export interface Tables {
  users: UsersTable
  user_roles_of: RolesTable
  list_roles_of: RolesTable
  tokens: TokensTable
  list_grants: ListGrantsTable
  retired_lists: RetiredListsTable
  changes: ChangesTable
  audit: AuditTable
  audit_head: AuditHeadTable
}

interface UsersTable {
  id: Generated<number>
  tenant: string
  name: string
  kind: 'api' | 'person'
  status: 'enabled' | 'disabled'
  created_at: number
  updated_at: number
}

interface RolesTable {
  user_id: number
  role: string
}

interface TokensTable {
  id: Generated<number>
  user_id: number
  sha256: Uint8Array
  label: string
  created_at: number
  not_before: number | null
  expires_at: number | null
  revoked_at: number | null
  last_used_at: number | null
}

/** Lists that a user holds directly, beside list roles. */
interface ListGrantsTable {
  user_id: number
  list: number
  /** 1 or 0. */
  get: number
  manage: number
  until: number | null
  created_at: number
  /** The deletion of the list under way (or of unknown end) that takes the grant's effect; null: in force. */
  withheld_by: string | null
}

/** Lists that were deleted: no list role grants anything on them. */
interface RetiredListsTable {
  tenant: string
  list: number
  at: number
  /** The deletion that has not ended yet, or whose end is not known; null: the list is gone. */
  pending_by: string | null
}

/** Who changed, in the order of commits: what other processes read to forget what they remember. No name: the tenant's retired lists. */
interface ChangesTable {
  id: Generated<number>
  at: number
  tenant: string
  name: string
}

/** Chained, see audit-chain.ts. The JSON objects never hold a token or its hash. */
interface AuditTable {
  id: number
  at: number
  actor: string
  origin: string | null
  request_id: string | null
  action: string
  subject: string
  details: string
  before: string | null
  after: string | null
  hash: string
}

/** One row: how many rows the audit trail has, and the hash of the last; written with every row. */
interface AuditHeadTable {
  count: number
  last_id: number
  hash: string
}
