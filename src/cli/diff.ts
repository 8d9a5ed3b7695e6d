/** `sallyport diff`: what another folder of policies would decide differently. */
import path from 'node:path'
import type { Command } from 'commander'
import type { CallerGroup, Change, Outcome } from '../policy/diff-route.ts'
import type { RoleChange, SettingChange } from '../policy/diff-facts.ts'
import { diffPolicies, type PolicyDiff, type RouteDiff } from '../policy/diff.ts'
import { loadPolicies } from '../policy/load.ts'
import { CommandError } from './command-error.ts'
import { paintFor, writeOut, type Io, type Paint } from './io.ts'
import { globalOptions } from './settings.ts'
import { onOneLine } from './table.ts'

export function registerDiffCommand(program: Command, io: Io): void {
  program
    .command('diff')
    .description('show which callers two policies folders answer differently; exit code 1 if there is a difference')
    .argument('<old>', 'a policies folder')
    .argument('<new>', 'another')
    .action(async (before: string, after: string, _options: unknown, command: Command) => {
      const load = (dir: string) => loadPolicies(path.resolve(io.cwd, dir))
      const diff = diffPolicies(await load(before), await load(after))
      const isJson = globalOptions(command, io).output === 'json'
      await writeOut(io, isJson ? `${JSON.stringify(diffJson(diff))}\n` : diffText(diff, paintFor(io, 'stdout')))
      if (!diff.isSame) throw new CommandError(`${after} is not the same as ${before}.`)
    })
}

function diffJson({ isSame, userRoles, listRoles, routes, ...rest }: PolicyDiff) {
  return {
    same: isSame,
    ...rest,
    user_roles: userRoles,
    list_roles: listRoles,
    routes: routes.map(({ isReworded, isSampled, ...route }) => ({
      ...route,
      reworded: isReworded,
      sampled: isSampled,
    })),
  }
}

function diffText(diff: PolicyDiff, paint: Paint): string {
  const { counts } = diff
  const shown = [
    ...section('user roles', diff.userRoles.map(roleLines)),
    ...section('list roles', diff.listRoles.map(roleLines)),
    ...section('limits', diff.limits.map(settingLines)),
    ...section('settings', diff.settings.map(settingLines)),
    ...diff.routes.flatMap((route) => routeLines(route, paint)),
  ]
  const changed = counts.opened + counts.closed + counts.different
  const verdict =
    changed === 0
      ? 'no decision changes'
      : `${String(changed)} decisions change: ${String(counts.opened)} opened, ${String(counts.closed)} closed, ${String(counts.different)} otherwise`
  return [...shown, `${verdict}; ${String(counts.judged)} judged on ${String(counts.routes)} routes`]
    .map((line) => `${line}\n`)
    .join('')
}

const section = (title: string, parts: readonly (readonly string[])[]): readonly string[] =>
  parts.length === 0 ? [] : [title, ...parts.flat().map((line) => `  ${onOneLine(line)}`), '']

const roleLines = ({ role, kind, gained, lost }: RoleChange): readonly string[] => [
  `${role}${kind === 'changed' ? '' : ` (${kind})`}`,
  ...gained.map((each) => `  + ${each}`),
  ...lost.map((each) => `  - ${each}`),
]

const settingLines = ({ key, before, after }: SettingChange): readonly string[] => [
  `${key}: ${before ?? 'nothing'} → ${after ?? 'nothing'}`,
]

function routeLines(route: RouteDiff, paint: Paint): readonly string[] {
  const places =
    route.before === route.after ? route.after : `${route.before ?? 'no rule'} → ${route.after ?? 'no rule'}`
  const kind = route.kind === 'changed' ? '' : ` ${route.kind}`
  return [
    `${paint('bold', onOneLine(route.route))}${kind} (${places ?? 'no rule'})`,
    ...route.settings.flatMap(settingLines).map((line) => `  ${onOneLine(line)}`),
    ...(route.isReworded ? ['  written differently; no request that was judged is decided differently'] : []),
    ...(route.isSampled ? ['  many places: each two of them were combined, not all'] : []),
    ...route.changes.flatMap((change) => changeLines(change, paint)),
    '',
  ]
}

const colours = { opened: 'yellow', closed: 'red', different: 'dim' } as const

function changeLines({ kind, before, after, pairs, callers }: Change, paint: Paint): readonly string[] {
  return [
    `  ${paint(colours[kind], onOneLine(`${outcomeText(before)} → ${outcomeText(after)}`))} (${String(pairs)} ${pairs === 1 ? 'time' : 'times'})`,
    ...callers.flatMap(callerLines).map(onOneLine),
  ]
}

function outcomeText({ effect, reason, code, sends, cuts }: Outcome): string {
  const why = [reason, code].filter((word) => word !== undefined).join(', ')
  const what = [...sends.map((each) => `sends ${each}`), ...cuts]
  return `${effect} (${why})${what.length === 0 ? '' : ` [${what.join('; ')}]`}`
}

/** More than these are counted only; JSON has all of them. */
const maxRequests = 6

function callerLines({ roles, lists, requests }: CallerGroup): readonly string[] {
  const more = requests.length - maxRequests
  return [
    `    ${roles.join(', ')}${lists.length === 0 ? '' : `; holding ${lists.join(' or ')}`}${requests.length === 0 ? '' : '; asking'}`,
    ...requests.slice(0, maxRequests).map((request) => `      ${request}`),
    ...(more > 0 ? [`      and ${String(more)} more`] : []),
  ]
}
