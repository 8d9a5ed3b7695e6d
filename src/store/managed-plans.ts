/** Rate plans that are managed here, and which plan a tenant has. */
import type { Transaction } from 'kysely'
import type { TenantName } from '../model/ids.ts'
import type { Note } from './changes.ts'
import type { PlanWords } from './managed.ts'
import { StoreError } from './store-error.ts'
import type { Tables } from './tables.ts'
import { checkVersion } from './version.ts'

export interface PlanKey {
  readonly tenant: TenantName
  readonly name: string
}

export interface PlanContent {
  readonly description: string
  readonly words: PlanWords
}

type Trx = Transaction<Tables>

/** Throws a `StoreError` of kind `conflict` where there is one of that name. */
export async function insertPlan(trx: Trx, key: PlanKey, content: PlanContent, atMs: number, note: Note) {
  const { description, words } = content
  const inserted = await trx
    .insertInto('managed_plans')
    .values({
      ...key,
      description,
      definition: JSON.stringify(words),
      version: 1,
      created_at: atMs,
      updated_at: atMs,
    })
    .onConflict((conflict) => conflict.columns(['tenant', 'name']).doNothing())
    .returning('name')
    .executeTakeFirst()
  if (inserted === undefined) throw new StoreError('conflict', `there is already a rate plan \`${key.name}\``)
  notePlan(key, 'create', undefined, content, note)
}

/** Throws `missing` where there is none, `stale` where it is not of the version that its author has seen. */
export async function updatePlan(
  trx: Trx,
  key: PlanKey,
  content: PlanContent,
  ifVersion: number | undefined,
  atMs: number,
  note: Note,
): Promise<void> {
  const found = await findPlan(trx, key, ifVersion)
  await trx
    .updateTable('managed_plans')
    .set({
      description: content.description,
      definition: JSON.stringify(content.words),
      version: found.version + 1,
      updated_at: atMs,
    })
    .where('tenant', '=', key.tenant)
    .where('name', '=', key.name)
    .execute()
  notePlan(key, 'update', found, content, note)
}

/** Throws `conflict` while a user or the tenant has it. */
export async function removePlan(trx: Trx, key: PlanKey, ifVersion: number | undefined, note: Note): Promise<void> {
  const { tenant, name } = key
  const found = await findPlan(trx, key, ifVersion)
  const user = await trx
    .selectFrom('users')
    .select('name')
    .where('tenant', '=', tenant)
    .where('plan', '=', name)
    .executeTakeFirst()
  const isTenants = await trx
    .selectFrom('tenant_plans')
    .select('plan')
    .where('tenant', '=', tenant)
    .where('plan', '=', name)
    .executeTakeFirst()
  if (user !== undefined || isTenants !== undefined) {
    const holder = user === undefined ? `the tenant \`${tenant}\`` : `the user \`${user.name}\``
    throw new StoreError('conflict', `${holder} has the rate plan \`${name}\`: give another one first`)
  }
  await trx.deleteFrom('managed_plans').where('tenant', '=', tenant).where('name', '=', name).execute()
  notePlan(key, 'delete', found, undefined, note)
}

/** `undefined`: the plan of the configuration holds. */
export async function setTenantPlan(
  trx: Trx,
  tenant: TenantName,
  plan: string | undefined,
  ifVersion: number | undefined,
  note: Note,
): Promise<void> {
  const found = await trx
    .selectFrom('tenant_plans')
    .select(['plan', 'version'])
    .where('tenant', '=', tenant)
    .executeTakeFirst()
  checkVersion(found?.version ?? 0, ifVersion)
  const values = { plan: plan ?? null, version: (found?.version ?? 0) + 1 }
  await trx
    .insertInto('tenant_plans')
    .values({ tenant, ...values })
    .onConflict((conflict) => conflict.column('tenant').doUpdateSet(values))
    .execute()
  const before = { plan: found?.plan ?? null }
  note({ action: 'tenant.plan', tenant, name: '', subject: 'plan', before, after: { plan: plan ?? null } })
}

async function findPlan(trx: Trx, { tenant, name }: PlanKey, ifVersion: number | undefined) {
  const row = await trx
    .selectFrom('managed_plans')
    .select(['description', 'definition', 'version'])
    .where('tenant', '=', tenant)
    .where('name', '=', name)
    .executeTakeFirst()
  if (row === undefined) throw new StoreError('missing', `there is no managed rate plan \`${name}\``)
  checkVersion(row.version, ifVersion)
  return { description: row.description, words: JSON.parse(row.definition) as PlanWords, version: row.version }
}

function notePlan(
  { tenant, name }: PlanKey,
  act: 'create' | 'update' | 'delete',
  before: PlanContent | undefined,
  after: PlanContent | undefined,
  note: Note,
): void {
  const state = ({ description, words }: PlanContent) => ({ description, classes: words.classes })
  const subject = `rate plan ${name}`
  note({
    action: `plan.${act}`,
    tenant,
    name: '',
    subject,
    before: before && state(before),
    after: after && state(after),
  })
}
