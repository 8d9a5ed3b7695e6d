/** `sallyport user list`: everybody, or those of one tenant or whose names begin alike. */
import type { Command } from 'commander'
import { documentedTime } from '../model/time.ts'
import type { UserSummary } from '../store/user-summaries.ts'
import { tenantIn } from './arguments.ts'
import { paintFor, writeOut, type Io } from './io.ts'
import { globalOptions } from './settings.ts'
import { formatTable } from './table.ts'
import { allPages, withStore } from './with-store.ts'

export function registerUserList(user: Command, io: Io): void {
  user
    .command('list')
    .description('list users with their roles')
    .option('--tenant <name>', 'only of this tenant')
    .option('--prefix <text>', 'only names that begin with this')
    .action(async (options: { tenant?: string; prefix?: string }, command: Command) => {
      const users = await withStore(command, io, (store, config) => {
        const filter = {
          ...(options.tenant === undefined ? {} : { tenant: tenantIn(config, options.tenant) }),
          ...(options.prefix === undefined ? {} : { prefix: options.prefix }),
        }
        return allPages<UserSummary>((after, limit) =>
          store.listUsers({ ...filter, limit, ...(after === undefined ? {} : { after }) }),
        )
      })
      const isJson = globalOptions(command, io).output === 'json'
      await writeOut(io, isJson ? `${JSON.stringify(users.map(userJson))}\n` : userTable(users, io))
    })
}

function userTable(users: readonly UserSummary[], io: Io): string {
  const rows = users.map((user) => [
    user.tenant,
    user.name,
    user.kind,
    user.status,
    user.roles.join(', '),
    user.listRoles.join(', '),
  ])
  const paint = paintFor(io, 'stdout')
  return formatTable(['TENANT', 'NAME', 'KIND', 'STATUS', 'ROLES', 'LIST ROLES'], rows, (text) => paint('bold', text))
}

/** A user as every command writes it in JSON. */
export const userJson = (user: UserSummary) => ({
  id: user.id,
  tenant: user.tenant,
  name: user.name,
  kind: user.kind,
  status: user.status,
  roles: user.roles,
  list_roles: user.listRoles,
  created_at: documentedTime(user.createdAt),
  updated_at: documentedTime(user.updatedAt),
})
