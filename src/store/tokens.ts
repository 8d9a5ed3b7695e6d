/** Tokens as they are stored: only hashes. */
import type { Kysely, Transaction } from 'kysely'
import { tokenIdFrom, type TenantName, type TokenId } from '../model/ids.ts'
import { tokenState } from './audit-state.ts'
import type { Note } from './changes.ts'
import { StoreError } from './store-error.ts'
import type { Tables } from './tables.ts'
import { userId } from './users.ts'

/** Times are epoch milliseconds. */
export interface NewStoredToken {
  readonly sha256: Buffer
  readonly label: string
  readonly notBefore: number | undefined
  readonly expiresAt: number | undefined
}

/** A token as people see it: never its hash. */
export interface TokenSummary {
  readonly id: TokenId
  readonly tenant: string
  readonly user: string
  readonly label: string
  readonly createdAt: number
  readonly notBefore: number | undefined
  readonly expiresAt: number | undefined
  readonly revokedAt: number | undefined
  readonly lastUsedAt: number | undefined
}

export interface TokenFilter {
  readonly tenant?: TenantName
  readonly user?: string
  readonly label?: string
  /** Only tokens that hold at `nowMs` and end before this time; epoch milliseconds. */
  readonly endsBefore?: { readonly nowMs: number; readonly beforeMs: number }
  /** The last token of the page before. */
  readonly after?: TokenId
  readonly id?: TokenId
  /** The other way round, newest first; `before`: only those that are older than it. */
  readonly newest?: { readonly before: TokenId | undefined }
  readonly limit: number
}

export async function insertToken(
  trx: Transaction<Tables>,
  { tenant, name }: { readonly tenant: TenantName; readonly name: string },
  token: NewStoredToken,
  atMs: number,
  note: Note,
): Promise<TokenId> {
  const row = tokenRow(await userId(trx, tenant, name), token, atMs)
  const { id } = await trx.insertInto('tokens').values(row).returning('id').executeTakeFirstOrThrow()
  const after = tokenState({ ...row, id, revoked_at: null })
  note({ action: 'token.create', tenant, name, before: undefined, after })
  return tokenIdFrom(id)
}

export const tokenRow = (user: number, token: NewStoredToken, atMs: number) => ({
  user_id: user,
  sha256: token.sha256,
  label: token.label,
  created_at: atMs,
  not_before: token.notBefore ?? null,
  expires_at: token.expiresAt ?? null,
})

/** `false` when it was revoked before; the first time stands. */
export async function markRevoked(trx: Transaction<Tables>, id: TokenId, atMs: number, note: Note): Promise<boolean> {
  const token = await trx
    .selectFrom('tokens')
    .innerJoin('users', 'users.id', 'tokens.user_id')
    .select(['users.tenant', 'users.name', 'tokens.id', 'tokens.label'])
    .select(['tokens.not_before', 'tokens.expires_at', 'tokens.revoked_at'])
    .where('tokens.id', '=', id)
    .executeTakeFirst()
  if (token === undefined) {
    throw new StoreError('missing', `there is no token \`${id}\` - see \`sallyport token list\``)
  }
  if (token.revoked_at !== null) return false
  await trx.updateTable('tokens').set({ revoked_at: atMs }).where('id', '=', id).execute()
  const { tenant, name } = token
  const after = tokenState({ ...token, revoked_at: atMs })
  note({ action: 'token.revoke', tenant, name, before: tokenState(token), after })
  return true
}

/** In the order in which they were made, unless the newest are asked for. */
export async function selectTokens(db: Kysely<Tables>, filter: TokenFilter): Promise<readonly TokenSummary[]> {
  const { tenant, user, label, endsBefore, after, id, newest, limit } = filter
  let query = db
    .selectFrom('tokens')
    .innerJoin('users', 'users.id', 'tokens.user_id')
    .select(['tokens.id', 'users.tenant', 'users.name', 'tokens.label', 'tokens.created_at'])
    .select(['tokens.not_before', 'tokens.expires_at', 'tokens.revoked_at', 'tokens.last_used_at'])
    .orderBy('tokens.id', newest === undefined ? 'asc' : 'desc')
    .limit(limit)
  if (tenant !== undefined) query = query.where('users.tenant', '=', tenant)
  if (user !== undefined) query = query.where('users.name', '=', user)
  if (label !== undefined) query = query.where('tokens.label', '=', label)
  if (after !== undefined) query = query.where('tokens.id', '>', after)
  if (newest?.before !== undefined) query = query.where('tokens.id', '<', newest.before)
  if (id !== undefined) query = query.where('tokens.id', '=', id)
  if (endsBefore !== undefined) {
    query = query
      .where('tokens.revoked_at', 'is', null)
      .where('tokens.expires_at', '>', endsBefore.nowMs)
      .where('tokens.expires_at', '<', endsBefore.beforeMs)
  }
  const rows = await query.execute()
  return rows.map((row) => ({
    id: tokenIdFrom(row.id),
    tenant: row.tenant,
    user: row.name,
    label: row.label,
    createdAt: row.created_at,
    notBefore: row.not_before ?? undefined,
    expiresAt: row.expires_at ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
    lastUsedAt: row.last_used_at ?? undefined,
  }))
}
