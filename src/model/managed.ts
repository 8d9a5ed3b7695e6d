/** Roles and rate plans that are managed in the store, beside those in files. Frozen: a change makes new objects. */
import type { AdminPermission } from './admin-permission.ts'
import type { DirectGrant } from './identity.ts'
import type { Permission } from './permission.ts'

interface Managed {
  readonly name: string
  readonly description: string
  /** Counts its changes, from 1: what `ETag` shows. */
  readonly version: number
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly updatedAt: number
}

export interface ManagedUserRole extends Managed {
  readonly permissions: readonly Permission[]
  readonly admin: readonly AdminPermission[]
}

export interface ManagedListRole extends Managed {
  /** In the order of the lists, each once. */
  readonly grants: readonly DirectGrant[]
}

export interface ManagedRate {
  readonly name: string
  readonly limit: number
  readonly windowMs: number
}

export interface ManagedPlan extends Managed {
  readonly classes: ReadonlyMap<string, ManagedRate>
}

/** Everything that is managed for one tenant. Another object after each change. */
export interface ManagedBook {
  readonly userRoles: ReadonlyMap<string, ManagedUserRole>
  readonly listRoles: ReadonlyMap<string, ManagedListRole>
  readonly plans: ReadonlyMap<string, ManagedPlan>
  /** Takes the place of the plan in the tenant's configuration. */
  readonly plan: string | undefined
  /** Counts the changes of `plan`, from 0. */
  readonly planVersion: number
}

export const nothingManaged: ManagedBook = Object.freeze({
  userRoles: new Map<string, never>(),
  listRoles: new Map<string, never>(),
  plans: new Map<string, never>(),
  plan: undefined,
  planVersion: 0,
})
