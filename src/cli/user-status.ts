/** `sallyport user enable` and `disable`: a disabled user keeps roles and tokens, and is refused. */
import type { Command } from 'commander'
import { tenantIn, userName } from './arguments.ts'
import { writeOut, type Io } from './io.ts'
import { globalOptions } from './settings.ts'
import { actorOf, withStore } from './with-store.ts'

const words = {
  enable: { status: 'enabled', description: 'let a user in again' },
  disable: { status: 'disabled', description: 'refuse a user; roles and tokens are kept' },
} as const

export function registerUserStatus(user: Command, io: Io, verb: keyof typeof words): void {
  const { status, description } = words[verb]
  user
    .command(verb)
    .description(description)
    .argument('<name>')
    .option('--tenant <name>', 'the tenant (default: the only one, or `default`)')
    .action(async (text: string, options: { tenant?: string }, command: Command) => {
      const name = userName(text)
      await withStore(command, io, async (store, config) => {
        const tenant = tenantIn(config, options.tenant)
        await store.setUserStatus(tenant, name, status, actorOf(io))
        const isJson = globalOptions(command, io).output === 'json'
        await writeOut(
          io,
          `${isJson ? JSON.stringify({ tenant, name, status }) : `${status} ${name} of tenant ${tenant}`}\n`,
        )
      })
    })
}
