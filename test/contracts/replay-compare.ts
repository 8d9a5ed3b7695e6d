/** The gateway's outcome beside what listmonk answered: equal, stricter or looser. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { bodyOf, type Outcome, type ReplayWorld } from './replay-gateway.ts'
import type { LookedUp } from './replay-lookup.ts'
import type { RecordedAnswer, Recording } from './recordings.ts'

type SentOutcome = Extract<Outcome, { kind: 'sent' }>

export type Comparison = { readonly kind: 'equal' | 'stricter' } | { readonly kind: 'looser'; readonly why: string }

/** Whether listmonk did what was asked. It did where it kept the connection open without an end, and not where it sends people to sign in. */
export function didIt({ status, error, headers }: RecordedAnswer): boolean {
  if (status === null) return error === 'timeout'
  const location = headers?.['location']
  return status < 400 && !(typeof location === 'string' && location.startsWith('/admin/login?'))
}

/** `supers`: what a super admin got for the same request, which is what the backend does for the gateway. */
export function compare(
  recording: Recording,
  answer: RecordedAnswer,
  supers: RecordedAnswer | undefined,
  outcome: Outcome,
  world: ReplayWorld,
): Comparison {
  if (outcome.kind === 'own') return { kind: 'equal' }
  if (outcome.kind === 'refused') {
    return { kind: didIt(answer) ? 'stricter' : 'equal' }
  }
  if (!didIt(answer)) {
    return isRefusedToAll(answer, supers)
      ? { kind: 'equal' }
      : {
          kind: 'looser',
          why: `listmonk answers ${answer.status} to this caller, and ${supers?.status} to a super admin`,
        }
  }
  const beyond = listsBeyond(recording, answer, supers, outcome)
  if (beyond.length > 0)
    return { kind: 'looser', why: `listmonk leaves out the lists ${beyond.join(', ')}, which are sent` }
  const unseen = rowsBeyond(recording, answer, outcome, world)
  if (unseen.length > 0)
    return { kind: 'looser', why: `subscribers ${unseen.join(', ')} are asked for, listmonk shows them not` }
  const used = listsUsed(recording, answer, world)
  const sent = listsSent(recording, outcome)
  if (used === undefined || sent === undefined) return { kind: 'equal' }
  const known = new Set(world.lists.map(({ id }) => id))
  const more = sent.filter((id) => known.has(id) && !used.includes(id))
  if (more.length > 0)
    return { kind: 'looser', why: `lists ${more.join(', ')} are sent, listmonk uses ${used.join(', ') || 'none'}` }
  return { kind: used.every((id) => sent.includes(id)) ? 'equal' : 'stricter' }
}

/** The same for a request that waits, once what is stored is looked up. */
export function compareLookedUp(
  recording: Recording,
  answer: RecordedAnswer,
  supers: RecordedAnswer | undefined,
  { effect, lists }: LookedUp,
  world: ReplayWorld,
): Comparison {
  if (didIt(answer)) {
    if (effect === 'deny') return { kind: 'stricter' }
    const left = listsAfter(recording, answer, world)
    const known = lists?.filter((id) => world.lists.some((list) => list.id === id))
    return left === undefined || known === undefined || sameIds(known, left)
      ? { kind: 'equal' }
      : { kind: 'looser', why: `lists ${known.join(', ')} are sent, listmonk leaves ${left.join(', ')}` }
  }
  if (effect === 'deny' || isRefusedToAll(answer, supers)) return { kind: 'equal' }
  return { kind: 'looser', why: `listmonk answers ${answer.status} to this caller` }
}

const sameIds = (one: readonly number[], other: readonly number[]): boolean =>
  one.length === other.length && one.every((id) => other.includes(id))

/** The lists that a changed subscriber was on in the end: what is sent replaces all of them. */
function listsAfter(recording: Recording, answer: RecordedAnswer, world: ReplayWorld): readonly number[] | undefined {
  if (!/^(?:PUT|PATCH) \/api\/subscribers\/:id$/.test(recording.route)) return undefined
  const stored = world.subscribers.find(({ id }) => recording.target.endsWith(`/${id}`))
  const left = new Set(stored?.lists.map(({ list_id }) => list_id))
  for (const { table, op, key } of answer.effects ?? []) {
    if (table !== 'subscriber_lists') continue
    if (op === 'delete') left.delete(Number(key['list_id']))
    else left.add(Number(key['list_id']))
  }
  return [...left]
}

// What the backend refuses to everybody alike, it refuses behind the gateway too. What it refuses to this caller is a refusal.
const isRefusedToAll = (answer: RecordedAnswer, supers: RecordedAnswer | undefined): boolean =>
  answer.status === 403 ? supers?.status === 403 : supers === undefined || !didIt(supers)

/** The lists that listmonk acted on, where the recorded effects or rows show it. */
function listsUsed(recording: Recording, answer: RecordedAnswer, world: ReplayWorld): readonly number[] | undefined {
  switch (recording.route) {
    case 'POST /api/subscribers':
      return listsIn(answer, 'subscriber_lists')
    case 'POST /api/campaigns':
      return listsIn(answer, 'campaign_lists')
    case 'POST /api/import/subscribers': {
      // Nothing to see where the import failed behind the answer, or ignores lists.
      const lists = listsIn(answer, 'subscriber_lists')
      return lists.length === 0 ? undefined : lists
    }
    case 'GET /api/subscribers/export':
      return exported(recording, answer, world)
    default:
      return undefined
  }
}

/** The lists whose rows a write put in, changed or took out. */
function listsIn(answer: RecordedAnswer | undefined, table: string): readonly number[] {
  const ids = (answer?.effects ?? []).flatMap((effect) =>
    effect.table === table ? [Number(effect.key['list_id'])] : [],
  )
  return [...new Set(ids)]
}

