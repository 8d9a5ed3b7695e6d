/** People who sign in: their passwords and second factors. Each change is written inside the transaction that it is given. */
import type { Kysely, Transaction } from 'kysely'
import type { Identity } from '../model/identity.ts'
import { userIdFrom, type TenantName, type UserId } from '../model/ids.ts'
import type { Note } from './changes.ts'
import { StoreError } from './store-error.ts'
import type { Tables } from './tables.ts'

export interface PersonRecord {
  readonly id: UserId
  readonly tenant: TenantName
  readonly name: string
  readonly email: string | undefined
  readonly status: Identity['status']
  /** PHC string; `undefined`: no password yet, or signs in elsewhere. */
  readonly phc: string | undefined
  /** Sealed secret of a confirmed second factor. */
  readonly totp: string | undefined
  /** Recovery codes that are left. */
  readonly recoveryCodes: number
}

type Trx = Transaction<Tables>
type Db = Kysely<Tables>

/** By name, or by e-mail address; several where several tenants have somebody of that name. At most 10. */
export async function findPeople(
  db: Db,
  login: string,
  tenant: TenantName | undefined,
): Promise<readonly PersonRecord[]> {
  let query = db
    .selectFrom('users')
    .select('id')
    .where('kind', '=', 'person')
    .where((eb) => eb.or([eb('name', '=', login), eb('email', '=', login.toLowerCase())]))
    .orderBy('id')
    .limit(10)
  if (tenant !== undefined) query = query.where('tenant', '=', tenant)
  const rows = await query.execute()
  const found: PersonRecord[] = []
  for (const { id } of rows) {
    const person = await findPerson(db, userIdFrom(id))
    if (person !== undefined) found.push(person)
  }
  // A name that reads like somebody else's address is its owner's.
  const named = found.filter(({ name }) => name === login)
  return named.length > 0 ? named : found
}

export async function findPerson(db: Db, id: UserId): Promise<PersonRecord | undefined> {
  const row = await db
    .selectFrom('users')
    .leftJoin('passwords', 'passwords.user_id', 'users.id')
    .leftJoin('totp', 'totp.user_id', 'users.id')
    .select(['users.tenant', 'users.name', 'users.email', 'users.status'])
    .select(['passwords.phc', 'totp.secret', 'totp.confirmed_at'])
    .where('users.id', '=', id)
    .where('users.kind', '=', 'person')
    .executeTakeFirst()
  if (row === undefined) return undefined
  const { count } = await db
    .selectFrom('recovery_codes')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('user_id', '=', id)
    .where('used_at', 'is', null)
    .executeTakeFirstOrThrow()
  return {
    id,
    tenant: row.tenant as TenantName,
    name: row.name,
    email: row.email ?? undefined,
    status: row.status,
    phc: row.phc ?? undefined,
    totp: row.confirmed_at === null ? undefined : (row.secret ?? undefined),
    recoveryCodes: Number(count),
  }
}

export const mustBePerson = async (db: Db, id: UserId): Promise<PersonRecord> => {
  const person = await findPerson(db, id)
  if (person === undefined) throw new StoreError('missing', 'there is no such person')
  return person
}

/** Ends every session of the person but `exceptSession`: who knew the old password is out. */
export async function writePassword(
  trx: Trx,
  id: UserId,
  phc: string,
  exceptSession: number | undefined,
  atMs: number,
  note: Note,
): Promise<void> {
  const { tenant, name, phc: old } = await mustBePerson(trx, id)
  const set = { phc, changed_at: atMs }
  await trx
    .insertInto('passwords')
    .values({ user_id: id, ...set })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(set))
    .execute()
  // Links that were made to set it are void too.
  await trx.deleteFrom('links').where('user_id', '=', id).execute()
  let sessions = trx.deleteFrom('sessions').where('user_id', '=', id)
  if (exceptSession !== undefined) sessions = sessions.where('id', '!=', exceptSession)
  const { numDeletedRows } = await sessions.executeTakeFirst()
  const details = { sessions_ended: Number(numDeletedRows) }
  const before = { password: old === undefined ? 'none' : 'set' }
  note({ action: 'person.password', tenant, name, details, before, after: { password: 'set' } })
}

