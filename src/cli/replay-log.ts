/** `sallyport replay`: what of an access log would be decided differently under other policies. */
import { createReadStream } from 'node:fs'
import path from 'node:path'
import type { Command } from 'commander'
import { LRUCache } from 'lru-cache'
import type { Config } from '../config/config.ts'
import type { Identity } from '../model/identity.ts'
import type { TenantName } from '../model/ids.ts'
import { readLogLine } from '../observe/read-log-line.ts'
import { grantsOf } from '../policy/grants.ts'
import { loadPolicies } from '../policy/load.ts'
import { routeTable } from '../policy/routes.ts'
import type { PolicySet } from '../policy/rule.ts'
import type { Judging } from '../replay-line.ts'
import { createReplay, type ReplayCounts, type ReplayGroup, type Who } from '../replay-log.ts'
import type { Store } from '../store/store.ts'
import { usageError } from './command-error.ts'
import { paintFor, writeOut, type Io, type Paint } from './io.ts'
import { linesOf } from './lines.ts'
import { rolesOf } from './roles-of.ts'
import { globalOptions, loadSettings } from './settings.ts'
import { onOneLine } from './table.ts'
import { withStoreOf } from './with-store.ts'

export function registerReplayCommand(program: Command, io: Io): void {
  program
    .command('replay')
    .description('judge an access log again, and show what would be decided differently')
    .argument('<log>', 'JSON lines as the gateway writes them; `-` for standard input')
    .option('--policies <dir>', 'the policies to judge by (default: those that sallyport.yaml names)')
    .addHelpText('after', limits)
    .action(async (log: string, options: { policies?: string }, command: Command) => {
      const config = await loadSettings(command, io)
      const folder = options.policies === undefined ? config.policies : path.resolve(io.cwd, options.policies)
      const policies = await loadPolicies(folder)
      const judgings = judgingsOf(config, policies)
      const found = await withStoreOf(config, io, (store) =>
        replayLog(log, judgings, callers(store, config, policies, io), io),
      )
      const isJson = globalOptions(command, io).output === 'json'
      await writeOut(io, isJson ? `${JSON.stringify(foundJson(found))}\n` : foundText(found, paintFor(io, 'stdout')))
    })
}

const limits = `
The log holds no query values, no bodies and no stored things, so that of what they decide only this is judged: which parameters were used,
that there was no body, lists in the path, and lists that alone were granted. Users have the roles that they have now.`

interface Found {
  readonly lines: number
  readonly unreadable: number
  readonly other: number
  readonly counts: ReplayCounts
  readonly groups: readonly ReplayGroup[]
}

type FindCaller = (tenant: TenantName, name: string) => Who | Promise<Who>

interface TenantJudging extends Judging {
  readonly tenant: TenantName
}

function judgingsOf(config: Config, policies: PolicySet): ReadonlyMap<string, TenantJudging> {
  return new Map(
    config.tenants.map((tenant) => {
      const policy = policies.policies.get(tenant.policy)
      if (policy === undefined) {
        throw usageError(`no policy \`${tenant.policy}\` in this folder, which tenant \`${tenant.name}\` goes by`)
      }
      const terms = { scope: policy.scope, partial: tenant.partial ?? policy.scope.partial }
      return [tenant.name, { tenant: tenant.name, routes: routeTable(policy.rules), terms }]
    }),
  )
}

/** The most callers and grants that are kept at once; who is not among them is looked up again. */
const maxCallers = 200_000
const maxGrants = 10_000

function callers(store: Store, config: Config, policies: PolicySet, io: Io): FindCaller {
  const known = new LRUCache<string, Who>({ max: maxCallers })
  // Most users share their roles with many: what those grant is made once.
  const shared = new LRUCache<string, Who>({ max: maxGrants })
  const nowMs = io.clock.epochMs()
  const roles = new Map(config.tenants.map(({ name }) => [name, rolesOf(name, config, policies, store)] as const))
  const whoIs = (tenant: TenantName, { roles: names, listRoles, listGrants }: Identity): Who => {
    const key = JSON.stringify([tenant, names, listRoles, listGrants])
    const grants = (): Who => ({
      kind: 'caller',
      grants: grantsOf(
        { roles: names, listRoles, listGrants },
        roles.get(tenant) ?? policies,
        nowMs,
        store.retired(tenant),
      ),
    })
    const who = shared.get(key) ?? grants()
    shared.set(key, who)
    return who
  }
  const find = async (tenant: TenantName, name: string, key: string): Promise<Who> => {
    const identity = await store.find(tenant, name)
    const who: Who = identity?.status === 'enabled' ? whoIs(tenant, identity) : { kind: 'unknown' }
    known.set(key, who)
    return who
  }
  return (tenant, name) => {
    const key = JSON.stringify([tenant, name])
    return known.get(key) ?? find(tenant, name, key)
  }
}

