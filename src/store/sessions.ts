/** Sessions of people in the admin pages: opaque outside, hashed here, ended at once. */
import type { Kysely, Transaction } from 'kysely'
import { userIdFrom, type TenantName, type UserId } from '../model/ids.ts'
import type { Note } from './changes.ts'
import { StoreError } from './store-error.ts'
import type { Tables } from './tables.ts'

export type SignInMethod = 'password' | 'oidc' | 'link'

export interface NewSession {
  readonly user: UserId
  readonly sha256: Buffer
  readonly method: SignInMethod
  readonly secondFactor: boolean
  readonly address: string
  readonly agent: string
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

export interface Session extends Omit<NewSession, 'sha256'> {
  readonly id: number
  readonly tenant: TenantName
  readonly name: string
  readonly createdAt: number
  readonly seenAt: number
}

/** A session ends when nothing came for this long. */
const sessionIdleMs = 3_600_000

export async function insertSession(trx: Transaction<Tables>, session: NewSession, atMs: number, note: Note) {
  // What is over is cleared away here, where there is a transaction anyway.
  await trx
    .deleteFrom('sessions')
    .where((eb) => eb.or([eb('expires_at', '<=', atMs), eb('seen_at', '<=', atMs - sessionIdleMs)]))
    .execute()
  const { user, sha256, method, secondFactor, address, agent, expiresAt } = session
  const owner = await trx
    .selectFrom('users')
    .select(['tenant', 'name'])
    .where('id', '=', user)
    .where('status', '=', 'enabled')
    .executeTakeFirst()
  if (owner === undefined) throw new StoreError('missing', 'there is no such person')
  const { id } = await trx
    .insertInto('sessions')
    .values({
      user_id: user,
      sha256,
      method,
      second_factor: secondFactor ? 1 : 0,
      address,
      agent,
      created_at: atMs,
      seen_at: atMs,
      expires_at: expiresAt,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const details = { session: id, method, second_factor: secondFactor }
  note({
    action: 'session.start',
    tenant: owner.tenant,
    name: owner.name,
    details,
    before: undefined,
    after: undefined,
    isQuiet: true,
  })
  return id
}

/** The session whose secret has this hash, where it holds and its person is enabled. */
export async function findSession(db: Kysely<Tables>, sha256: Buffer, nowMs: number): Promise<Session | undefined> {
  const row = await live(db, nowMs).where('sessions.sha256', '=', sha256).executeTakeFirst()
  return row === undefined ? undefined : toSession(row)
}

export interface SessionFilter {
  readonly tenant?: TenantName | undefined
  readonly user?: UserId | undefined
  /** Only sessions older than the one with this id. */
  readonly before?: number | undefined
  readonly limit: number
}

/** Newest first. */
export async function selectSessions(
  db: Kysely<Tables>,
  { tenant, user, before, limit }: SessionFilter,
  nowMs: number,
): Promise<readonly Session[]> {
  let query = live(db, nowMs).orderBy('sessions.id', 'desc').limit(limit)
  if (tenant !== undefined) query = query.where('users.tenant', '=', tenant)
  if (user !== undefined) query = query.where('sessions.user_id', '=', user)
  if (before !== undefined) query = query.where('sessions.id', '<', before)
  return (await query.execute()).map(toSession)
}

/** Throws a `StoreError` of kind `missing` where there is none. */
export async function removeSession(trx: Transaction<Tables>, id: number, note: Note): Promise<void> {
  const row = await trx
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(['users.tenant', 'users.name'])
    .where('sessions.id', '=', id)
    .executeTakeFirst()
  if (row === undefined) throw new StoreError('missing', `there is no session \`${id}\``)
  await trx.deleteFrom('sessions').where('id', '=', id).execute()
  note({ action: 'session.end', ...row, details: { session: id }, before: undefined, after: undefined, isQuiet: true })
}

/** Every session of the person but `except`. Tells how many. */
export async function removeSessionsOf(
  trx: Transaction<Tables>,
  user: UserId,
  except: number | undefined,
  note: Note,
): Promise<number> {
  let query = trx.deleteFrom('sessions').where('user_id', '=', user)
  if (except !== undefined) query = query.where('id', '!=', except)
  const removed = await query.returning('id').execute()
  if (removed.length === 0) return 0
  const owner = await trx.selectFrom('users').select(['tenant', 'name']).where('id', '=', user).executeTakeFirst()
  const details = { sessions: removed.map(({ id }) => id) }
  if (owner !== undefined)
    note({ action: 'session.end', ...owner, details, before: undefined, after: undefined, isQuiet: true })
  return removed.length
}

/** Not audited: nobody's change. */
export async function touchSession(db: Kysely<Tables>, id: number, atMs: number): Promise<void> {
  await db.updateTable('sessions').set({ seen_at: atMs }).where('id', '=', id).where('seen_at', '<', atMs).execute()
}

const live = (db: Kysely<Tables>, nowMs: number) =>
  db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .selectAll('sessions')
    .select(['users.tenant', 'users.name'])
    .where('users.status', '=', 'enabled')
    .where('sessions.expires_at', '>', nowMs)
    .where('sessions.seen_at', '>', nowMs - sessionIdleMs)

type SessionRow = Awaited<ReturnType<ReturnType<typeof live>['execute']>>[number]

const toSession = (row: SessionRow): Session => ({
  id: row.id,
  user: userIdFrom(row.user_id),
  tenant: row.tenant as TenantName,
  name: row.name,
  method: row.method,
  secondFactor: row.second_factor === 1,
  address: row.address,
  agent: row.agent,
  createdAt: row.created_at,
  seenAt: row.seen_at,
  expiresAt: row.expires_at,
})
