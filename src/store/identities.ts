/** Reads one user with all that is needed to judge a credential. */
import type { Kysely } from 'kysely'
import type { DirectGrant, Identity, StoredToken } from '../model/identity.ts'
import { listIdFrom, tokenIdFrom, userIdFrom, type TenantName } from '../model/ids.ts'
import type { Tables } from './tables.ts'

/** Five look-ups by index in one transaction, so that they see one moment. */
export function findIdentity(db: Kysely<Tables>, tenant: TenantName, name: string): Promise<Identity | undefined> {
  return db.transaction().execute(async (trx) => {
    const user = await trx
      .selectFrom('users')
      .select(['id', 'kind', 'status', 'plan', 'created_at', 'updated_at'])
      .where('tenant', '=', tenant)
      .where('name', '=', name)
      .executeTakeFirst()
    if (user === undefined) return undefined
    return Object.freeze({
      tenant,
      id: userIdFrom(user.id),
      name,
      kind: user.kind,
      status: user.status,
      roles: await rolesOf(trx, 'user_roles_of', user.id),
      listRoles: await rolesOf(trx, 'list_roles_of', user.id),
      listGrants: await listGrantsOf(trx, user.id),
      plan: user.plan ?? undefined,
      createdAt: user.created_at,
      updatedAt: user.updated_at,
      tokens: await tokensOf(trx, user.id),
    })
  })
}

async function rolesOf(
  db: Kysely<Tables>,
  table: 'user_roles_of' | 'list_roles_of',
  userId: number,
): Promise<readonly string[]> {
  const rows = await db.selectFrom(table).select('role').where('user_id', '=', userId).orderBy('role').execute()
  return Object.freeze(rows.map((row) => row.role))
}

async function listGrantsOf(db: Kysely<Tables>, userId: number): Promise<readonly DirectGrant[]> {
  const rows = await db
    .selectFrom('list_grants')
    .select(['list', 'get', 'manage', 'until'])
    .where('user_id', '=', userId)
    .where('withheld_by', 'is', null)
    .orderBy('list')
    .execute()
  return Object.freeze(
    rows.flatMap((row) => {
      const list = listIdFrom(row.list)
      const grant = { get: row.get === 1, manage: row.manage === 1, until: row.until ?? undefined }
      return list === undefined ? [] : [Object.freeze({ list, ...grant })]
    }),
  )
}

async function tokensOf(db: Kysely<Tables>, userId: number): Promise<readonly StoredToken[]> {
  const rows = await db
    .selectFrom('tokens')
    .select(['id', 'sha256', 'label', 'created_at', 'not_before', 'expires_at', 'revoked_at'])
    .where('user_id', '=', userId)
    .orderBy('id')
    .execute()
  return Object.freeze(
    rows.map((row) =>
      Object.freeze({
        id: tokenIdFrom(row.id),
        sha256: Buffer.from(row.sha256),
        label: row.label,
        createdAt: row.created_at,
        notBefore: row.not_before ?? undefined,
        expiresAt: row.expires_at ?? undefined,
        revokedAt: row.revoked_at ?? undefined,
      }),
    ),
  )
}