/** Subscribers whom the listing would show for the lists that are sent, and did not show to this caller. */
function rowsBeyond(
  recording: Recording,
  answer: RecordedAnswer,
  outcome: SentOutcome,
  world: ReplayWorld,
): readonly number[] {
  const whole = /^\/api\/subscribers\?per_page=all(?:&list(?:_|%5F)id=[0-9]*)*$/
  if (!whole.test(recording.target)) return []
  const shown =
    (answer.json as { readonly data: { readonly results: readonly { readonly id: number }[] | null } }).data.results ??
    []
  const asked = new URLSearchParams(outcome.target.split('?')[1]).getAll('list_id').map(Number)
  const ids = new Set(shown.map(({ id }) => id))
  return world.subscribers
    .filter(({ lists }) => asked.length === 0 || lists.some(({ list_id }) => asked.includes(list_id)))
    .flatMap(({ id }) => (ids.has(id) ? [] : [id]))
}

interface Chosen {
  readonly list_ids?: readonly number[]
  readonly target_list_ids?: readonly number[]
}

/** Target lists that a super admin's request changes, the caller's does not, and that the gateway sends for the caller. */
function listsBeyond(
  recording: Recording,
  answer: RecordedAnswer,
  supers: RecordedAnswer | undefined,
  outcome: SentOutcome,
): readonly number[] {
  if (outcome.body.kind !== 'json' || recording.body === undefined) return []
  const { target_list_ids: sent = [], list_ids: sources } = outcome.body.value as Chosen
  // Where the sources were filled in or narrowed, fewer subscribers are meant, and fewer rows tell nothing about lists.
  if (JSON.stringify(sources) !== JSON.stringify((JSON.parse(bodyOf(recording).toString()) as Chosen).list_ids))
    return []
  const own = listsIn(answer, 'subscriber_lists')
  const beyond = listsIn(supers, 'subscriber_lists').filter((id) => !own.includes(id))
  return sent.filter((id) => beyond.includes(id))
}

/** The one list whose subscribers are exactly the exported rows; `undefined` where a filter or an empty file hides it. */
function exported(recording: Recording, answer: RecordedAnswer, world: ReplayWorld): readonly number[] | undefined {
  if (/[?&](?:id|search|query|subscription_status)=/.test(recording.target)) return undefined
  const uuids = (answer.text ?? '')
    .split('\n')
    .slice(1)
    .flatMap((line) => /^[0-9a-f-]{36}/.exec(line)?.[0] ?? [])
  if (uuids.length === 0) return undefined
  const members = (list: number): string[] =>
    world.subscribers.filter(({ lists }) => lists.some(({ list_id }) => list_id === list)).map(({ uuid }) => uuid)
  const same = (list: number): boolean => {
    const these = members(list)
    return these.length === uuids.length && these.every((uuid) => uuids.includes(uuid))
  }
  const found = world.lists.map(({ id }) => id).filter(same)
  return found.length === 1 ? found : undefined
}

function listsSent(recording: Recording, outcome: SentOutcome): readonly number[] | undefined {
  if (recording.method === 'GET') {
    const query = new URLSearchParams(outcome.target.split('?')[1] ?? '')
    const ids = query.getAll('list_id').map(Number)
    return ids.length === 0 ? undefined : ids
  }
  if (outcome.body.kind !== 'json') return undefined
  const { lists = [] } = outcome.body.value as { lists?: readonly number[] }
  return lists
}

/** Whether what is sent is, as a value, what the caller sent. */
export function isUnchanged(recording: Recording, outcome: SentOutcome): boolean {
  if (pairs(recording.target) !== pairs(outcome.target)) return false
  if (outcome.body.kind === 'form') {
    const asked = [...new URLSearchParams(bodyOf(recording).toString())].filter(([, value]) => value !== '')
    return JSON.stringify(asked) === JSON.stringify(outcome.body.pairs.filter(([, value]) => value !== ''))
  }
  if (outcome.body.kind !== 'json' || recording.body === undefined) return true
  return JSON.stringify(JSON.parse(bodyOf(recording).toString())) === JSON.stringify(outcome.body.value)
}

const pairs = (target: string): string => {
  const [path = '', query = ''] = target.split('?')
  return JSON.stringify([decodeURIComponent(path), [...new URLSearchParams(query)]])
}

export interface Excuse {
  readonly route: string
  /** `gap N` of the policy, or the safe rule of listmonk's contract that is followed. */
  readonly reason: string
  /** All users but `super` when absent. */
  readonly users?: readonly string[]
  readonly also_super?: boolean
  /** The recordings' ids behind the route's own; all when absent. */
  readonly requests?: readonly string[]
  /** Not refused: `masked` shows less of the lists that things are on, `fewer` shows or does less. Only sockets tell. */
  readonly how?: 'masked' | 'fewer'
  /** No matter of policy, and seen over sockets alone. */
  readonly sockets?: true
}

/** The rows of stricter-than-listmonk.yaml, one for each of their routes. */
export function readExcuses(): Excuse[] {
  const rows = parse(readFileSync(new URL('stricter-than-listmonk.yaml', import.meta.url), 'utf8')) as ExcuseRow[]
  return rows.flatMap((row) => [row.route].flat().map((route) => ({ ...row, route })))
}

type ExcuseRow = Omit<Excuse, 'route'> & { readonly route: string | readonly string[] }

export const excuses = (excuse: Excuse, recording: Recording, user: string): boolean =>
  excuse.route === recording.route &&
  (user === 'super' ? excuse.also_super === true : (excuse.users?.includes(user) ?? true)) &&
  (excuse.requests?.includes(recording.id.slice(recording.id.indexOf('.') + 1)) ?? true)
