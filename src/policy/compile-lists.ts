/** Compiles `lists`, `when`, `answer` and `grant` of a route and checks the names they use. */
import { samePlace } from './places.ts'
import type { Report } from '../config/report.ts'
import { quoted, remedyFor } from '../config/suggest.ts'
import { parseComparison } from '../model/comparison.ts'
import { listed } from './compile-query.ts'
import type { RouteKey } from './compile-path.ts'
import type { RouteWords } from './language.ts'
import type { AnswerDemand, ListDemand, When } from './rule.ts'

/** What a route may name. */
export interface Known {
  readonly permissions: ReadonlySet<string>
  readonly resources: ReadonlySet<string>
  /** Those of them that are found by e-mail. */
  readonly byEmail: ReadonlySet<string>
}

type Path = readonly (string | number)[]

export function checkPermissions(names: readonly string[] | undefined, known: Known, path: Path, report: Report): void {
  for (const [index, name] of (names ?? []).entries()) {
    if (known.permissions.has(name)) continue
    report.add(
      [...path, index],
      `the permission ${quoted(name)} is not among \`permissions\``,
      remedyFor(name, known.permissions),
    )
  }
}

function checkResource(name: string, known: Known, path: Path, report: Report): void {
  if (!known.resources.has(name))
    report.add(path, `the resource ${quoted(name)} is not among \`resources\``, remedyFor(name, known.resources))
}

export function compileLists(route: RouteWords, key: RouteKey, known: Known, report: Report): readonly ListDemand[] {
  const demands = listed(route.lists, 'lists').map(([path, words]) => compileList(path, words, key, known, report))
  checkPlaces(demands, route, report)
  checkKept(demands, route, report)
  return demands
}

type ListWords = Exclude<RouteWords['lists'], undefined | readonly unknown[]>

/** Demands on one place narrow it in turn: they must agree on when it is absent or partly out of reach. */
function checkPlaces(demands: readonly ListDemand[], route: RouteWords, report: Report): void {
  for (const [index, demand] of demands.entries()) {
    const before = demands.slice(0, index).find((other) => samePlace(other, demand))
    if (before === undefined || !('intersects' in before) || !('intersects' in demand)) continue
    const path = ['lists', ...(Array.isArray(route.lists) ? [index] : [])]
    if (demand.absent === 'fill' || before.absent !== demand.absent || before.partial !== demand.partial) {
      const message = `a second demand on ${quoted(demand.name)} that fills it or differs in \`absent\` or \`partial\``
      report.add(path, message, 'give both the same `absent` (not `fill`) and the same `partial`')
    }
  }
}

/** What is kept must be looked up, and only what is kept can stand in for an absent place. */
function checkKept(demands: readonly ListDemand[], route: RouteWords, report: Report): void {
  for (const [index, demand] of demands.entries()) {
    if (!('intersects' in demand)) continue
    const path = ['lists', ...(Array.isArray(route.lists) ? [index] : [])]
    const { keeps } = demand
    if (keeps !== undefined && !demands.some((other) => other.in === 'stored' && other.resource === keeps)) {
      report.add([...path, 'keeps'], `no line looks up ${quoted(keeps)}`, `add a line \`stored: ${keeps}\``)
    }
    if (demand.absent === 'empty' && keeps === undefined) {
      report.add([...path, 'absent'], '`empty` stands without `keeps`', 'add `keeps`, or say another `absent`')
    }
  }
}

function compileList(path: Path, words: ListWords, key: RouteKey, known: Known, report: Report): ListDemand {
  const { need } = words
  checkPermissions(words.unless, known, [...path, 'unless'], report)
  const base = { need, unless: words.unless ?? [] }
  if ('path' in words) {
    checkPathName(words.path, key, [...path, 'path'], report)
    return { in: 'path', name: words.path, ...base }
  }
  if ('stored' in words) {
    checkResource(words.stored, known, [...path, 'stored'], report)
    const [place, name] = storedId(words.id)
    if (place === 'path') checkPathName(name, key, [...path, 'id'], report)
    if (place !== 'body' && known.byEmail.has(words.stored)) {
      const message = `${quoted(words.stored)} is found by e-mail, and an e-mail stands in the body`
      report.add([...path, 'id'], message, 'write `body.x`, or name a resource that is found by id')
    }
    return {
      in: 'stored',
      resource: words.stored,
      id: { in: place, name },
      of: words.of,
      absent: words.absent ?? 'refuse',
      ...base,
    }
  }
  checkPermissions(words.fill_unless, known, [...path, 'fill_unless'], report)
  if (words.fill_unless !== undefined && words.absent !== 'fill') {
    report.add(
      [...path, 'fill_unless'],
      `stands with \`absent: ${words.absent}\``,
      'write `absent: fill`, or remove it',
    )
  }
  const rest = {
    ...base,
    absent: words.absent,
    partial: words.partial,
    fillUnless: words.fill_unless,
    intersects: words.intersects ?? false,
    keeps: 'keeps' in words ? words.keeps : undefined,
  }
  if ('query' in words) return { in: 'query', part: undefined, name: words.query, ...rest }
  if ('body' in words) return { in: 'body', part: undefined, name: words.body, ...rest }
  return { in: 'part', ...partAndName(words.part), ...rest }
}

