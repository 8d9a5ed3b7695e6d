/** Roles and rate plans in force, tenant by tenant: what files and store say together. Look-ups only, made anew when either changes. */
import type { TenantName } from './model/ids.ts'
import type { ManagedBook } from './model/managed.ts'
import type { Tenant } from './context.ts'
import type { Roles } from './policy/grants.ts'
import { rolesInForce, type ManagedIn } from './policy/roles-in-force.ts'
import type { PolicySet, RateClass, RatePlan } from './policy/rule.ts'
import type { Snapshot } from './snapshot.ts'

export interface Directory {
  /** Another object after each change of roles. */
  rolesOf(tenant: Tenant): Roles
  /** The plan in force; `own`: that of the caller's own. A name that nothing knows any more is passed over. */
  planOf(tenant: Tenant, own: string | undefined): RatePlan
  /** Every plan that there is for the tenant, with where it is managed. */
  plansOf(tenant: Tenant): ReadonlyMap<string, PlanInForce>
  /** A rate class of the plan in force, or, where a managed plan does not have it, of the tenant's own in the files. */
  rateOf(tenant: Tenant, own: string | undefined, rateClass: string): RateClass | undefined
}

export interface PlanInForce {
  readonly plan: RatePlan
  readonly managedIn: ManagedIn
}

export interface DirectoryParts {
  readonly snapshot: () => Snapshot
  readonly book: (tenant: TenantName) => ManagedBook
}

interface Remembered {
  readonly policies: PolicySet
  readonly tenant: Tenant
  readonly book: ManagedBook
  readonly roles: Roles
}

export function createDirectory({ snapshot, book }: DirectoryParts): Directory {
  const remembered = new Map<TenantName, Remembered>()

  function planOf({ config }: Tenant, own: string | undefined): RatePlan {
    const { plans } = snapshot().policies.limits
    const managed = book(config.name)
    const named = (name: string | undefined): RatePlan | undefined =>
      name === undefined ? undefined : (plans.get(name) ?? managed.plans.get(name))
    const plan = named(own) ?? named(managed.plan) ?? plans.get(config.plan)
    if (plan === undefined) throw new Error(`no rate plan \`${config.plan}\``)
    return plan
  }

  return {
    rolesOf(tenant) {
      const { name } = tenant.config
      const { policies } = snapshot()
      const managed = book(name)
      const known = remembered.get(name)
      if (known?.policies === policies && known.tenant === tenant && known.book === managed) return known.roles
      const roles = rolesInForce(policies, tenant.policy, managed)
      remembered.set(name, { policies, tenant, book: managed, roles })
      return roles
    },
    planOf,
    plansOf: ({ config }) => {
      const managed = [...book(config.name).plans].map(([name, plan]) => [name, { plan, managedIn: 'store' }] as const)
      const files = [...snapshot().policies.limits.plans].map(
        ([name, plan]) => [name, { plan, managedIn: 'file' }] as const,
      )
      return new Map<string, PlanInForce>([...managed, ...files])
    },
    rateOf: (tenant, own, rateClass) =>
      planOf(tenant, own).classes.get(rateClass) ??
      snapshot().policies.limits.plans.get(tenant.config.plan)?.classes.get(rateClass),
  }
}
