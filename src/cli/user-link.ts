/** `sallyport user link`: a one-time link with which a person sets a password. */
import type { Command } from 'commander'
import { adminOrigin, makeLink, passwordLinkMs } from '../admin/people/one-time-links.ts'
import { documentedTime } from '../model/time.ts'
import { missingUser } from '../store/store-error.ts'
import { tenantIn, userName } from './arguments.ts'
import { CommandError } from './command-error.ts'
import { say, writeOut, type Io } from './io.ts'
import { globalOptions } from './settings.ts'
import { actorOf, withStore } from './with-store.ts'

export function registerUserLink(user: Command, io: Io): void {
  user
    .command('link')
    .description('print a one-time link with which a person sets a password for the admin pages')
    .argument('<name>', 'a person')
    .option('--tenant <name>', 'the tenant (default: the only one, or `default`)')
    .action(async (text: string, options: { readonly tenant?: string }, command: Command) => {
      const name = userName(text)
      const { url, expiresAt } = await withStore(command, io, async (store, config) => {
        const tenant = tenantIn(config, options.tenant)
        const identity = await store.find(tenant, name)
        if (identity === undefined) throw missingUser(tenant, name)
        if (identity.kind !== 'person') throw new CommandError(`\`${name}\` is an API user: it holds tokens.`)
        const made = makeLink(adminOrigin(config), passwordLinkMs, io.clock.epochMs(), io.random)
        await store.people.writePasswordLink(identity.id, made, actorOf(io))
        return made
      })
      const isJson = globalOptions(command, io).output === 'json'
      await writeOut(io, isJson ? `${JSON.stringify({ url, expires_at: documentedTime(expiresAt) })}\n` : `${url}\n`)
      if (!isJson) say(io, 'It works once, within three days, and makes links of before void.')
    })
}
