/** The data path as one caller may use it, as OpenAPI 3.1: made of the policy, never of what the backend says of itself. Pure. */
import type { Grants } from '../grants.ts'
import { permitted } from '../decide.ts'
import type { Policy, RatePlan, Rule } from '../rule.ts'
import { failureSchema } from './failures.ts'
import { operationOf } from './operation.ts'

export interface DocumentTerms {
  readonly title: string
  readonly version: string
  /** Whose document it is; `undefined`: everything that the policy knows. */
  readonly grants: Grants | undefined
  readonly plan: RatePlan
  /** Which forms of credentials are taken beside `Basic` and `token`. */
  readonly auth: { readonly bearer: boolean; readonly apiKey: boolean; readonly unauthenticatedStatus: 401 | 403 }
  /** Where callers reach the data path; `undefined`: where the document was read. */
  readonly server: string | undefined
}

export type OpenApi = Readonly<Record<string, unknown>>

export function dataPathDocument(policy: Policy, terms: DocumentTerms): OpenApi {
  const { title, version, grants, plan, auth, server } = terms
  const rules = policy.rules.filter((rule) => grants === undefined || permitted(rule, grants).effect === 'allow')
  return {
    openapi: '3.1.0',
    info: { title, version, description: description(grants !== undefined, auth.unauthenticatedStatus) },
    servers: [{ url: server ?? '/' }],
    tags: tagsOf(rules),
    paths: pathsOf(rules, policy, plan),
    components: { schemas: { Failure: failureSchema }, securitySchemes: schemesOf(auth) },
    security: [
      { basic: [] },
      { token: [] },
      ...(auth.bearer ? [{ bearer: [] }] : []),
      ...(auth.apiKey ? [{ apiKey: [] }] : []),
    ],
  }
}

const description = (isOnes: boolean, status: number): string =>
  [
    isOnes
      ? 'What you may call here. Routes that none of your roles opens are not in it.'
      : 'Every route that the policy knows.',
    'Success is as the backend sends it. A failure that the gateway makes is `{"message": …, "data": {"code": …, "request_id": …}}`; `code` is stable.',
    `Who is not known is answered ${status}.`,
  ].join(' ')

const tagOf = ({ path }: Rule): string => path.split('/').find((part) => part !== '' && part !== 'api') ?? 'root'

const tagsOf = (rules: readonly Rule[]) => [...new Set(rules.map(tagOf))].map((name) => ({ name }))

function pathsOf(rules: readonly Rule[], policy: Policy, plan: RatePlan): OpenApi {
  const paths = new Map<string, Record<string, unknown>>()
  for (const rule of rules) {
    const template = templateOf(rule.path)
    const item = paths.get(template) ?? {}
    item[rule.method.toLowerCase()] = { tags: [tagOf(rule)], ...operationOf(rule, policy, plan) }
    paths.set(template, item)
  }
  return Object.fromEntries(paths)
}

/** `/api/lists/:id` as `/api/lists/{id}`; what `*` matches is the last parameter. */
const templateOf = (path: string): string => path.replaceAll(/:([A-Za-z0-9_]+)/g, '{$1}').replace(/\*$/, '{rest}')

function schemesOf({ bearer, apiKey }: DocumentTerms['auth']): OpenApi {
  return {
    basic: { type: 'http', scheme: 'basic', description: 'user and token (RFC 7617)' },
    token: { type: 'apiKey', in: 'header', name: 'Authorization', description: '`token user:token`' },
    ...(bearer ? { bearer: { type: 'http', scheme: 'bearer', description: '`Bearer user:token`' } } : {}),
    ...(apiKey ? { apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: '`user:token`' } } : {}),
  }
}