const maxLineBytes = 1024 * 1024
/** A file whose first lines are all unreadable is another kind of file. */
const linesToBelieve = 1000

async function replayLog(
  log: string,
  judgings: ReadonlyMap<string, TenantJudging>,
  callerOf: FindCaller,
  io: Io,
): Promise<Found> {
  const replay = createReplay()
  const seen = { lines: 0, unreadable: 0, other: 0 }
  for await (const { number, bytes } of linesIn(log, io)) {
    if (bytes.length === 0) continue
    seen.lines += 1
    const line = readLogLine(bytes)
    if (line.kind !== 'request') {
      seen[line.kind] += 1
      if (seen.unreadable === linesToBelieve && seen.lines === linesToBelieve) break
      continue
    }
    const { tenant: name, user } = line.request
    const judging = judgings.get(name ?? '')
    let who: Who = { kind: 'caller', grants: undefined }
    if (judging !== undefined && user !== undefined) {
      const found = callerOf(judging.tenant, user)
      // Only who was not met before is waited for.
      who = found instanceof Promise ? await found : found
    }
    replay.add(number, line.request, judging, who)
  }
  if (seen.lines > 0 && seen.unreadable === seen.lines)
    throw usageError(`${log} is no log of Sallyport: no line of it can be read`)
  return { ...seen, counts: replay.counts(), groups: replay.groups() }
}

/** The lines of the file; what keeps it from being read is said in one sentence. */
async function* linesIn(log: string, io: Io): ReturnType<typeof linesOf> {
  const stream = log === '-' ? io.stdin : createReadStream(path.resolve(io.cwd, log), { highWaterMark: 1024 * 1024 })
  try {
    yield* linesOf(stream as AsyncIterable<Buffer>, maxLineBytes)
  } catch (error) {
    if (error instanceof RangeError) throw usageError(`${log} is no log of Sallyport: ${error.message}`)
    if (error instanceof Error && 'syscall' in error && 'code' in error) {
      throw usageError(`${log} cannot be read (${String(error.code)})`)
    }
    throw error
  }
}

function foundJson({ counts, groups, ...lines }: Found) {
  const { unknownUsers, unknownTenants, ...others } = counts
  return {
    ...lines,
    ...others,
    unknown_users: unknownUsers,
    unknown_tenants: unknownTenants,
    groups: groups.map(({ wouldBe, ...group }) => ({ ...group, would_be: wouldBe })),
  }
}

const titles = {
  closed: 'would be refused',
  opened: 'would be allowed',
  'may-open': 'would pass the route; the rest is not in the log',
  different: 'would be decided for another reason',
} as const satisfies Record<ReplayGroup['kind'], string>

function foundText({ lines, unreadable, other, counts, groups }: Found, paint: Paint): string {
  const sections = (Object.keys(titles) as ReplayGroup['kind'][]).flatMap((kind) => {
    const its = groups.filter((group) => group.kind === kind)
    return its.length === 0 ? [] : [paint('bold', titles[kind]), ...its.flatMap(groupLines).map(onOneLine), '']
  })
  const rows: readonly (readonly [number, string])[] = [
    [counts.changed, 'would be decided differently'],
    [counts.ungrouped, 'of these not listed: too many kinds'],
    [counts.same, 'would be decided the same'],
    [counts.partly, 'would be the same as far as the log tells; query values, bodies or stored things decide the rest'],
    [counts.undecided, 'ended before anything was decided'],
    [counts.unknownUsers, 'by users that the store does not know, or disabled ones'],
    [counts.unknownTenants, 'of tenants that the configuration does not name'],
    [other, 'other lines of the log'],
    [unreadable, 'unreadable lines'],
  ]
  const counted = rows.filter(([count]) => count > 0).map(([count, what]) => `  ${count} ${what}`)
  return [...sections, `${lines} lines`, ...counted, ''].join('\n')
}

function groupLines({ route, was, wouldBe, count, users, line, example }: ReplayGroup): readonly string[] {
  return [
    `  ${count} of ${route}: ${was.effect} (${was.reason}) → ${wouldBe.effect} (${wouldBe.reason})`,
    `    ${users.length === 0 ? 'without credentials' : `by ${users.join(', ')}`}; first in line ${line}: ${example}`,
  ]
}
