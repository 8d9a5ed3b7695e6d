/** OpenAPI documents of the data path: for a caller, or whole, by the plan and the forms of credentials in force. */
import type { Tenant } from './context.ts'
import type { Directory } from './directory.ts'
import type { Identity } from './model/identity.ts'
import type { Grants } from './policy/grants.ts'
import { dataPathDocument, type OpenApi } from './policy/openapi/document.ts'

export interface DataDocuments {
  /** What somebody with these grants may use. Made once for them: they are another object after each change. */
  of(tenant: Tenant, grants: Grants, identity: Identity): OpenApi
  /** Everything that the tenant's policy knows. `server`: where the data path is, for readers elsewhere. */
  whole(tenant: Tenant, server: string | undefined): OpenApi
}

export function dataDocuments(directory: Pick<Directory, 'planOf'>, version: string): DataDocuments {
  const made = new WeakMap<Grants, { readonly tenant: Tenant; readonly plan: object; readonly document: OpenApi }>()
  const termsOf = (tenant: Tenant, plan: string | undefined) => ({
    title: `${tenant.policy.name} through Sallyport`,
    version,
    plan: directory.planOf(tenant, plan),
    auth: tenant.config.auth,
  })
  return {
    of(tenant, grants, { plan }) {
      const terms = termsOf(tenant, plan)
      const known = made.get(grants)
      if (known?.tenant === tenant && known.plan === terms.plan) return known.document
      const document = dataPathDocument(tenant.policy, { ...terms, grants, server: undefined })
      made.set(grants, { tenant, plan: terms.plan, document })
      return document
    },
    whole: (tenant, server) =>
      dataPathDocument(tenant.policy, { ...termsOf(tenant, undefined), grants: undefined, server }),
  }
}
