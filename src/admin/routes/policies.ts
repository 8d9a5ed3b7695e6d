/** Policies: read here, changed in their files. A draft is checked before it is put there. */
import { refused } from '../../model/failure.ts'
import type { Rule } from '../../policy/rule.ts'
import { draftChecker } from '../draft/checker.ts'
import { endpoint, type Endpoint } from '../endpoint.ts'
import type { AdminParts } from '../parts.ts'
import { draft, draftVerdict, fileFilter, policyBook, policySource } from '../schemas/policies.ts'
import { tenantPath } from './roles.ts'

export function policyEndpoints({ live }: AdminParts): readonly Endpoint[] {
  const checker = draftChecker()
  return [
    endpoint({
      id: 'getPolicy',
      route: 'GET /api/tenants/:tenant/policy',
      tag: 'policies',
      summary: 'The policy of a tenant: its routes with the line of each rule',
      needs: 'policies:get',
      params: tenantPath,
      answer: policyBook,
      handle: async ({ tenant }) => {
        const { policy, config } = tenant
        const { sources } = live.current().policies
        return {
          data: {
            policy: {
              name: policy.name,
              file: policy.rules[0]?.at.file ?? '',
              permissions: [...policy.permissions],
              partial: config.partial ?? policy.scope.partial,
              routes: policy.rules.map(ruleJson),
            },
            files: sources.map(({ file }) => file),
          },
        }
      },
    }),
    endpoint({
      id: 'getPolicyFile',
      route: 'GET /api/tenants/:tenant/policy/file',
      tag: 'policies',
      summary: 'A file of the folder as it is in force',
      needs: 'policies:get',
      params: tenantPath,
      query: fileFilter,
      answer: policySource,
      handle: async ({ query }) => {
        const found = live.current().policies.sources.find(({ file }) => file === query.file)
        if (found === undefined) throw refused('not-found', { message: 'there is no such file in the folder' })
        return { data: found }
      },
    }),
    endpoint({
      id: 'checkDraft',
      route: 'POST /api/tenants/:tenant/policy/check',
      tag: 'policies',
      summary: 'Check files as if they stood in the folder: every mistake, or what they would decide otherwise',
      needs: 'policies:get',
      params: tenantPath,
      body: draft,
      answer: draftVerdict,
      failures: ['overloaded'],
      handle: async ({ body }) => {
        const inForce = live.current().policies
        const label = inForce.sources[0]?.file.split('/')[0] ?? 'policies'
        const drafts = new Map(body.files.map(({ name, text }) => [`${label}/${name}`, text]))
        const texts = new Map([...inForce.sources.map(({ file, text }) => [file, text] as const), ...drafts])
        const named = (of: Iterable<readonly [string, string]>) =>
          [...of].map(([file, text]) => ({ name: file.slice(label.length + 1), text }))
        const before = named(inForce.sources.map(({ file, text }) => [file, text] as const))
        return { data: await checker.check({ label, before, after: named(texts) }) }
      },
    }),
  ]
}

const ruleJson = (rule: Rule) => ({
  id: rule.id,
  method: rule.method,
  path: rule.path,
  line: rule.at.line,
  allow: rule.allow.kind === 'any-of' ? [...rule.allow.permissions] : rule.allow.kind,
  scoped: rule.lists.length > 0 || rule.everywhere !== undefined || rule.answer.length > 0,
  limit: rule.limit,
  cost: rule.cost,
  gone: rule.gone ?? null,
})
