/** Lists that are deleted: what was granted on them is withheld meanwhile, and goes when they are gone. */
import type { Transaction } from 'kysely'
import type { ListId, TenantName } from '../model/ids.ts'
import type { Retirement } from '../model/ports.ts'
import { grantColumns, grantsState, retiredState, type GrantRow, type Retired } from './audit-state.ts'
import type { Note } from './changes.ts'
import { chunks } from './chunks.ts'
import { StoreError } from './store-error.ts'
import type { Tables } from './tables.ts'
import { countChange } from './users.ts'

/** Marks the lists and withholds the direct grants on them; where a mark stands already, it stays whoever's it is. */
export async function withholdLists(
  trx: Transaction<Tables>,
  { tenants, lists, operation }: Retirement,
  atMs: number,
  note: Note,
): Promise<void> {
  for (const tenant of tenants) {
    const before = await retiredState(trx, tenant, lists)
    for (const chunk of chunks(new Set(lists))) {
      const rows = chunk.map((list) => ({ tenant, list, at: atMs, pending_by: operation }))
      await trx
        .insertInto('retired_lists')
        .values(rows)
        .onConflict((conflict) => conflict.columns(['tenant', 'list']).doUpdateSet({ at: atMs }))
        .execute()
      const withheld = await trx
        .updateTable('list_grants')
        .set({ withheld_by: operation })
        .where('list', 'in', chunk)
        .where('withheld_by', 'is', null)
        .where('user_id', 'in', usersOf(trx, tenant))
        .returning(['user_id', ...grantColumns])
        .execute()
      await noteUsers(trx, { tenant, action: 'list.withhold', became: 'withheld', atMs }, withheld, note)
    }
    noteLists({ tenant, action: 'list.deleting', before, after: await retiredState(trx, tenant, lists) }, lists, note)
  }
}

/** The lists are gone: the marks stay for good, and the withheld grants go. */
export async function retireLists(
  trx: Transaction<Tables>,
  { tenants, lists }: Pick<Retirement, 'tenants' | 'lists'>,
  atMs: number,
  note: Note,
): Promise<void> {
  for (const tenant of tenants) {
    const before = await retiredState(trx, tenant, lists)
    for (const chunk of chunks(new Set(lists))) {
      const settled = { at: atMs, pending_by: null }
      await trx
        .insertInto('retired_lists')
        .values(chunk.map((list) => ({ tenant, list, ...settled })))
        .onConflict((conflict) => conflict.columns(['tenant', 'list']).doUpdateSet(settled))
        .execute()
      const removed = await trx
        .deleteFrom('list_grants')
        .where('list', 'in', chunk)
        .where('withheld_by', 'is not', null)
        .where('user_id', 'in', usersOf(trx, tenant))
        .returning(['user_id', ...grantColumns])
        .execute()
      await noteUsers(trx, { tenant, action: 'list.ungrant', became: 'none', atMs }, removed, note)
    }
    noteLists({ tenant, action: 'list.retire', before, after: await retiredState(trx, tenant, lists) }, lists, note)
  }
}

/** The backend did not delete them: what this deletion marked and withheld is as it was. */
export async function restoreLists(
  trx: Transaction<Tables>,
  { tenants, lists, operation }: Retirement,
  atMs: number,
  note: Note,
): Promise<void> {
  const states = await Promise.all(
    tenants.map(async (tenant) => ({ tenant, before: await retiredState(trx, tenant, lists) })),
  )
  await trx.deleteFrom('retired_lists').where('pending_by', '=', operation).execute()
  const restored = await trx
    .updateTable('list_grants')
    .set({ withheld_by: null })
    .where('withheld_by', '=', operation)
    .returning(['user_id', ...grantColumns])
    .execute()
  for (const { tenant, before } of states) {
    await noteUsers(trx, { tenant, action: 'list.restore', became: 'in force', atMs }, restored, note)
    noteLists({ tenant, action: 'list.keep', before, after: await retiredState(trx, tenant, lists) }, lists, note)
  }
}

/** An administrator says that list roles count again on this id; grants that are still withheld do too. */
export async function unretireList(
  trx: Transaction<Tables>,
  tenant: TenantName,
  list: ListId,
  atMs: number,
  note: Note,
): Promise<void> {
  const before = await retiredState(trx, tenant, [list])
  const { numDeletedRows } = await trx
    .deleteFrom('retired_lists')
    .where('tenant', '=', tenant)
    .where('list', '=', list)
    .executeTakeFirst()
  if (numDeletedRows === 0n) {
    throw new StoreError(
      'missing',
      `the list ${list} is not retired in tenant \`${tenant}\` - see \`sallyport list retired\``,
    )
  }
  const restored = await trx
    .updateTable('list_grants')
    .set({ withheld_by: null })
    .where('list', '=', list)
    .where('withheld_by', 'is not', null)
    .where('user_id', 'in', usersOf(trx, tenant))
    .returning(['user_id', ...grantColumns])
    .execute()
  await noteUsers(trx, { tenant, action: 'list.restore', became: 'in force', atMs }, restored, note)
  noteLists({ tenant, action: 'list.unretire', before, after: () => ({ retired: false }) }, [list], note)
}

const usersOf = (trx: Transaction<Tables>, tenant: TenantName) =>
  trx.selectFrom('users').select('id').where('tenant', '=', tenant)

interface UserNotes {
  readonly tenant: TenantName
  readonly action: string
  /** What the grants are after this. Before it they were in force; or, where they are restored or removed, withheld. */
  readonly became: 'withheld' | 'in force' | 'none'
  readonly atMs: number
}

/** One entry for each user, so that whoever remembers them forgets. */
async function noteUsers(
  trx: Transaction<Tables>,
  { tenant, action, became, atMs }: UserNotes,
  changed: readonly (GrantRow & { readonly user_id: number })[],
  note: Note,
): Promise<void> {
  const byUser = Map.groupBy(changed, (row) => row.user_id)
  await countChange(trx, byUser.keys(), atMs)
  for (const chunk of chunks(byUser.keys())) {
    const users = await trx
      .selectFrom('users')
      .select(['id', 'name'])
      .where('tenant', '=', tenant)
      .where('id', 'in', chunk)
      .orderBy('name')
      .execute()
    for (const { id, name } of users) {
      const grants = byUser.get(id) ?? []
      const before = grantsState(grants.map((row) => ({ ...row, withheld_by: became === 'withheld' ? null : 'this' })))
      const after = became === 'none' ? { list_grants: [] } : grantsState(grants)
      note({ action, tenant, name, before, after })
    }
  }
}

type RetiredOf = (list: ListId) => { readonly retired: Retired }

interface ListNotes {
  readonly tenant: TenantName
  readonly action: string
  readonly before: RetiredOf
  readonly after: RetiredOf
}

function noteLists({ tenant, action, before, after }: ListNotes, lists: readonly ListId[], note: Note): void {
  for (const list of new Set(lists)) {
    note({ action, tenant, name: '', subject: `list ${list}`, before: before(list), after: after(list) })
  }
}
