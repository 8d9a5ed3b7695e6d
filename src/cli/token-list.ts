/** `sallyport token list`: tokens by id and label, never the tokens themselves. */
import type { Command } from 'commander'
import { documentedTime } from '../model/time.ts'
import type { TokenSummary } from '../store/tokens.ts'
import { tenantIn, userName } from './arguments.ts'
import { paintFor, writeOut, type Io } from './io.ts'
import { globalOptions } from './settings.ts'
import { formatTable } from './table.ts'
import { allPages, withStore } from './with-store.ts'

export function registerTokenList(token: Command, io: Io): void {
  token
    .command('list')
    .description('list tokens: whose, what for, until when, last used')
    .argument('[name]', 'only of this user')
    .option('--tenant <name>', 'only of this tenant')
    .action(async (name: string | undefined, options: { tenant?: string }, command: Command) => {
      const ofUser = name === undefined ? {} : { user: userName(name) }
      const tokens = await withStore(command, io, (store, config) => {
        const ofTenant = options.tenant === undefined ? {} : { tenant: tenantIn(config, options.tenant) }
        return allPages<TokenSummary>((after, limit) =>
          store.listTokens({ ...ofUser, ...ofTenant, limit, ...(after === undefined ? {} : { after: after.id }) }),
        )
      })
      const nowMs = io.clock.epochMs()
      const isJson = globalOptions(command, io).output === 'json'
      await writeOut(
        io,
        isJson ? `${JSON.stringify(tokens.map((one) => tokenJson(one, nowMs)))}\n` : tokenTable(tokens, io),
      )
    })
}

export function tokenTable(tokens: readonly TokenSummary[], io: Io): string {
  const nowMs = io.clock.epochMs()
  const paint = paintFor(io, 'stdout')
  const rows = tokens.map((token) => [
    String(token.id),
    token.tenant,
    token.user,
    token.label,
    stateOf(token, nowMs),
    minute(token.expiresAt, 'never'),
    minute(token.lastUsedAt, 'never'),
  ])
  return formatTable(['ID', 'TENANT', 'USER', 'LABEL', 'STATE', 'EXPIRES', 'LAST USED'], rows, (text) =>
    paint('bold', text),
  )
}

type State = 'valid' | 'revoked' | 'expired' | 'not yet valid'

function stateOf(token: TokenSummary, nowMs: number): State {
  if (token.revokedAt !== undefined) return 'revoked'
  if (token.expiresAt !== undefined && token.expiresAt <= nowMs) return 'expired'
  return token.notBefore !== undefined && token.notBefore > nowMs ? 'not yet valid' : 'valid'
}

/** To the minute, in UTC, with its offset: enough for a person, and no day is mistaken. */
function minute(epochMs: number | undefined, none: string): string {
  return epochMs === undefined ? none : documentedTime(epochMs).replace(/T(\d\d:\d\d).*([+-]\d\d:\d\d)$/, ' $1 $2')
}

/** A token as every command writes it in JSON; times that are not set are `null`. */
export const tokenJson = (token: TokenSummary, nowMs: number) => {
  const time = (epochMs: number | undefined): string | null => (epochMs === undefined ? null : documentedTime(epochMs))
  return {
    id: token.id,
    tenant: token.tenant,
    user: token.user,
    label: token.label,
    state: stateOf(token, nowMs),
    created_at: time(token.createdAt),
    not_before: time(token.notBefore),
    expires_at: time(token.expiresAt),
    revoked_at: time(token.revokedAt),
    last_used_at: time(token.lastUsedAt),
  }
}
