/** The roles in force of a tenant, as the gateway would have them. */
import type { Config } from '../config/config.ts'
import type { TenantName } from '../model/ids.ts'
import type { Roles } from '../policy/grants.ts'
import { rolesInForce } from '../policy/roles-in-force.ts'
import type { PolicySet } from '../policy/rule.ts'
import type { Store } from '../store/store.ts'

export function rolesOf(tenant: TenantName, config: Config, policies: PolicySet, store: Pick<Store, 'managed'>): Roles {
  const policy = config.tenants.find(({ name }) => name === tenant)?.policy
  return rolesInForce(
    policies,
    policy === undefined ? undefined : policies.policies.get(policy),
    store.managed.book(tenant),
  )
}
