/** `sallyport user show`: one user with every token. */
import type { Command } from 'commander'
import type { DirectGrant } from '../model/identity.ts'
import { documentedTime } from '../model/time.ts'
import { missingUser } from '../store/store-error.ts'
import type { TokenSummary } from '../store/tokens.ts'
import type { UserSummary } from '../store/user-summaries.ts'
import { tenantIn, userName } from './arguments.ts'
import { writeOut, type Io } from './io.ts'
import { globalOptions } from './settings.ts'
import { tokenJson, tokenTable } from './token-list.ts'
import { userJson } from './user-list.ts'
import { allPages, withStore } from './with-store.ts'

export function registerUserShow(user: Command, io: Io): void {
  user
    .command('show')
    .description('show one user with roles and tokens')
    .argument('<name>')
    .option('--tenant <name>', 'the tenant (default: the only one, or `default`)')
    .action(async (text: string, options: { tenant?: string }, command: Command) => {
      const name = userName(text)
      const {
        user: found,
        tokens,
        lists,
      } = await withStore(command, io, async (store, config) => {
        const tenant = tenantIn(config, options.tenant)
        // The first of all names that begin with this one is this one.
        const [first] = await store.listUsers({ tenant, prefix: name, limit: 1 })
        if (first?.name !== name) throw missingUser(tenant, name)
        const pages = (after: TokenSummary | undefined, limit: number): Promise<readonly TokenSummary[]> =>
          store.listTokens({ tenant, user: name, limit, ...(after === undefined ? {} : { after: after.id }) })
        const identity = await store.find(tenant, name)
        return { user: first, tokens: await allPages(pages), lists: identity?.listGrants ?? [] }
      })
      const nowMs = io.clock.epochMs()
      const json = {
        ...userJson(found),
        list_grants: lists.map(grantJson),
        tokens: tokens.map((token) => tokenJson(token, nowMs)),
      }
      const isJson = globalOptions(command, io).output === 'json'
      await writeOut(io, isJson ? `${JSON.stringify(json)}\n` : description(found, lists, tokens, io))
    })
}

const accessOf = ({ get, manage }: DirectGrant): readonly string[] => [
  ...(get ? ['get'] : []),
  ...(manage ? ['manage'] : []),
]

const grantJson = (grant: DirectGrant) => ({
  list: grant.list,
  access: accessOf(grant),
  until: grant.until === undefined ? null : documentedTime(grant.until),
})

function grantText(grant: DirectGrant): string {
  const until = grant.until === undefined ? '' : ` until ${documentedTime(grant.until)}`
  return `${grant.list} (${accessOf(grant).join(' and ')}${until})`
}

function description(
  user: UserSummary,
  lists: readonly DirectGrant[],
  tokens: readonly TokenSummary[],
  io: Io,
): string {
  const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '))
  return [
    `${user.name}, ${user.kind} user of tenant ${user.tenant}, ${user.status}`,
    `  user roles  ${list(user.roles)}`,
    `  list roles  ${list(user.listRoles)}`,
    `  own lists   ${list(lists.map(grantText))}`,
    `  created     ${documentedTime(user.createdAt)}`,
    `  changed     ${documentedTime(user.updatedAt)}`,
    '',
    tokens.length === 0 ? `no token: sallyport token new ${user.name}\n` : tokenTable(tokens, io),
  ].join('\n')
}
