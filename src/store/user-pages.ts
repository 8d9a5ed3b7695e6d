/** Users page by page, as the admin API asks for them: filtered, and in the order of one of three columns. */
import { sql, type Kysely } from 'kysely'
import type { Identity } from '../model/identity.ts'
import type { TenantName, UserId } from '../model/ids.ts'
import { chunks } from './chunks.ts'
import type { Tables } from './tables.ts'
import { toSummaries, type UserSummary } from './user-summaries.ts'

export type UserOrder = 'name' | 'created_at' | 'updated_at'

export interface UserQuery {
  readonly tenant: TenantName
  /** A part of the name, the address or the note, in any case of ASCII letters. */
  readonly search?: string | undefined
  readonly kind?: Identity['kind'] | undefined
  readonly status?: Identity['status'] | undefined
  readonly role?: string | undefined
  readonly listRole?: string | undefined
  readonly plan?: string | undefined
  readonly order: UserOrder
  readonly isDescending: boolean
  /** The last user of the page before. */
  readonly after?: { readonly value: string | number; readonly id: number } | undefined
  readonly limit: number
}

export async function selectUserPage(db: Kysely<Tables>, query: UserQuery): Promise<readonly UserSummary[]> {
  const { order, isDescending, after, limit } = query
  const direction = isDescending ? 'desc' : 'asc'
  let rows = matching(db, query).selectAll('users').orderBy(`users.${order}`, direction).orderBy('users.id', direction)
  if (after !== undefined) {
    const beyond = isDescending ? '<' : '>'
    rows = rows.where((eb) =>
      eb.or([
        eb(`users.${order}`, beyond, after.value),
        eb.and([eb(`users.${order}`, '=', after.value), eb('users.id', beyond, after.id)]),
      ]),
    )
  }
  return toSummaries(db, await rows.limit(limit).execute())
}

export async function selectUsersById(db: Kysely<Tables>, ids: readonly UserId[]): Promise<readonly UserSummary[]> {
  const found: UserSummary[] = []
  for (const chunk of chunks(ids)) {
    const rows = await db.selectFrom('users').selectAll().where('id', 'in', chunk).execute()
    found.push(...(await toSummaries(db, rows)))
  }
  return found
}

export async function countUsers(db: Kysely<Tables>, query: UserQuery): Promise<number> {
  const { count } = await matching(db, query)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

function matching(db: Kysely<Tables>, query: UserQuery) {
  const { tenant, search, kind, status, role, listRole, plan } = query
  let rows = db.selectFrom('users').where('users.tenant', '=', tenant)
  if (kind !== undefined) rows = rows.where('users.kind', '=', kind)
  if (status !== undefined) rows = rows.where('users.status', '=', status)
  if (plan !== undefined) rows = rows.where('users.plan', '=', plan)
  if (search !== undefined) {
    const pattern = `%${inLowerAscii(search).replaceAll(/[\\%_]/g, '\\$&')}%`
    rows = rows.where((eb) =>
      eb.or([
        sql<boolean>`lower(users.name) like ${pattern} escape '\\'`,
        sql<boolean>`users.email like ${pattern} escape '\\'`,
        sql<boolean>`lower(users.note) like ${pattern} escape '\\'`,
      ]),
    )
  }
  if (role !== undefined) rows = rows.where('users.id', 'in', holdersOf(db, 'user_roles_of', role))
  if (listRole !== undefined) rows = rows.where('users.id', 'in', holdersOf(db, 'list_roles_of', listRole))
  return rows
}

/** As SQLite's own `lower` does: letters beyond ASCII stay as they are. */
const inLowerAscii = (text: string): string => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())

const holdersOf = (db: Kysely<Tables>, table: 'user_roles_of' | 'list_roles_of', role: string) =>
  db.selectFrom(table).select('user_id').where('role', '=', role)

/** How many users of the tenant hold each role. */
export async function countHolders(
  db: Kysely<Tables>,
  tenant: TenantName,
  kind: 'user' | 'list',
): Promise<ReadonlyMap<string, number>> {
  const table = kind === 'user' ? 'user_roles_of' : 'list_roles_of'
  const rows = await db
    .selectFrom(table)
    .innerJoin('users', 'users.id', `${table}.user_id`)
    .select((eb) => ['role', eb.fn.countAll<number>().as('count')])
    .where('users.tenant', '=', tenant)
    .groupBy('role')
    .execute()
  return new Map(rows.map(({ role, count }) => [role, Number(count)]))
}
