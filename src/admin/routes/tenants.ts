/** Tenants: configured in sallyport.yaml; only which plan they have is managed here. */
import type { Tenant } from '../../context.ts'
import type { AdminPermission } from '../../model/admin-permission.ts'
import { endpoint, type Endpoint } from '../endpoint.ts'
import type { Caller } from '../caller.ts'
import { may, sees } from '../authority.ts'
import { invalid } from '../inputs.ts'
import type { AdminParts } from '../parts.ts'
import { tenant as tenantSchema, tenantList, tenantPlan } from '../schemas/plans.ts'
import { tenantPath } from './roles.ts'

export function tenantEndpoints(parts: AdminParts): readonly Endpoint[] {
  const { store, live, directory } = parts
  const show = async (tenant: Tenant, caller: Caller) => {
    const data = await tenantJson(parts, tenant, caller)
    return { data, version: data.version }
  }
  return [
    endpoint({
      id: 'listTenants',
      route: 'GET /api/tenants',
      tag: 'tenants',
      summary: 'The tenants that the caller sees',
      needs: 'signed-in',
      answer: tenantList,
      handle: async ({ caller }) => {
        const seen = live.current().tenants.filter(({ config }) => sees(caller.authority, config.name))
        const results = []
        for (const tenant of seen) results.push(await tenantJson(parts, tenant, caller))
        return { data: { results } }
      },
    }),
    endpoint({
      id: 'getTenant',
      route: 'GET /api/tenants/:tenant',
      tag: 'tenants',
      summary: 'One tenant',
      needs: 'signed-in',
      params: tenantPath,
      answer: tenantSchema,
      handle: async ({ tenant, caller }) => show(tenant, caller),
    }),
    endpoint({
      id: 'setTenantPlan',
      route: 'PUT /api/tenants/:tenant/plan',
      tag: 'tenants',
      summary: 'Give a tenant another rate plan; null: the one of its configuration',
      needs: 'plans:manage',
      params: tenantPath,
      body: tenantPlan,
      answer: tenantSchema,
      ifMatch: 'required',
      current: { of: tenantSchema, show: ({ tenant, caller }) => show(tenant, caller) },
      handle: async ({ tenant, caller, body, by }) => {
        const { plan } = body
        if (plan !== null && !directory.plansOf(tenant).has(plan)) {
          throw invalid({ path: 'plan', problem: 'there is no rate plan of this name' })
        }
        await store.managed.setTenantPlan(tenant.config.name, plan ?? undefined, by)
        return show(tenant, caller)
      },
    }),
  ]
}

/** The data path's address under the tenant's own host name; what listens everywhere is shown as this machine. */
function reachedAt(address: string | undefined, host: string | undefined): string | null {
  if (address === undefined) return null
  const { protocol, hostname, port } = new URL(address)
  const shown = host ?? (['0.0.0.0', '[::]'].includes(hostname) ? '127.0.0.1' : hostname)
  return `${protocol}//${shown}${port === '' ? '' : `:${port}`}`
}

/** Whoever holds a token may ask for their tenant: where its backend stands, and who else there is, takes a right. */
async function tenantJson({ store, directory, dataAddress }: AdminParts, tenant: Tenant, { authority }: Caller) {
  const { config, policy } = tenant
  const book = store.managed.book(config.name)
  const holds = (permission: AdminPermission): boolean => may(authority, permission, config.name)
  return {
    name: config.name,
    hosts: [...config.hosts],
    url: reachedAt(dataAddress(), config.hosts[0]),
    upstream: holds('overview:get') || holds('settings:get') ? [...config.upstream.urls] : null,
    policy: config.policy,
    partial: config.partial ?? policy.scope.partial,
    contract: config.contract,
    plan: directory.planOf(tenant, undefined).name,
    plan_of: book.plan === undefined ? ('configuration' as const) : ('store' as const),
    configured_plan: config.plan,
    version: book.planVersion,
    users: holds('users:get')
      ? await store.countUsers({ tenant: config.name, order: 'name', isDescending: false, limit: 1 })
      : null,
  }
}
