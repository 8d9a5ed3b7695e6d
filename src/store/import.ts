/** Many users at once: all of them, or none. */
import type { Transaction } from 'kysely'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { tokenState } from './audit-state.ts'
import type { Note } from './changes.ts'
import { chunks } from './chunks.ts'
import { StoreError, type NamedUser } from './store-error.ts'
import type { Tables } from './tables.ts'
import { tokenRow, type NewStoredToken } from './tokens.ts'
import type { NewUser } from './users.ts'

export interface ImportedUser extends NewUser {
  readonly tokens: readonly NewStoredToken[]
}

/** Throws a `StoreError` of kind `conflict` that names all users that exist already. `onProgress` hears how many were written. */
export async function insertUsers(
  trx: Transaction<Tables>,
  users: Iterable<ImportedUser>,
  atMs: number,
  note: Note,
  onProgress: (written: number) => void,
): Promise<number> {
  const conflicts: NamedUser[] = []
  let written = 0
  for (const chunk of chunks(users)) {
    conflicts.push(...(await insertChunk(trx, chunk, atMs, note)))
    written += chunk.length
    onProgress(written)
    // SQLite answers in the same turn: without a pause nothing else of this process would run until the end.
    await nextTurn()
  }
  if (conflicts.length > 0) throw conflictError(conflicts)
  return written
}

async function insertChunk(
  trx: Transaction<Tables>,
  users: readonly ImportedUser[],
  atMs: number,
  note: Note,
): Promise<readonly NamedUser[]> {
  const inserted = await trx
    .insertInto('users')
    .values(
      users.map(({ tenant, name, kind }) => ({
        tenant,
        name,
        kind,
        status: 'enabled' as const,
        created_at: atMs,
        updated_at: atMs,
      })),
    )
    .onConflict((conflict) => conflict.columns(['tenant', 'name']).doNothing())
    .returning(['id', 'tenant', 'name'])
    .execute()
  // The order of returned rows is nobody's promise (sqlite.org/lang_returning.html).
  const ids = new Map(inserted.map(({ id, tenant, name }) => [JSON.stringify([tenant, name]), id]))
  const conflicts: NamedUser[] = []
  const written: { readonly id: number; readonly user: ImportedUser }[] = []
  const roles: Role[] = []
  const listRoles: Role[] = []
  const tokens: ReturnType<typeof tokenRow>[] = []
  for (const user of users) {
    const key = JSON.stringify([user.tenant, user.name])
    const id = ids.get(key)
    // A user that stands twice in what is imported conflicts with itself.
    ids.delete(key)
    if (id === undefined) {
      conflicts.push({ tenant: user.tenant, name: user.name })
      continue
    }
    written.push({ id, user })
    for (const role of new Set(user.roles)) roles.push({ user_id: id, role })
    for (const role of new Set(user.listRoles)) listRoles.push({ user_id: id, role })
    for (const token of user.tokens) tokens.push(tokenRow(id, token, atMs))
  }
  for (const rows of chunks(roles)) await trx.insertInto('user_roles_of').values(rows).execute()
  for (const rows of chunks(listRoles)) await trx.insertInto('list_roles_of').values(rows).execute()
  const made = await insertTokens(trx, tokens)
  for (const { id, user } of written) {
    const { tenant, name, kind } = user
    const roleNames = { roles: distinct(user.roles), list_roles: distinct(user.listRoles) }
    const after = { kind, status: 'enabled', ...roleNames, tokens: (made.get(id) ?? []).map(tokenState) }
    note({ action: 'user.import', tenant, name, before: undefined, after })
  }
  return conflicts
}

/** By user, in the order of ids. */
async function insertTokens(trx: Transaction<Tables>, tokens: readonly ReturnType<typeof tokenRow>[]) {
  const made = []
  for (const rows of chunks(tokens)) {
    const inserted = trx
      .insertInto('tokens')
      .values(rows)
      .returning(['id', 'user_id', 'label', 'not_before', 'expires_at', 'revoked_at'])
    made.push(...(await inserted.execute()))
  }
  made.sort((one, other) => one.id - other.id)
  return Map.groupBy(made, (row) => row.user_id)
}

const distinct = (names: readonly string[]): readonly string[] => [...new Set(names)].sort()

interface Role {
  readonly user_id: number
  readonly role: string
}

function conflictError(conflicts: readonly NamedUser[]): StoreError {
  const shown = conflicts.slice(0, 5).map(({ tenant, name }) => `\`${tenant}/${name}\``)
  const more = conflicts.length > shown.length ? ` and ${conflicts.length - shown.length} more` : ''
  return new StoreError(
    'conflict',
    `users that exist already: ${shown.join(', ')}${more} - take them out, or delete them first; nothing was imported`,
    { conflicts },
  )
}
