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
  managed_roles: ManagedRolesTable
  managed_plans: ManagedPlansTable
  tenant_plans: TenantPlansTable
  passwords: PasswordsTable
  totp: TotpTable
  recovery_codes: RecoveryCodesTable
  sessions: SessionsTable
  links: LinksTable
  oidc_subjects: OidcSubjectsTable
  once: OnceTable
}

interface UsersTable {
  id: Generated<number>
  tenant: string
  name: string
  kind: 'api' | 'person'
  status: 'enabled' | 'disabled'
  created_at: number
  updated_at: number
  version: Generated<number>
  plan: string | null
  /** Lower case; of people only, and each once. */
  email: string | null
  note: Generated<string>
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

/** Roles made in the admin API, beside those in files. `definition` is a JSON object, see managed.ts. */
interface ManagedRolesTable {
  tenant: string
  kind: 'user' | 'list'
  name: string
  description: string
  definition: string
  version: number
  created_at: number
  updated_at: number
}

interface ManagedPlansTable {
  tenant: string
  name: string
  description: string
  definition: string
  version: number
  created_at: number
  updated_at: number
}

/** The plan that takes the place of the one in a tenant's configuration; null: none does. */
interface TenantPlansTable {
  tenant: string
  plan: string | null
  version: number
}

interface PasswordsTable {
  user_id: number
  /** `$argon2id$v=19$m=…,t=…,p=…$salt$hash` */
  phc: string
  changed_at: number
}

interface TotpTable {
  user_id: number
  /** Sealed, see people/seal.ts. */
  secret: string
  /** null: shown, and not yet proved. */
  confirmed_at: number | null
  /** The time step of the last code that was taken: none is taken twice (RFC 6238 §5.2). */
  last_step: number
}

interface RecoveryCodesTable {
  user_id: number
  sha256: Uint8Array
  used_at: number | null
}

interface SessionsTable {
  id: Generated<number>
  user_id: number
  sha256: Uint8Array
  method: 'password' | 'oidc' | 'link'
  /** 1 or 0: whether a second factor was shown. */
  second_factor: number
  address: string
  agent: string
  created_at: number
  seen_at: number
  expires_at: number
}

/** One-time links: to set the first administrator up, and for people to set a password. */
interface LinksTable {
  sha256: Uint8Array
  purpose: 'setup' | 'password'
  user_id: number | null
  created_at: number
  expires_at: number
}

interface OidcSubjectsTable {
  issuer: string
  subject: string
  user_id: number
  created_at: number
}

/** Requests that were carried out under a key of their own: the same one again changes nothing. */
interface OnceTable {
  key: string
  fingerprint: string
  /** JSON. */
  result: string
  at: number
}
