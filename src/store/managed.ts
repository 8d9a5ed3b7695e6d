/** Roles and plans that are managed here, in memory: asked on every request, read when they change. */
import type { Kysely, Selectable } from 'kysely'
import { isAdminPermission } from '../model/admin-permission.ts'
import { listIdFrom, type TenantName } from '../model/ids.ts'
import {
  nothingManaged,
  type ManagedBook,
  type ManagedListRole,
  type ManagedPlan,
  type ManagedRate,
  type ManagedUserRole,
} from '../model/managed.ts'
import type { Tables } from './tables.ts'

/** What the JSON of `definition` holds. */
export type UserRoleWords = Pick<ManagedUserRole, 'permissions' | 'admin'>
export type ListRoleWords = Pick<ManagedListRole, 'grants'>
export interface PlanWords {
  readonly classes: readonly ManagedRate[]
}

export interface ManagedRows {
  readonly roles: readonly Selectable<Tables['managed_roles']>[]
  readonly plans: readonly Selectable<Tables['managed_plans']>[]
  readonly tenantPlans: readonly Selectable<Tables['tenant_plans']>[]
}

/** In the order of names. */
export async function selectManaged(db: Kysely<Tables>): Promise<ManagedRows> {
  return {
    roles: await db.selectFrom('managed_roles').selectAll().orderBy('name').execute(),
    plans: await db.selectFrom('managed_plans').selectAll().orderBy('name').execute(),
    tenantPlans: await db.selectFrom('tenant_plans').selectAll().execute(),
  }
}

export type ManagedBooks = ReadonlyMap<string, ManagedBook>

export function booksOf({ roles, plans, tenantPlans }: ManagedRows): ManagedBooks {
  const tenants = new Set([...roles, ...plans, ...tenantPlans].map(({ tenant }) => tenant))
  return new Map(
    [...tenants].map((tenant) => {
      const here = <Row extends { readonly tenant: string }>(rows: readonly Row[]): readonly Row[] =>
        rows.filter((row) => row.tenant === tenant)
      const ofTenant = here(tenantPlans)[0]
      const book: ManagedBook = {
        userRoles: byName(
          here(roles)
            .filter(({ kind }) => kind === 'user')
            .map(userRoleOf),
        ),
        listRoles: byName(
          here(roles)
            .filter(({ kind }) => kind === 'list')
            .map(listRoleOf),
        ),
        plans: byName(here(plans).map(planOf)),
        plan: ofTenant?.plan ?? undefined,
        planVersion: ofTenant?.version ?? 0,
      }
      return [tenant, Object.freeze(book)] as const
    }),
  )
}

export const bookOf = (books: ManagedBooks, tenant: TenantName): ManagedBook => books.get(tenant) ?? nothingManaged

const byName = <T extends { readonly name: string }>(items: readonly T[]): ReadonlyMap<string, T> =>
  new Map(items.map((item) => [item.name, Object.freeze(item)] as const))

interface Common {
  readonly name: string
  readonly description: string
  readonly version: number
  readonly created_at: number
  readonly updated_at: number
}

const commonOf = ({ name, description, version, created_at: createdAt, updated_at: updatedAt }: Common) => ({
  name,
  description,
  version,
  createdAt,
  updatedAt,
})

function userRoleOf(row: Selectable<Tables['managed_roles']>): ManagedUserRole {
  const { permissions, admin } = JSON.parse(row.definition) as UserRoleWords
  // A word of another version opens nothing.
  return { ...commonOf(row), permissions, admin: admin.filter(isAdminPermission) }
}

function listRoleOf(row: Selectable<Tables['managed_roles']>): ManagedListRole {
  const { grants } = JSON.parse(row.definition) as ListRoleWords
  return { ...commonOf(row), grants: grants.filter(({ list }) => listIdFrom(list) !== undefined) }
}

function planOf(row: Selectable<Tables['managed_plans']>): ManagedPlan {
  const { classes } = JSON.parse(row.definition) as PlanWords
  return { ...commonOf(row), classes: new Map(classes.map((rate) => [rate.name, Object.freeze(rate)])) }
}
