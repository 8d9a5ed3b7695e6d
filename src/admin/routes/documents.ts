/** The data path as OpenAPI: the whole of a tenant's policy, or what one user may use of it. */
import { stringify } from 'yaml'
import { grantsOf } from '../../policy/grants.ts'
import type { OpenApi } from '../../policy/openapi/document.ts'
import { endpoint, type Endpoint } from '../endpoint.ts'
import type { AdminParts } from '../parts.ts'
import { documentFilter } from '../schemas/policies.ts'
import { tenantPath } from './roles.ts'
import { identityOf } from './users.ts'

export function documentEndpoints(parts: AdminParts): readonly Endpoint[] {
  const { documents, directory, store, clock } = parts
  return [
    endpoint({
      id: 'getDataPathDocument',
      route: 'GET /api/tenants/:tenant/openapi',
      tag: 'policies',
      summary: 'The data path of a tenant as OpenAPI 3.1: all of it, or what one user may use',
      description: 'The answer is the document itself, as JSON or YAML.',
      needs: 'policies:get',
      params: tenantPath,
      query: documentFilter,
      media: ['application/json', 'application/yaml'],
      handle: async ({ tenant, query }) => {
        const { user, format = 'json' } = query
        if (user === undefined) return written(documents.whole(tenant, parts.dataAddress()), format)
        const identity = await identityOf(parts, tenant, user)
        const retired = store.retired(tenant.config.name)
        const grants = grantsOf(identity, directory.rolesOf(tenant), clock.epochMs(), retired)
        return written(documents.of(tenant, grants, identity), format)
      },
    }),
    endpoint({
      id: 'getOwnDataPathDocument',
      route: 'GET /openapi/data-path.json',
      tag: 'policies',
      summary: "The data path of the caller's tenant as OpenAPI 3.1",
      description: 'The answer is the document itself.',
      needs: 'policies:get',
      media: ['application/json'],
      handle: async ({ tenant }) => written(documents.whole(tenant, parts.dataAddress()), 'json'),
    }),
  ]
}

/** The document as it is: no envelope, for tools that read it. */
const written = (document: OpenApi, format: 'json' | 'yaml') => ({
  data: null,
  raw:
    format === 'json'
      ? { type: 'application/json; charset=utf-8', body: JSON.stringify(document) }
      : { type: 'application/yaml; charset=utf-8', body: stringify(document) },
})
