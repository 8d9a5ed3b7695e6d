/** `sallyport who-can`: which users may send a request, and through which roles. */
import type { Command } from 'commander'
import { paperJudge } from '../judge.ts'
import { grantsOf } from '../policy/grants.ts'
import { loadPolicies } from '../policy/load.ts'
import type { Store } from '../store/store.ts'
import type { UserSummary } from '../store/user-summaries.ts'
import { answerOf, tallyUsers, type Answer, type Group, type Tally, type Verdict } from '../who-can.ts'
import { tenantIn } from './arguments.ts'
import { usageError } from './command-error.ts'
import { bodyOf } from './explain.ts'
import { paintFor, writeOut, type Io, type Paint } from './io.ts'
import { rolesOf } from './roles-of.ts'
import { globalOptions, loadSettings } from './settings.ts'
import { onOneLine } from './table.ts'
import { withStoreOf } from './with-store.ts'

interface Options {
  readonly tenant?: string
  readonly body?: string
  readonly contentType: string
  readonly limit: string
}

export function registerWhoCanCommand(program: Command, io: Io): void {
  program
    .command('who-can')
    .description('list the users who may send a request, and through which roles; nothing is sent')
    .argument('<method>', 'GET, POST, …')
    .argument('<target>', 'path and query, as in /api/lists/3?minimal=true')
    .option('--tenant <name>', 'the tenant (default: the only one, or `default`)')
    .option('--body <file>', 'the body, from a file or `-` for standard input')
    .option('--content-type <type>', "the body's type", 'application/json')
    .option('--limit <n>', 'names shown of users whose roles are the same', '20')
    .action(async (method: string, target: string, options: Options, command: Command) => {
      const asked = { method: method.toUpperCase(), target }
      const found = await findUsers(asked, options, command, io)
      const isJson = globalOptions(command, io).output === 'json'
      await writeOut(io, isJson ? `${JSON.stringify(found)}\n` : foundText(found, paintFor(io, 'stdout')))
    })
}

type Found = Awaited<ReturnType<typeof findUsers>>

async function findUsers(asked: { method: string; target: string }, options: Options, command: Command, io: Io) {
  const maxNames = limitOf(options.limit)
  const config = await loadSettings(command, io)
  const name = tenantIn(config, options.tenant)
  const policies = await loadPolicies(config.policies)
  const tenant = config.tenants.find((each) => each.name === name)
  const policy = policies.policies.get(tenant?.policy ?? '')
  if (policy === undefined) throw usageError(`No file in ${config.policies} defines the policy of tenant \`${name}\`.`)
  const body = options.body === undefined ? undefined : await bodyOf(options.body, io)
  const headers = body === undefined ? {} : { 'content-type': options.contentType }
  const judge = paperJudge(policy, tenant?.partial ?? policy.scope.partial)
  const request = { ...asked, headers, body }
  const nowMs = io.clock.epochMs()

  return withStoreOf(config, io, async (store) => {
    const retired = store.retired(name)
    const roles = rolesOf(name, config, policies, store)
    const tally = tallyUsers((held) => {
      const grants = grantsOf(held, roles, nowMs, retired)
      return answerOf(judge.judge(grants, request), grants)
    }, maxNames)
    await addAll(store, name, tally)
    const groups = tally.groups()
    const anonymous: Answer = answerOf(judge.judge(undefined, request), undefined)
    return {
      ...asked,
      tenant: name,
      counts: countsOf(groups, tally),
      anonymous: anonymous.verdict,
      groups: groups.map(groupJson),
    }
  })
}

function limitOf(text: string): number {
  const limit = Number(text)
  if (/^[0-9]{1,9}$/.test(text)) return limit
  throw usageError(`--limit: \`${text}\` is no number - write how many names to show, as in \`20\``)
}

/** Page by page: all users are never held at once. */
async function addAll(store: Store, tenant: Parameters<Store['retired']>[0], tally: Tally): Promise<void> {
  const limit = 1000
  for (let after: UserSummary | undefined; ;) {
    const page = await store.listUsers({ tenant, limit, ...(after === undefined ? {} : { after }) })
    tally.add(page)
    if (page.length < limit) return
    after = page.at(-1)
  }
}

function countsOf(groups: readonly Group[], tally: Tally) {
  const count = (verdict: Verdict): number =>
    groups.reduce((sum, group) => sum + (group.verdict === verdict ? group.count : 0), 0)
  return {
    may: count('may'),
    partly: count('partly'),
    depends: count('depends'),
    may_not: count('may-not'),
    disabled: tally.disabled(),
  }
}

const groupJson = ({ listRoles, ...group }: Group) => ({ ...group, list_roles: listRoles })

const titles = {
  may: 'may',
  partly: 'may partly: what is out of reach is dropped, filled in or cut from the answer',
  depends: 'depends on the stored thing',
  'may-not': 'may not',
} as const satisfies Record<Verdict, string>

function foundText({ method, target, tenant, counts, anonymous, groups }: Found, paint: Paint): string {
  const sections = (Object.keys(titles) as Verdict[]).flatMap((verdict) => {
    const its = groups.filter((group) => group.verdict === verdict)
    return its.length === 0 ? [] : [paint('bold', titles[verdict]), ...its.flatMap(groupLines).map(onOneLine), '']
  })
  const { may, partly, depends, may_not: mayNot, disabled } = counts
  return [
    paint('bold', onOneLine(`${method} ${target} (tenant ${tenant})`)),
    ...(anonymous === 'may' ? ['anybody may, also without credentials'] : []),
    '',
    ...sections,
    `${may} may, ${partly} partly, ${depends} depend on the stored thing, ${mayNot} may not; ${disabled} disabled`,
    '',
  ].join('\n')
}

function groupLines(group: ReturnType<typeof groupJson>): readonly string[] {
  const { count, users, roles, list_roles: listRoles, verdict, code, reason, things, permission, role, by } = group
  const names = (what: string, all: readonly string[]): string =>
    all.length === 0 ? `no ${what}` : `${what} ${all.join(', ')}`
  const through = [
    permission === undefined ? undefined : `${permission} of ${String(role)}`,
    by === undefined ? undefined : `lists by ${by}`,
  ].filter((each) => each !== undefined)
  const why = [code, reason, ...things.map((thing) => `the lists of ${thing}`)].filter((each) => each !== undefined)
  const more = count - users.length
  return [
    `  ${count} with ${names('role', roles)}, ${names('list role', listRoles)}: ${[...why, ...(verdict === 'may-not' ? [] : through)].join('; ')}`,
    ...(users.length === 0 ? [] : [`    ${users.join(', ')}${more > 0 ? ` and ${more} more` : ''}`]),
  ]
}
