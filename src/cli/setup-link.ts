/** `sallyport setup-link`: a one-time link with which the first administrator, or another one, is made. */
import type { Command } from 'commander'
import { adminOrigin, makeLink, setupLinkMs } from '../admin/people/one-time-links.ts'
import { hasAdministrator } from '../admin/administrators.ts'
import type { Config } from '../config/config.ts'
import type { PolicySet } from '../policy/rule.ts'
import type { Store } from '../store/store.ts'
import { writeOut, say, type Io } from './io.ts'
import { globalOptions, loadSettings } from './settings.ts'
import { actorOf, withStoreOf } from './with-store.ts'
import { documentedTime } from '../model/time.ts'

export function registerSetupLinkCommand(program: Command, io: Io): void {
  program
    .command('setup-link')
    .description('print a one-time link with which an administrator of everything is made')
    .action(async (_options: unknown, command: Command) => {
      const config = await loadSettings(command, io)
      const { url, expiresAt } = await withStoreOf(config, io, (store) => makeSetupLink(config, store, io))
      const isJson = globalOptions(command, io).output === 'json'
      await writeOut(io, isJson ? `${JSON.stringify({ url, expires_at: documentedTime(expiresAt) })}\n` : `${url}\n`)
      if (!isJson) say(io, 'It works once, within a day, and makes the links of before void.')
    })
}

/** Takes the place of the set-up link of before. `listensAt`: the admin listener's own address, where it is known. */
async function makeSetupLink(config: Config, store: Store, io: Io, listensAt?: string) {
  const made = makeLink(adminOrigin(config, listensAt), setupLinkMs, io.clock.epochMs(), io.random)
  await store.people.writeSetupLink(made, actorOf(io))
  return made
}

/** The link for who comes first; `undefined` where somebody administers the gateway already. */
export async function firstSetupLink(
  config: Config,
  policies: PolicySet,
  store: Store,
  io: Io,
  listensAt: string,
): Promise<string | undefined> {
  const isTenant = (name: string): boolean => config.tenants.some((tenant) => tenant.name === name)
  if (hasAdministrator(await store.people.administration(), { files: policies, isTenant })) return undefined
  return (await makeSetupLink(config, store, io, listensAt)).url
}
