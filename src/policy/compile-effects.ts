/** Compiles `grant`, `retire` and `own`: what a route does beside being sent on, or in place of it. */
import type { Report } from '../config/report.ts'
import { quoted } from '../config/suggest.ts'
import type { RouteKey } from './compile-path.ts'
import { listed } from './compile-query.ts'
import type { RouteWords } from './language.ts'
import type { Grant, Own, Retire } from './rule.ts'

export function compileGrant({ grant }: RouteWords, key: RouteKey, report: Report): Grant | undefined {
  if (grant === undefined) return undefined
  checkWrites('grant', key, report)
  return { from: grant.from, need: grant.need, undo: grant.undo?.slice('DELETE '.length) }
}

/** What is retired must be what was judged: a caller could else take others' access to lists that are none of theirs. */
export function compileRetire(route: RouteWords, key: RouteKey, report: Report): Retire | undefined {
  const { retire } = route
  if (retire === undefined) return undefined
  checkWrites('retire', key, report)
  const place = retire.startsWith('path.') ? 'path' : 'query'
  const name = retire.slice(`${place}.`.length)
  const isJudged = listed(route.lists, 'lists').some(
    ([, demand]) => demand.need === 'manage' && place in demand && demand[place as keyof typeof demand] === name,
  )
  if (!isJudged) {
    const message = `${quoted(retire)} is no place of \`lists\` with \`need: manage\``
    report.add(
      ['retire'],
      message,
      `add \`lists: { ${place}: ${name}, need: manage }\`, or name a place that is judged`,
    )
  }
  return { in: place, name }
}

function checkWrites(word: 'grant' | 'retire', key: RouteKey, report: Report): void {
  if (key.method !== 'GET') return
  report.add([word], `\`${word}\` stands on a GET, which changes nothing and may be sent twice`, 'remove it')
}

/** All that would mean something only for a request that is sent on. */
const ofForwarding = [
  ...(['lists', 'everywhere', 'when', 'answer', 'body', 'grant', 'retire'] as const),
  ...(['credential', 'websocket', 'timeout', 'gone'] as const),
] as const

/** INVARIANT: a route that is answered here has nothing to forward. */
export function compileOwn(route: RouteWords, report: Report): Own | undefined {
  if (route.own === undefined) return undefined
  for (const word of ofForwarding) {
    if (route[word] === undefined) continue
    const message = `\`${word}\` stands beside \`own\`, and nothing of this route is sent to the backend`
    report.add([word], message, 'remove one of the two')
  }
  return route.own
}
