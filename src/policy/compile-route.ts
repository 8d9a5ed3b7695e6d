/** Compiles one route of a backend file to a rule. */
import { spanOrNone } from '../config/formats.ts'
import type { Report } from '../config/report.ts'
import type { Place } from '../model/problem.ts'
import { checkBodyPlaces, compileBody } from './compile-body.ts'
import { checkPermissions, compileAnswer, compileLists, compileWhen, type Known } from './compile-lists.ts'
import { parseRouteKey, type RouteKey } from './compile-path.ts'
import { compileGrant, compileOwn, compileRetire } from './compile-effects.ts'
import { compileQuery, type Groups } from './compile-query.ts'
import type { RouteWords } from './language.ts'
import type { Allow, Rule } from './rule.ts'

export interface RouteContext {
  readonly known: Known
  readonly groups: Groups
}

/** The key, or `undefined` with the mistake in `report`, which looks from the route on. */
export function routeKey(id: string, report: Report): RouteKey | undefined {
  const key = parseRouteKey(id)
  if (!('wrong' in key)) return key
  report.add([], `the route ${key.wrong}`, key.remedy)
  return undefined
}

export function compileRoute(
  id: string,
  key: RouteKey,
  at: Place,
  route: RouteWords,
  context: RouteContext,
  report: Report,
): Rule {
  const { known, groups } = context
  if (typeof route.allow !== 'string') checkPermissions(route.allow, known, ['allow'], report)
  if (route.allow === 'public') checkPublic(route, report)
  else if (route.credential === 'pass') {
    report.add(['credential'], '`pass` stands on a route that is not public', 'remove it, or write `allow: public`')
  }
  if (route.websocket === true && key.method !== 'GET')
    report.add(['websocket'], 'upgrades come with GET only', 'remove it')
  if (route.body !== undefined && key.method === 'GET') {
    report.add(['body'], 'a GET carries no body', 'remove it')
  }
  const body = compileBody(route, report)
  checkBodyPlaces(route, body, known, report)
  return {
    id,
    method: key.method,
    path: key.path,
    at,
    allow: allowFrom(route.allow),
    query: compileQuery(route, groups, report),
    body,
    lists: compileLists(route, key, known, report),
    when: compileWhen(route, known, report),
    everywhere: route.everywhere,
    answer: compileAnswer(route, known, report),
    grant: compileGrant(route, key, report),
    retire: compileRetire(route, key, report),
    own: compileOwn(route, report),
    limit: route.limit ?? (key.method === 'GET' ? 'read' : 'write'),
    cost: route.cost ?? 1,
    timeoutMs: route.timeout === undefined ? undefined : spanOrNone(route.timeout),
    gone: route.gone,
    credential: route.credential ?? 'strip',
    websocket: route.websocket ?? false,
  }
}

function allowFrom(allow: RouteWords['allow']): Allow {
  if (typeof allow === 'string') return { kind: allow }
  const [first = '', ...rest] = allow
  return { kind: 'any-of', permissions: [first, ...rest] }
}

/** On a public route nobody is known, so nothing of a caller's can be asked. */
function checkPublic(route: RouteWords, report: Report): void {
  const asking = ['lists', 'everywhere', 'when', 'answer', 'grant', 'retire', 'own'] as const
  for (const word of asking) {
    if (route[word] === undefined) continue
    report.add(
      [word],
      `\`${word}\` asks about a caller, and a public route has none`,
      'remove it, or write `allow: authenticated`',
    )
  }
}