/** The same password under other parameters: nobody's change. */
export async function rewritePassword(trx: Trx, id: UserId, from: string, to: string): Promise<void> {
  await trx.updateTable('passwords').set({ phc: to }).where('user_id', '=', id).where('phc', '=', from).execute()
}

/** A secret that was shown and is not proved yet. Throws `conflict` where a confirmed one is in use. */
export async function startTotp(trx: Trx, id: UserId, sealed: string): Promise<void> {
  const { totp } = await mustBePerson(trx, id)
  if (totp !== undefined) throw new StoreError('conflict', 'a second factor is in use: remove it first')
  const set = { secret: sealed, confirmed_at: null, last_step: 0 }
  await trx
    .insertInto('totp')
    .values({ user_id: id, ...set })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(set))
    .execute()
}

/** The sealed secret that waits to be proved. */
export async function pendingTotp(db: Db, id: UserId): Promise<string | undefined> {
  const row = await db
    .selectFrom('totp')
    .select('secret')
    .where('user_id', '=', id)
    .where('confirmed_at', 'is', null)
    .executeTakeFirst()
  return row?.secret
}

export async function confirmTotp(
  trx: Trx,
  id: UserId,
  step: number,
  codes: readonly Buffer[],
  atMs: number,
  note: Note,
): Promise<void> {
  const { tenant, name } = await mustBePerson(trx, id)
  const { numUpdatedRows } = await trx
    .updateTable('totp')
    .set({ confirmed_at: atMs, last_step: step })
    .where('user_id', '=', id)
    .where('confirmed_at', 'is', null)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) throw new StoreError('conflict', 'no second factor waits to be confirmed')
  await writeRecoveryCodes(trx, id, codes)
  note({
    action: 'person.second-factor',
    tenant,
    name,
    before: { second_factor: 'none' },
    after: { second_factor: 'totp' },
  })
}

/** `false` for a time step that was used before: a code that somebody looked on at is of no use (RFC 6238 §5.2). */
export async function useTotpStep(trx: Trx, id: UserId, step: number): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('totp')
    .set({ last_step: step })
    .where('user_id', '=', id)
    .where('confirmed_at', 'is not', null)
    .where('last_step', '<', step)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

export async function useRecoveryCode(
  trx: Trx,
  id: UserId,
  sha256: Buffer,
  atMs: number,
  note: Note,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('recovery_codes')
    .set({ used_at: atMs })
    .where('user_id', '=', id)
    .where('sha256', '=', sha256)
    .where('used_at', 'is', null)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  const { tenant, name, recoveryCodes } = await mustBePerson(trx, id)
  const left = { recovery_codes: recoveryCodes }
  note({
    action: 'person.recovery-code-used',
    tenant,
    name,
    before: { recovery_codes: recoveryCodes + 1 },
    after: left,
    isQuiet: true,
  })
  return true
}

export async function replaceRecoveryCodes(trx: Trx, id: UserId, codes: readonly Buffer[], note: Note): Promise<void> {
  const { tenant, name, totp, recoveryCodes } = await mustBePerson(trx, id)
  if (totp === undefined) throw new StoreError('conflict', 'there is no second factor that codes could stand in for')
  await writeRecoveryCodes(trx, id, codes)
  const before = { recovery_codes: recoveryCodes }
  note({ action: 'person.recovery-codes', tenant, name, before, after: { recovery_codes: codes.length } })
}

/** Nothing happens where there is none. */
export async function removeTotp(trx: Trx, id: UserId, note: Note): Promise<void> {
  const { tenant, name } = await mustBePerson(trx, id)
  const { numDeletedRows } = await trx.deleteFrom('totp').where('user_id', '=', id).executeTakeFirst()
  await trx.deleteFrom('recovery_codes').where('user_id', '=', id).execute()
  if (numDeletedRows === 0n) return
  const before = { second_factor: 'totp' }
  note({ action: 'person.second-factor', tenant, name, before, after: { second_factor: 'none' } })
}

async function writeRecoveryCodes(trx: Trx, id: UserId, codes: readonly Buffer[]): Promise<void> {
  await trx.deleteFrom('recovery_codes').where('user_id', '=', id).execute()
  const rows = codes.map((sha256) => ({ user_id: id, sha256, used_at: null }))
  if (rows.length > 0) await trx.insertInto('recovery_codes').values(rows).execute()
}
