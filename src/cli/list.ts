/** `sallyport list …`: lists that were deleted, on whose ids nothing granted before holds. */
import type { Command } from 'commander'
import { documentedTime } from '../model/time.ts'
import type { RetiredList } from '../store/retired.ts'
import type { Store } from '../store/store.ts'
import { listNumber, tenantIn } from './arguments.ts'
import { paintFor, writeOut, type Io } from './io.ts'
import { globalOptions } from './settings.ts'
import { formatTable } from './table.ts'
import { actorOf, withStore } from './with-store.ts'

export function registerListCommand(program: Command, io: Io): void {
  const list = program.command('list').description('lists that were deleted: no list role grants anything on their ids')
  registerRetired(list, io)
  registerChange(list, io, {
    verb: 'retire',
    description: 'say that a list was deleted past the gateway: list roles grant nothing on its id, direct grants go',
    past: 'retired',
    change: (store, ...about) => store.retireList(...about),
  })
  registerChange(list, io, {
    verb: 'unretire',
    description: 'say that a list is there: list roles, and grants that are withheld, count again on its id',
    past: 'unretired',
    change: (store, ...about) => store.unretireList(...about),
  })
}

const tenantOption = ['--tenant <name>', 'the tenant (default: the only one, or `default`)'] as const

function registerRetired(list: Command, io: Io): void {
  list
    .command('retired')
    .description('show them; `unsure` where the answer to the deletion never came')
    .option('--tenant <name>', 'only of this tenant')
    .action(async (options: { tenant?: string }, command: Command) => {
      const found = await withStore(command, io, (store, config) =>
        store.listRetired(options.tenant === undefined ? undefined : tenantIn(config, options.tenant)),
      )
      const isJson = globalOptions(command, io).output === 'json'
      await writeOut(io, isJson ? `${JSON.stringify(found.map(retiredJson))}\n` : retiredTable(found, io))
    })
}

const retiredJson = ({ tenant, list, state, at }: RetiredList) => ({ tenant, list, state, at: documentedTime(at) })

function retiredTable(found: readonly RetiredList[], io: Io): string {
  const paint = paintFor(io, 'stdout')
  const rows = found.map(({ tenant, list, state, at }) => [tenant, String(list), state, documentedTime(at)])
  return formatTable(['TENANT', 'LIST', 'STATE', 'AT'], rows, (text) => paint('bold', text))
}

interface Change {
  readonly verb: 'retire' | 'unretire'
  readonly description: string
  readonly past: string
  readonly change: (store: Store, ...about: Parameters<Store['retireList']>) => Promise<void>
}

function registerChange(list: Command, io: Io, { verb, description, past, change }: Change): void {
  list
    .command(verb)
    .description(description)
    .argument('<id>')
    .option(...tenantOption)
    .action(async (text: string, options: { tenant?: string }, command: Command) => {
      const id = listNumber(text)
      const tenant = await withStore(command, io, async (store, config) => {
        const named = tenantIn(config, options.tenant)
        await change(store, named, id, actorOf(io))
        return named
      })
      const isJson = globalOptions(command, io).output === 'json'
      await writeOut(
        io,
        `${isJson ? JSON.stringify({ tenant, list: id }) : `${past} list ${id} of tenant ${tenant}`}\n`,
      )
    })
}
