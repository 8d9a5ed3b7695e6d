/** Tokens in the admin API: found under their user, given another label, rotated with overlap. */
import type { Kysely, Transaction } from 'kysely'
import { tokenIdFrom, type TenantName, type TokenId } from '../model/ids.ts'
import { tokenState } from './audit-state.ts'
import type { Note } from './changes.ts'
import { StoreError } from './store-error.ts'
import type { Tables } from './tables.ts'
import { tokenRow, type NewStoredToken } from './tokens.ts'

/** A token under the user to whom it must belong. */
export interface TokenKey {
  readonly tenant: TenantName
  readonly name: string
  readonly id: TokenId
}

/** Throws a `StoreError` of kind `missing` where that user has no such token. */
async function findToken(db: Kysely<Tables>, { tenant, name, id }: TokenKey) {
  const found = await db
    .selectFrom('tokens')
    .innerJoin('users', 'users.id', 'tokens.user_id')
    .select(['tokens.id', 'tokens.user_id', 'tokens.label', 'tokens.not_before'])
    .select(['tokens.expires_at', 'tokens.revoked_at'])
    .where('users.tenant', '=', tenant)
    .where('users.name', '=', name)
    .where('tokens.id', '=', id)
    .executeTakeFirst()
  if (found === undefined) throw new StoreError('missing', `\`${name}\` has no token \`${id}\``)
  return found
}

export async function relabelToken(trx: Transaction<Tables>, key: TokenKey, label: string, note: Note): Promise<void> {
  const found = await findToken(trx, key)
  if (found.label === label) return
  await trx.updateTable('tokens').set({ label }).where('id', '=', key.id).execute()
  const { tenant, name } = key
  note({ action: 'token.label', tenant, name, before: tokenState(found), after: tokenState({ ...found, label }) })
}

/**
 * A new token beside the old one, which ends at `oldEndsAt` at the latest: epoch milliseconds.
 * Throws `conflict` where the old one ended already.
 */
export async function rotateToken(
  trx: Transaction<Tables>,
  key: TokenKey,
  token: NewStoredToken,
  oldEndsAt: number,
  atMs: number,
  note: Note,
): Promise<TokenId> {
  const old = await findToken(trx, key)
  if (old.revoked_at !== null || (old.expires_at !== null && old.expires_at <= atMs)) {
    throw new StoreError('conflict', `the token \`${key.id}\` has ended already: make a new one`)
  }
  const expires = Math.min(oldEndsAt, old.expires_at ?? Infinity)
  await trx.updateTable('tokens').set({ expires_at: expires }).where('id', '=', key.id).execute()
  const row = tokenRow(old.user_id, token, atMs)
  const { id } = await trx.insertInto('tokens').values(row).returning('id').executeTakeFirstOrThrow()
  const { tenant, name } = key
  const before = tokenState(old)
  const after = {
    old: tokenState({ ...old, expires_at: expires }),
    new: tokenState({ ...row, id, revoked_at: null }),
  }
  note({ action: 'token.rotate', tenant, name, before, after })
  return tokenIdFrom(id)
}
