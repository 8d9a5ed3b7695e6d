/** `sallyport token new`: a token, shown once; the store keeps only its SHA-256. */
import type { Command } from 'commander'
import { documentedTime } from '../model/time.ts'
import { newToken, tokenSha256 } from '../model/token.ts'
import { momentAfter, tenantIn, userName } from './arguments.ts'
import { usageError } from './command-error.ts'
import { say, writeOut, type Io } from './io.ts'
import { globalOptions } from './settings.ts'
import { actorOf, withStore } from './with-store.ts'

interface Options {
  readonly expires?: string
  readonly notBefore?: string
  readonly label: string
  readonly tenant?: string
}

interface Lifetime {
  readonly notBefore: number | undefined
  readonly expiresAt: number | undefined
}

export const maxLabelLength = 200

export function registerTokenNew(token: Command, io: Io): void {
  token
    .command('new')
    .description('make a token for a user and print it, once')
    .argument('<name>', 'the user')
    .option('--expires <when>', 'a span from now (90d) or a time (2027-01-31T09:00:00+01:00); default: never')
    .option('--not-before <when>', 'not valid earlier; a span from now or a time; default: from now on')
    .option('--label <text>', 'what it is for', '')
    .option('--tenant <name>', 'the tenant (default: the only one, or `default`)')
    .action((name: string, options: Options, command: Command) => makeToken(userName(name), options, command, io))
}

async function makeToken(name: string, options: Options, command: Command, io: Io): Promise<void> {
  const lifetime = lifetimeOf(options, io.clock.epochMs())
  const { label } = options
  if (label.length > maxLabelLength)
    throw usageError(`--label: has ${label.length} characters - use at most ${maxLabelLength}`)
  const token = newToken(io.random)
  const { id, tenant } = await withStore(command, io, async (store, config) => {
    const inTenant = tenantIn(config, options.tenant)
    const stored = { sha256: tokenSha256(token), label, ...lifetime }
    return { id: await store.createToken(inTenant, name, stored, actorOf(io)), tenant: inTenant }
  })
  if (globalOptions(command, io).output === 'json') {
    const times = { not_before: shown(lifetime.notBefore), expires_at: shown(lifetime.expiresAt) }
    await writeOut(io, `${JSON.stringify({ id, token, tenant, user: name, label, ...times })}\n`)
    return
  }
  await writeOut(io, `${token}\n`)
  const until = lifetime.expiresAt === undefined ? 'does not expire' : `expires ${documentedTime(lifetime.expiresAt)}`
  say(io, `Token ${id} of ${name}, tenant ${tenant}; ${until}. It is shown only this once: keep it safe.`)
  say(io, `Use it as: Authorization: token ${name}:<token>   or: curl -u ${name}:<token> …`)
}

function lifetimeOf({ expires, notBefore }: Options, nowMs: number): Lifetime {
  const expiresAt = expires === undefined ? undefined : momentAfter(nowMs, '--expires', expires)
  const from = notBefore === undefined ? undefined : momentAfter(nowMs, '--not-before', notBefore)
  if (expiresAt !== undefined && expiresAt <= nowMs)
    throw usageError(`--expires: \`${expires}\` is over - name a time to come`)
  if (expiresAt !== undefined && from !== undefined && from >= expiresAt) {
    throw usageError('--not-before is not before --expires: the token would never be valid')
  }
  return { notBefore: from, expiresAt }
}

const shown = (epochMs: number | undefined): string | null => (epochMs === undefined ? null : documentedTime(epochMs))
