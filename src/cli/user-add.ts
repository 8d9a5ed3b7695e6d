/** `sallyport user add`: a new user, without a token yet. */
import { Option, type Command } from 'commander'
import type { Identity } from '../model/identity.ts'
import { loadPolicies } from '../policy/load.ts'
import { checkRoles, collect, tenantIn, userName } from './arguments.ts'
import { say, writeOut, type Io } from './io.ts'
import { rolesOf } from './roles-of.ts'
import { globalOptions, loadSettings } from './settings.ts'
import { actorOf, withStoreOf } from './with-store.ts'

interface Options {
  readonly role?: readonly string[]
  readonly listRole?: readonly string[]
  readonly tenant?: string
  readonly kind: Identity['kind']
}

export function registerUserAdd(user: Command, io: Io): void {
  user
    .command('add')
    .description('add a user')
    .argument('<name>', '1 to 200 of A-Z a-z 0-9 _ . @ -')
    .option('--role <name>', 'a user role; may be repeated', collect)
    .option('--list-role <name>', 'a list role; may be repeated', collect)
    .option('--tenant <name>', 'the tenant (default: the only one, or `default`)')
    .addOption(new Option('--kind <kind>', 'a program, or a person').choices(['api', 'person']).default('api'))
    .action((name: string, options: Options, command: Command) => addUser(userName(name), options, command, io))
}

async function addUser(name: string, options: Options, command: Command, io: Io): Promise<void> {
  const config = await loadSettings(command, io)
  const tenant = tenantIn(config, options.tenant)
  const { role: roles = [], listRole: listRoles = [], kind } = options
  const policies = await loadPolicies(config.policies)
  const id = await withStoreOf(config, io, (store) => {
    checkRoles({ roles, listRoles }, rolesOf(tenant, config, policies, store))
    return store.createUser({ tenant, name, kind, roles, listRoles }, actorOf(io))
  })
  if (globalOptions(command, io).output === 'json') {
    await writeOut(io, `${JSON.stringify({ id, tenant, name, kind, roles, list_roles: listRoles })}\n`)
    return
  }
  await writeOut(io, `added ${kind} user ${name} to tenant ${tenant}\n`)
  if (roles.length + listRoles.length === 0) say(io, 'It has no role yet: sallyport user set-roles --help')
  const which = options.tenant === undefined ? '' : ` --tenant ${tenant}`
  say(io, `Give it a token: sallyport token new ${name}${which} --expires 90d`)
}
