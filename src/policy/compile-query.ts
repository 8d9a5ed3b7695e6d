/** Compiles what a route says of its query: declared parameters, and those that its demands imply. */
import type { Report } from '../config/report.ts'
import { quoted, remedyFor } from '../config/suggest.ts'
import type { RouteWords } from './language.ts'
import { parseComparison } from '../model/comparison.ts'
import type { Alias, QueryShape, QueryType } from './rule.ts'

/** Group name → its parameters. */
export type Groups = Readonly<Record<string, Readonly<Record<string, QueryType>>>>

/** `lists: {query: x}` and `stored` with `query.x` declare `x: ids`, `when: {query: x}` declares `x: one`, unless declared already. */
export function compileQuery(route: RouteWords, groups: Groups, report: Report): QueryShape {
  const { query } = route
  if (query === 'any') {
    if (route.allow !== 'public')
      report.add(
        ['query'],
        '`any` stands on a route that is not public',
        'declare the parameters, or write `allow: public`',
      )
    if (route.aliases !== undefined)
      report.add(['aliases'], 'stands beside `query: any`', 'declare the parameters, or remove it')
    return { kind: 'any' }
  }
  const declared = new Map<string, QueryType>()
  const parts = Array.isArray(query) ? query : [query ?? {}]
  for (const [index, part] of parts.entries()) {
    const path = Array.isArray(query) ? ['query', index] : ['query']
    for (const [name, type] of Object.entries(groupFrom(part, groups, path, report))) {
      const before = declared.get(name)
      if (before !== undefined && before !== type) {
        report.add(path, `${quoted(name)} is declared as ${quoted(before)} and as ${quoted(type)}`, 'declare it once')
      }
      declared.set(name, type)
    }
  }
  imply(route, declared, report)
  return { kind: 'declared', parameters: declared, aliases: aliasesFrom(route, declared, report) }
}

/** Each alias is declared as `one` by this; what it is sent as must be a parameter of the route. */
function aliasesFrom(route: RouteWords, declared: Map<string, QueryType>, report: Report): ReadonlyMap<string, Alias> {
  const aliases = new Map<string, Alias>()
  for (const [name, text] of Object.entries(route.aliases ?? {})) {
    const equals = text.indexOf('=')
    const parameter = text.slice(0, equals)
    const comparison = parseComparison(text.slice(equals + 1))
    if (declared.has(name))
      report.add(['aliases', name], `${quoted(name)} is a parameter of the route already`, 'give it another name')
    if (declared.get(parameter) !== 'one')
      report.add(
        ['aliases', name],
        `${quoted(parameter)} is not a parameter of the route with type \`one\``,
        `declare it: \`query: { ${parameter}: one }\``,
      )
    if (comparison !== undefined) aliases.set(name, { parameter, comparison })
  }
  for (const name of aliases.keys()) declared.set(name, 'one')
  return aliases
}

function groupFrom(
  part: string | Readonly<Record<string, QueryType>>,
  groups: Groups,
  path: readonly (string | number)[],
  report: Report,
) {
  if (typeof part !== 'string') return part
  if (part === 'any') {
    report.add(path, '`any` stands in a list', 'write `query: any` alone')
    return {}
  }
  const group = Object.hasOwn(groups, part) ? groups[part] : undefined
  if (group === undefined)
    report.add(path, `the group ${quoted(part)} is not among \`parameters\``, remedyFor(part, Object.keys(groups)))
  return group ?? {}
}

function imply(route: RouteWords, declared: Map<string, QueryType>, report: Report): void {
  for (const [path, demand] of listed(route.lists, 'lists')) {
    const name = idParameter(demand)
    if (name === undefined) continue
    const type = declared.get(name) ?? 'ids'
    if (type !== 'ids' && type !== 'id') {
      report.add(
        [...path, 'query' in demand ? 'query' : 'id'],
        `reads ids from ${quoted(name)}, which is declared as ${quoted(type)}`,
        'declare it as `ids` or `id`',
      )
    }
    if (type === 'id' && 'absent' in demand && demand.absent === 'fill') {
      report.add(
        [...path, 'absent'],
        `\`fill\` may put several lists into ${quoted(name)}, which is declared as \`id\``,
        'declare it as `ids`',
      )
    }
    declared.set(name, type)
  }
  for (const [, demand] of listed(route.when, 'when')) {
    if ('query' in demand && !declared.has(demand.query)) declared.set(demand.query, 'one')
  }
}

type DemandWords = Extract<NonNullable<RouteWords['lists']>, { readonly need: unknown }>

/** The query parameter that a demand reads ids from. */
function idParameter(demand: DemandWords): string | undefined {
  if ('query' in demand) return demand.query
  return 'stored' in demand && demand.id.startsWith('query.') ? demand.id.slice('query.'.length) : undefined
}

/** One demand or several, each with its path in the route. */
export function listed<T extends object>(
  given: T | readonly T[] | undefined,
  key: string,
): readonly (readonly [readonly (string | number)[], T])[] {
  if (given === undefined) return []
  return isSeveral(given) ? given.map((item, index) => [[key, index], item] as const) : [[[key], given] as const]
}

const isSeveral = <T>(given: T | readonly T[]): given is readonly T[] => Array.isArray(given)
