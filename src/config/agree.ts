/** Whether the configuration and the policies go together: every tenant's policy and plan must be there. */
import type { Problem } from '../model/problem.ts'
import type { PolicySet } from '../policy/rule.ts'
import type { Config } from './config.ts'
import { quoted, remedyFor } from './suggest.ts'

/** The names in `config` that `set` does not hold; empty when all is well. */
export function disagreements(config: Config, set: PolicySet): readonly Problem[] {
  return config.tenants.flatMap((tenant) => {
    const of = config.tenants.length === 1 ? '' : ` of the tenant ${quoted(tenant.name)}`
    return [
      ...missing('policy', tenant.policy, set.policies.keys(), `the policy${of}`, config),
      ...missing('plan', tenant.plan, set.limits.plans.keys(), `the plan${of}`, config),
    ]
  })
}

function missing(key: string, name: string, known: Iterable<string>, what: string, config: Config): readonly Problem[] {
  const names = [...known]
  if (names.includes(name)) return []
  // Line 0: the name may as well come from a default, the environment or a flag.
  const place = { file: config.file ?? 'sallyport.yaml', line: 0 }
  return [
    {
      ...place,
      key,
      message: `${what}, ${quoted(name)}, is in no file of the policy folder`,
      remedy: remedyFor(name, names),
    },
  ]
}
