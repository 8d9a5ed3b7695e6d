/** Roles and rate plans that are managed in the store. */
import type { By } from '../model/author.ts'
import { termsOf } from '../model/author.ts'
import type { TenantName } from '../model/ids.ts'
import type { ManagedBook } from '../model/managed.ts'
import type { Desk } from './desk.ts'
import { insertPlan, removePlan, setTenantPlan, updatePlan, type PlanContent, type PlanKey } from './managed-plans.ts'
import { insertRole, removeRole, updateRole, type RoleContent, type RoleKey } from './managed-roles.ts'
import type { SharedMemory } from './shared.ts'
import { countHolders } from './user-pages.ts'

/** Changes reject with a `StoreError`: `missing`, `conflict`, or `stale` where `by` says which version was seen. */
export interface ManagedStore {
  /** What is managed for the tenant. Never waits; another object after each change. */
  book(tenant: TenantName): ManagedBook
  createRole(key: RoleKey, content: RoleContent, by: By): Promise<void>
  updateRole(key: RoleKey, content: RoleContent, by: By): Promise<void>
  /** Takes it from everybody who holds it; tells who they were. */
  deleteRole(key: RoleKey, by: By): Promise<readonly string[]>
  createPlan(key: PlanKey, content: PlanContent, by: By): Promise<void>
  updatePlan(key: PlanKey, content: PlanContent, by: By): Promise<void>
  /** Rejects with `conflict` while a user or the tenant has it. */
  deletePlan(key: PlanKey, by: By): Promise<void>
  /** `undefined`: the plan of the configuration holds. */
  setTenantPlan(tenant: TenantName, plan: string | undefined, by: By): Promise<void>
  /** How many users of the tenant hold each role, whoever manages it. */
  countHolders(tenant: TenantName, kind: RoleKey['kind']): Promise<ReadonlyMap<string, number>>
}

export function managedStore({ using, changeShared }: Desk, shared: SharedMemory): ManagedStore {
  const version = (by: By): number | undefined => termsOf(by).ifVersion
  return {
    book: (tenant) => shared.book(tenant),
    createRole: (key, content, by) => changeShared(by, (trx, atMs, note) => insertRole(trx, key, content, atMs, note)),
    updateRole: (key, content, by) =>
      changeShared(by, (trx, atMs, note) => updateRole(trx, key, content, version(by), atMs, note)),
    deleteRole: (key, by) => changeShared(by, (trx, atMs, note) => removeRole(trx, key, version(by), atMs, note)),
    createPlan: (key, content, by) => changeShared(by, (trx, atMs, note) => insertPlan(trx, key, content, atMs, note)),
    updatePlan: (key, content, by) =>
      changeShared(by, (trx, atMs, note) => updatePlan(trx, key, content, version(by), atMs, note)),
    deletePlan: (key, by) => changeShared(by, (trx, _atMs, note) => removePlan(trx, key, version(by), note)),
    setTenantPlan: (tenant, plan, by) =>
      changeShared(by, (trx, _atMs, note) => setTenantPlan(trx, tenant, plan, version(by), note)),
    countHolders: (tenant, kind) => using(({ read }) => countHolders(read, tenant, kind)),
  }
}
