/** `sallyport explain`: why a request is allowed or refused, with the rule, the roles and the lists that made it so. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Command } from 'commander'
import type { Config, TenantConfig } from '../config/config.ts'
import { explain, explanationLines, type Explanation } from '../explain.ts'
import { paperJudge } from '../judge.ts'
import { grantsOf, type Grants } from '../policy/grants.ts'
import { loadPolicies } from '../policy/load.ts'
import type { PolicySet } from '../policy/rule.ts'
import { openStore } from '../store/store.ts'
import { collect } from './arguments.ts'
import { CommandError, usageError } from './command-error.ts'
import { readStdin, writeOut, type Io } from './io.ts'
import { rolesOf } from './roles-of.ts'
import { globalOptions, loadSettings } from './settings.ts'
import { storedThings } from './stored-option.ts'

interface Options {
  readonly as: string
  readonly tenant?: string
  readonly body?: string
  readonly contentType: string
  readonly stored?: readonly string[]
}

const maxBodyBytes = 32 * 1024 * 1024

export function registerExplainCommand(program: Command, io: Io): void {
  program
    .command('explain')
    .description('say what would be decided of a request, and why; nothing is sent')
    .argument('<method>', 'GET, POST, …')
    .argument('<target>', 'path and query, as in /api/lists/3?minimal=true')
    .requiredOption('--as <user>', 'whose rights to use; `anonymous` for none')
    .option('--tenant <name>', 'the tenant; default: the first')
    .option('--body <file>', 'the body, from a file or `-` for standard input')
    .option('--content-type <type>', "the body's type", 'application/json')
    .option('--stored <thing>', 'what a look-up finds, as in subscriber:18=3,7; may be repeated', collect)
    .action(async (method: string, target: string, options: Options, command: Command) => {
      const explanation = await explainRequest(method.toUpperCase(), target, options, command, io)
      const { output } = globalOptions(command, io)
      const text = output === 'json' ? JSON.stringify(explanation) : explanationLines(explanation).join('\n')
      await writeOut(io, `${text}\n`)
    })
}

async function explainRequest(
  method: string,
  target: string,
  options: Options,
  command: Command,
  io: Io,
): Promise<Explanation> {
  const config = await loadSettings(command, io)
  const policies = await loadPolicies(config.policies)
  const tenant = tenantOf(config, options.tenant)
  const policy = policies.policies.get(tenant.policy)
  if (policy === undefined) throw usageError(`No file in ${config.policies} defines the policy \`${tenant.policy}\`.`)
  const body = options.body === undefined ? undefined : await bodyOf(options.body, io)
  const headers = body === undefined ? {} : { 'content-type': options.contentType }
  const grants = options.as === 'anonymous' ? undefined : await grantsOfUser(config, tenant, options.as, policies, io)
  const judgement = paperJudge(policy, tenant.partial ?? policy.scope.partial).judge(grants, {
    method,
    target,
    headers,
    body,
    stored: storedThings(options.stored ?? [], policy.resources),
  })
  return explain(judgement, { method, target, as: options.as, tenant: tenant.name })
}

function tenantOf(config: Config, name: string | undefined): TenantConfig {
  const tenant = name === undefined ? config.tenants[0] : config.tenants.find((each) => each.name === name)
  if (tenant === undefined) {
    throw usageError(`There is no tenant \`${name}\`; there is ${config.tenants.map((each) => each.name).join(', ')}.`)
  }
  return tenant
}

/** The bytes of `--body`. */
export async function bodyOf(file: string, io: Io): Promise<Buffer> {
  if (file === '-') return await readStdin(io, maxBodyBytes)
  try {
    return await readFile(path.resolve(io.cwd, file))
  } catch (error) {
    throw new CommandError(`The body cannot be read from ${file}.`, 2, { cause: error })
  }
}

async function grantsOfUser(
  config: Config,
  tenant: TenantConfig,
  name: string,
  policies: PolicySet,
  io: Io,
): Promise<Grants> {
  const store = await openStore({ file: config.store.file, clock: io.clock })
  try {
    const identity = await store.find(tenant.name, name)
    if (identity === undefined) throw new CommandError(`There is no user \`${name}\` in the tenant \`${tenant.name}\`.`)
    const roles = rolesOf(tenant.name, config, policies, store)
    return grantsOf(identity, roles, io.clock.epochMs(), store.retired(tenant.name))
  } finally {
    await store.close()
  }
}