function storedId(id: string): readonly ['path' | 'query' | 'body', string] {
  const name = id.slice(id.indexOf('.') + 1)
  if (id.startsWith('path.')) return ['path', name]
  return id.startsWith('query.') ? ['query', name] : ['body', name]
}

function partAndName(place: string): { readonly part: string; readonly name: string } {
  const dot = place.indexOf('.')
  return { part: place.slice(0, dot), name: place.slice(dot + 1) }
}

function checkPathName(name: string, key: RouteKey, path: Path, report: Report): void {
  if (key.names.includes(name)) return
  report.add(path, `the route has no parameter ${quoted(`:${name}`)}`, remedyFor(name, key.names))
}

export function compileWhen(route: RouteWords, known: Known, report: Report): readonly When[] {
  return listed(route.when, 'when').map(([path, words]): When => {
    checkPermissions(words.allow, known, [...path, 'allow'], report)
    if (words.allow === undefined && words.everywhere === undefined && words.every === undefined)
      report.add(path, 'demands nothing', 'add `allow`, `everywhere` or `every`')
    const named = 'named' in words ? words.named : undefined
    if (named !== undefined && words.is !== undefined)
      report.add([...path, 'is'], 'compares a text, and `named` reads names of headers', 'remove one of them')
    if (words.every !== undefined) checkEvery(words.every, route, [...path, 'every'], report)
    const rest = {
      is: typeof words.is === 'string' ? [words.is] : words.is,
      except: ('except' in words ? (words.except ?? []) : []).flatMap((text) => parseComparison(text) ?? []),
      allow: words.allow ?? [],
      everywhere: words.everywhere,
      every: words.every,
      ...(named === undefined ? {} : { named }),
    }
    if ('query' in words) return { in: 'query', part: undefined, name: words.query, ...rest }
    if ('body' in words) return { in: 'body', part: undefined, name: words.body, ...rest }
    return { in: 'part', ...partAndName(words.part), ...rest }
  })
}

/** Without a line that it makes stricter, the demand would ask nothing. */
function checkEvery(resource: string, route: RouteWords, path: Path, report: Report): void {
  const lines = listed(route.lists, 'lists').map(([, words]) => words)
  if (lines.some((words) => 'stored' in words && words.stored === resource && words.need === 'manage')) return
  const remedy = `add a line \`stored: ${resource}\` with \`need: manage\``
  report.add(path, `no line asks for \`manage\` on ${quoted(resource)}`, remedy)
}

export function compileAnswer(route: RouteWords, known: Known, report: Report): readonly AnswerDemand[] {
  return listed(route.answer, 'answer').map(([path, words]): AnswerDemand => {
    checkPermissions(words.unless, known, [...path, 'unless'], report)
    if (words.resource !== undefined) checkResource(words.resource, known, [...path, 'resource'], report)
    if (words.resource !== undefined && known.byEmail.has(words.resource)) {
      const message = `${quoted(words.resource)} is found by e-mail, and \`by\` names ids`
      report.add([...path, 'resource'], message, 'name a resource that is found by id')
    }
    const rest = { by: words.by, need: words.need, resource: words.resource, unless: words.unless ?? [] }
    if ('mask' in words) {
      checkItems(words.mask, [...path, 'mask'], report)
      return { act: 'mask', path: words.mask, pages: false, ...rest }
    }
    if ('refuse' in words) {
      checkItems(words.refuse, [...path, 'refuse'], report)
      return { act: 'refuse', path: words.refuse, pages: false, ...rest }
    }
    checkItems(words.keep, [...path, 'keep'], report)
    return { act: 'keep', path: words.keep, pages: compilePages(words.pages), ...rest }
  })
}

function checkItems(place: string, path: Path, report: Report): void {
  if (place.endsWith('[]')) return
  report.add(path, `${quoted(place)} is not a list that items can be dropped from`, 'end it with `[]`')
}

type PagesWords = Extract<Exclude<RouteWords['answer'], undefined | readonly unknown[]>, { keep: string }>['pages']

function compilePages(words: PagesWords): AnswerDemand['pages'] {
  if (typeof words !== 'object') return words ?? false
  return { empty: words.empty ?? 'as asked', unpaged: words.unpaged }
}
