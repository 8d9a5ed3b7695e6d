/** `sallyport check`: whether the configuration and the policies are good; every mistake at once where they are not. */
import type { Command } from 'commander'
import { disagreements } from '../config/agree.ts'
import type { Config } from '../config/config.ts'
import { Problems, type Problem } from '../model/problem.ts'
import { loadCases, loadPolicies } from '../policy/load.ts'
import type { PolicySet } from '../policy/rule.ts'
import { say, writeOut, type Io } from './io.ts'
import { globalOptions, loadSettings } from './settings.ts'

export function registerCheckCommand(program: Command, io: Io): void {
  program
    .command('check')
    .description(
      'load the configuration and the policies and print every mistake, one a line; exit code 2 if there is one',
    )
    .action(async (_options: unknown, command: Command) => {
      const config = await loadSettings(command, io).catch((error: unknown) => {
        if (error instanceof Problems)
          say(io, 'The policies are looked at when the configuration is good; it says where they are.')
        throw error
      })
      const policies = await loadPolicies(config.policies)
      const problems = [...disagreements(config, policies), ...(await problemsOfCases(config, policies))]
      if (problems.length > 0) throw new Problems(problems)
      const summary = summaryOf(config, policies)
      const isJson = globalOptions(command, io).output === 'json'
      await writeOut(io, isJson ? `${JSON.stringify(summary)}\n` : summaryText(summary, policies))
    })
}

async function problemsOfCases(config: Config, policies: PolicySet): Promise<readonly Problem[]> {
  try {
    await loadCases(config.policies, policies)
    return []
  } catch (error) {
    if (error instanceof Problems) return error.problems
    throw error
  }
}

type Summary = ReturnType<typeof summaryOf>

function summaryOf(config: Config, set: PolicySet) {
  const policies = [...set.policies.values()]
  return {
    file: config.file ?? null,
    tenants: config.tenants.map(({ name, hosts, upstream, policy, plan }) => ({
      name,
      hosts,
      upstream: upstream.urls.join(', '),
      policy,
      plan,
    })),
    upstreams: new Set(config.tenants.map(({ upstream }) => upstream.urls.join(', '))).size,
    policies: policies.map(({ name }) => name),
    routes: policies.reduce((sum, { rules }) => sum + rules.length, 0),
    user_roles: set.userRoles.size,
    list_roles: set.listRoles.size,
    plans: [...set.limits.plans.keys()],
  }
}

function summaryText(summary: Summary, set: PolicySet): string {
  const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`
  const counts = [
    counted(summary.tenants.length, 'tenant'),
    counted(summary.upstreams, 'upstream'),
    counted(set.policies.size, 'policy', 'policies'),
    counted(summary.routes, 'route'),
    counted(summary.user_roles, 'user role'),
    counted(summary.list_roles, 'list role'),
    counted(summary.plans.length, 'rate plan'),
  ]
  const tenants = summary.tenants.map(({ name, hosts, upstream, policy }) => {
    const where = hosts.length === 0 ? 'any host' : hosts.join(', ')
    return `  ${name}: ${where} → ${upstream}, policy ${policy}`
  })
  return [`good: ${counts.join(', ')}`, ...tenants, ''].join('\n')
}
