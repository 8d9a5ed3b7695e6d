/** `sallyport user grant`, `ungrant`: a list for one user alone, beside list roles. */
import type { Command } from 'commander'
import { documentedTime } from '../model/time.ts'
import { listNumber, momentAfter, tenantIn, userName } from './arguments.ts'
import { usageError } from './command-error.ts'
import { writeOut, type Io } from './io.ts'
import { globalOptions } from './settings.ts'
import { actorOf, withStore } from './with-store.ts'

interface GrantOptions {
  readonly list: string
  readonly get?: true
  readonly manage?: true
  readonly until?: string
  readonly tenant?: string
}

export function registerUserGrant(user: Command, io: Io): void {
  user
    .command('grant')
    .description('give one user a list of their own; what they held of it directly before is replaced')
    .argument('<name>')
    .requiredOption('--list <id>', 'the list')
    .option('--get', 'may read it')
    .option('--manage', 'may change it; does not imply --get')
    .option('--until <time>', 'ends then: a span from now (`90d`) or a time with its offset')
    .option('--tenant <name>', 'the tenant (default: the only one, or `default`)')
    .action((name: string, options: GrantOptions, command: Command) => grant(userName(name), options, command, io))
}

async function grant(name: string, options: GrantOptions, command: Command, io: Io): Promise<void> {
  const list = listNumber(options.list)
  const { get = false, manage = false } = options
  if (!get && !manage) throw usageError('nothing is granted - use --get, --manage, or both')
  const nowMs = io.clock.epochMs()
  const until = options.until === undefined ? undefined : momentAfter(nowMs, '--until', options.until)
  if (until !== undefined && until <= nowMs) throw usageError('--until: this time is over - name one to come')
  const tenant = await withStore(command, io, async (store, config) => {
    const named = tenantIn(config, options.tenant)
    await store.grantList({ tenant: named, name }, { list, get, manage, until }, actorOf(io))
    return named
  })
  const access = [...(get ? ['get'] : []), ...(manage ? ['manage'] : [])]
  const end = until === undefined ? null : documentedTime(until)
  const isJson = globalOptions(command, io).output === 'json'
  const text = `${name} of tenant ${tenant} holds list ${list}: ${access.join(', ')}${end === null ? '' : ` until ${end}`}`
  await writeOut(io, `${isJson ? JSON.stringify({ tenant, name, list, access, until: end }) : text}\n`)
}

export function registerUserUngrant(user: Command, io: Io): void {
  user
    .command('ungrant')
    .description('take a list that one user holds directly; list roles stay as they are')
    .argument('<name>')
    .requiredOption('--list <id>', 'the list')
    .option('--tenant <name>', 'the tenant (default: the only one, or `default`)')
    .action(async (text: string, options: { list: string; tenant?: string }, command: Command) => {
      const name = userName(text)
      const list = listNumber(options.list)
      const tenant = await withStore(command, io, async (store, config) => {
        const named = tenantIn(config, options.tenant)
        await store.ungrantList(named, name, list, actorOf(io))
        return named
      })
      const isJson = globalOptions(command, io).output === 'json'
      const told = `${name} of tenant ${tenant} no longer holds list ${list} directly`
      await writeOut(io, `${isJson ? JSON.stringify({ tenant, name, list }) : told}\n`)
    })
}
