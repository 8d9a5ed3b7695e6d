/** `sallyport token revoke`: by id, or by user and label. */
import type { Command } from 'commander'
import { tokenIdFrom, type TokenId } from '../model/ids.ts'
import type { Store } from '../store/store.ts'
import { StoreError } from '../store/store-error.ts'
import { tenantIn, userName } from './arguments.ts'
import { usageError } from './command-error.ts'
import { writeOut, type Io } from './io.ts'
import { globalOptions } from './settings.ts'
import { actorOf, withStore } from './with-store.ts'

interface Options {
  readonly user?: string
  readonly label?: string
  readonly tenant?: string
}

type Chosen =
  | { readonly by: 'id'; readonly id: TokenId }
  | { readonly by: 'label'; readonly user: string; readonly label: string }

export function registerTokenRevoke(token: Command, io: Io): void {
  token
    .command('revoke')
    .description('revoke a token at once and for good')
    .argument('[id]', 'as `sallyport token list` shows it')
    .option('--user <name>', 'with --label, in place of the id')
    .option('--label <text>', 'every token of the user with this label')
    .option('--tenant <name>', 'the tenant of --user (default: the only one, or `default`)')
    .action(async (id: string | undefined, options: Options, command: Command) => {
      const chosen = chosenBy(id, options)
      const outcomes = await withStore(command, io, async (store, config) => {
        const ids = chosen.by === 'id' ? [chosen.id] : await labelled(store, chosen, tenantIn(config, options.tenant))
        const done: { id: TokenId; outcome: 'revoked' | 'revoked before' }[] = []
        for (const one of ids) {
          done.push({ id: one, outcome: (await store.revokeToken(one, actorOf(io))) ? 'revoked' : 'revoked before' })
        }
        return done
      })
      const isJson = globalOptions(command, io).output === 'json'
      const lines = outcomes.map((one) => `token ${one.id}: ${one.outcome}\n`).join('')
      await writeOut(io, isJson ? `${JSON.stringify(outcomes)}\n` : lines)
    })
}

function chosenBy(id: string | undefined, { user, label }: Options): Chosen {
  if (id !== undefined) {
    if (user !== undefined || label !== undefined)
      throw usageError('an id and --user or --label are two choices - use one')
    if (!/^[1-9][0-9]{0,14}$/.test(id))
      throw usageError('the id is no number - take it from `sallyport token list`; never pass a token itself')
    return { by: 'id', id: tokenIdFrom(Number(id)) }
  }
  if (user === undefined || label === undefined)
    throw usageError('no token is named - give its id, or --user and --label')
  return { by: 'label', user: userName(user), label }
}

async function labelled(
  store: Store,
  { user, label }: Extract<Chosen, { by: 'label' }>,
  tenant: ReturnType<typeof tenantIn>,
): Promise<readonly TokenId[]> {
  const tokens = await store.listTokens({ tenant, user, label, limit: 10_000 })
  if (tokens.length > 0) return tokens.map((token) => token.id)
  throw new StoreError(
    'missing',
    `${user} of tenant ${tenant} has no token labelled \`${label}\` - see \`sallyport token list\``,
  )
}
