/** `sallyport user delete`: removes the user and every token. */
import type { Command } from 'commander'
import { tenantIn, userName } from './arguments.ts'
import { writeOut, type Io } from './io.ts'
import { globalOptions } from './settings.ts'
import { actorOf, withStore } from './with-store.ts'

export function registerUserDelete(user: Command, io: Io): void {
  user
    .command('delete')
    .description('remove a user and every token of theirs; the audit log keeps what they did')
    .argument('<name>')
    .option('--tenant <name>', 'the tenant (default: the only one, or `default`)')
    .action(async (text: string, options: { tenant?: string }, command: Command) => {
      const name = userName(text)
      await withStore(command, io, async (store, config) => {
        const tenant = tenantIn(config, options.tenant)
        await store.deleteUser(tenant, name, actorOf(io))
        const isJson = globalOptions(command, io).output === 'json'
        await writeOut(
          io,
          `${isJson ? JSON.stringify({ tenant, name, deleted: true }) : `deleted ${name} of tenant ${tenant}`}\n`,
        )
      })
    })
}
