/** `sallyport user set-roles`: other roles in place of the ones there are. */
import type { Command } from 'commander'
import { loadPolicies } from '../policy/load.ts'
import { checkRoles, collect, tenantIn, userName } from './arguments.ts'
import { usageError } from './command-error.ts'
import { writeOut, type Io } from './io.ts'
import { rolesOf } from './roles-of.ts'
import { globalOptions, loadSettings } from './settings.ts'
import { actorOf, withStoreOf } from './with-store.ts'

interface Options {
  readonly role?: readonly string[] | false
  readonly listRole?: readonly string[] | false
  readonly tenant?: string
}

export function registerUserSetRoles(user: Command, io: Io): void {
  user
    .command('set-roles')
    .description('replace the user roles, the list roles, or both; the kind that is not named stays as it is')
    .argument('<name>')
    .option('--role <name>', 'a user role to have; may be repeated', collect)
    .option('--no-role', 'have no user role')
    .option('--list-role <name>', 'a list role to have; may be repeated', collect)
    .option('--no-list-role', 'have no list role')
    .option('--tenant <name>', 'the tenant (default: the only one, or `default`)')
    .action((name: string, options: Options, command: Command) => setRoles(userName(name), options, command, io))
}

/** The library's word for `--no-x` is `false`, and `true` where neither was given. */
const named = (given: readonly string[] | boolean | undefined): readonly string[] | undefined => {
  if (given === false) return []
  return given === true ? undefined : given
}

async function setRoles(name: string, options: Options, command: Command, io: Io): Promise<void> {
  const [roles, listRoles] = [named(options.role), named(options.listRole)]
  if (roles === undefined && listRoles === undefined) {
    throw usageError('no role is named - use --role, --no-role, --list-role or --no-list-role')
  }
  const config = await loadSettings(command, io)
  const tenant = tenantIn(config, options.tenant)
  const policies = await loadPolicies(config.policies)
  const now = await withStoreOf(config, io, async (store) => {
    checkRoles({ roles: roles ?? [], listRoles: listRoles ?? [] }, rolesOf(tenant, config, policies, store))
    await store.setRoles(tenant, name, { roles, listRoles }, actorOf(io))
    return store.find(tenant, name)
  })
  const result = { tenant, name, roles: now?.roles ?? [], list_roles: now?.listRoles ?? [] }
  const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '))
  const isJson = globalOptions(command, io).output === 'json'
  const text = `${name} of tenant ${tenant} has user roles: ${list(result.roles)}; list roles: ${list(result.list_roles)}`
  await writeOut(io, `${isJson ? JSON.stringify(result) : text}\n`)
}
