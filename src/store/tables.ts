/** The tables as queries see them, the same over SQLite and PostgreSQL. Times are epoch milliseconds. */
import type { Generated } from 'kysely'

export interface Tables {
  users: UsersTable
  user_roles_of: RolesTable
  list_roles_of: RolesTable
  tokens: TokensTable
  changes: ChangesTable
  audit: AuditTable
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

/** Who changed, in the order of commits: what other processes read to forget what they remember. */
interface ChangesTable {
  id: Generated<number>
  at: number
  tenant: string
  name: string
}

interface AuditTable {
  id: Generated<number>
  at: number
  actor: string
  action: string
  subject: string
  /** JSON object; never a token or its hash. */
  details: string
}
