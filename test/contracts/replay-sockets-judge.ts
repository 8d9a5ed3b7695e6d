/** The gateway's answer beside what listmonk itself gave the same user: equal, stricter or looser. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { parse } from 'yaml'
import { filled, inOrder, type RecordedAnswer, type Recording } from './recordings.ts'
import { didIt } from './replay-compare.ts'
import { beyond, effectsBeyond, linesBeyond } from './replay-sockets-beyond.ts'
import type { Seen } from './replay-sockets.ts'

export type Verdict =
  | { readonly kind: 'equal' }
  /**
   * `refused` by the gateway; `failed` at the backend, which does it for listmonk's own users; `masked`: the same things, and the
   * lists that they are on show less; `fewer`: something is not shown or not done.
   */
  | { readonly kind: 'stricter'; readonly how: 'refused' | 'failed' | 'masked' | 'fewer' }
  | { readonly kind: 'looser'; readonly why: string }

/** What is held against the answer: a recording's answer to the user, and to a super admin. */
export interface Measure {
  readonly recording: Recording
  readonly recorded: RecordedAnswer
  readonly supers: RecordedAnswer | undefined
  /** Only the rows are compared that are shown and changed, not what stands in them. */
  readonly rowsOnly: boolean
}

/** Recorded requests whose answers the demo backend does not repeat: only what is decided and done is compared. */
const notRepeated: ReadonlySet<string> = new Set(
  Object.keys(parse(readFileSync(new URL('backend-left-out.yaml', import.meta.url), 'utf8')) as object),
)

export function judge(measure: Measure, seen: Seen): Verdict {
  const { recording, recorded, supers } = measure
  const more = doneBeyond(measure, seen)
  if (more !== undefined) return { kind: 'looser', why: more }
  // listmonk drops the connection (gap 20), the gateway answers itself: in neither is anything done.
  if (recording.route === 'POST /api/logout') return { kind: 'equal' }
  const did = didIt(recorded)
  if (seen.code !== undefined && !isBackendsFailure(seen.code))
    return did ? { kind: 'stricter', how: 'refused' } : { kind: 'equal' }
  // Told apart from a request that is wrong: a refusal must come before the backend hears of it.
  if (recorded.status === 403 && supers?.status !== 403)
    return { kind: 'looser', why: `listmonk answers 403, here it is ${seen.answer.status}` }
  if (notRepeated.has(recording.id)) return { kind: 'equal' }
  if (!isDone(seen)) return did ? { kind: 'stricter', how: 'failed' } : { kind: 'equal' }
  if (!did) return { kind: 'looser', why: `listmonk answers ${recorded.status}, here it is ${seen.answer.status}` }
  const shown = shownBeyond(measure, seen)
  if (shown.length > 0) return { kind: 'looser', why: `shows ${shown.slice(0, 3).join(', ').slice(0, 400)}` }
  return lessIn(measure, seen)
}

const isBackendsFailure = (code: string): boolean => code === 'backend-error' || code.startsWith('upstream-')

function isDone({ answer: { status, end, headers } }: Seen): boolean {
  if (status === null) return end === 'timeout'
  return status < 400 && headers['location']?.startsWith('/admin/login?') !== true
}

function doneBeyond({ recorded, rowsOnly }: Measure, { effects, mails }: Seen): string | undefined {
  const known = (recorded.mails ?? []).map((mail) => JSON.stringify(mail))
  const mail = (mails ?? []).find((each) => !known.includes(JSON.stringify(each)))
  if (mail !== undefined) return `mails ${mail.join(': ')}`
  const rows = new Set(inOrder(recorded.effects ?? []).map(({ table, key }) => JSON.stringify([table, key])))
  const [effect] = rowsOnly
    ? (effects ?? []).filter(({ table, key }) => !rows.has(JSON.stringify([table, key])))
    : effectsBeyond(effects ?? [], recorded.effects ?? [])
  return effect === undefined ? undefined : `does ${JSON.stringify(effect)}`
}

function shownBeyond({ recording, recorded, rowsOnly }: Measure, { answer }: Seen): string[] {
  if (recorded.cut !== undefined || recorded.binary !== undefined || recorded.error !== undefined) return []
  if (recording.method === 'HEAD') return []
  if (recorded.json === undefined) return linesBeyond(answer.text, recorded.text ?? '')
  return beyond(viewed(recording, jsonOf(answer.text), rowsOnly), viewed(recording, recorded.json, rowsOnly))
}

/** Of a profile only the rights compare: the rest is the gateway's own account. */
function viewed(recording: Recording, json: unknown, rowsOnly: boolean): unknown {
  if (rowsOnly) return (json as { data?: { id?: unknown } }).data?.id
  return recording.route === 'GET /api/profile' ? heldIn(json as { data: Profile }) : inOrderOfLists(json)
}

/** The database gives the lists that a thing is on in any order. */
function inOrderOfLists(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(inOrderOfLists)
  if (json === null || typeof json !== 'object') return json
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => {
      const whole: unknown = inOrderOfLists(value)
      return [
        name,
        name === 'lists' && Array.isArray(whole) ? whole.toSorted((a, b) => listIdIn(a) - listIdIn(b)) : whole,
      ]
    }),
  )
}

const listIdIn = (list: unknown): number => Number((list as { readonly id?: unknown } | null)?.id ?? 0)

interface Profile {
  readonly user_role: { readonly permissions: readonly string[] }
  readonly list_role: { readonly lists: readonly ListOfRole[] } | null
}

interface ListOfRole {
  readonly id: number
  readonly permissions: readonly string[]
}

function heldIn({ data }: { readonly data: Profile }): unknown {
  const lists = (data.list_role?.lists ?? []).map(({ id, permissions }) => ({
    id,
    permissions: permissions.toSorted(),
  }))
  return { permissions: data.user_role.permissions.toSorted(), lists: lists.toSorted((a, b) => a.id - b.id) }
}

/** Nothing is beyond what was recorded: whether it is all of it. */
function lessIn({ recording, recorded, rowsOnly }: Measure, { answer, effects, mails }: Seen): Verdict {
  const fewer = { kind: 'stricter', how: 'fewer' } as const
  const equal = { kind: 'equal' } as const
  if (rowsOnly) return equal
  if (answer.status !== recorded.status && answer.status !== null) return fewer
  if (
    effects !== undefined &&
    !isDeepStrictEqual(inOrder(effects), filled(inOrder(recorded.effects ?? []), inOrder(effects)))
  )
    return fewer
  if (mails !== undefined && mails.length !== (recorded.mails ?? []).length) return fewer
  if (recorded.cut !== undefined || recorded.binary !== undefined || recorded.error !== undefined) return equal
  if (recording.method === 'HEAD') return equal
  if (recorded.json === undefined) return filled(recorded.text ?? '', answer.text) === answer.text ? equal : fewer
  const actual = viewed(recording, jsonOf(answer.text), false)
  const whole = filled(viewed(recording, recorded.json, false), actual)
  if (isDeepStrictEqual(actual, whole)) return equal
  return isDeepStrictEqual(withoutLists(actual), withoutLists(whole)) ? { kind: 'stricter', how: 'masked' } : fewer
}

/** What is left when the lists that things are on are taken out. */
function withoutLists(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withoutLists)
  if (json === null || typeof json !== 'object') return json
  return Object.fromEntries(
    Object.entries(json).flatMap(([name, value]) => (name === 'lists' ? [] : [[name, withoutLists(value)]])),
  )
}

/** Long texts stand in the recordings as length and sum; so they do in the demo backend's world, and a real one has them. */
const shortened = (_name: string, value: unknown): unknown =>
  typeof value === 'string' && value.length > 600
    ? `<${Array.from(value).length} characters, sha256 ${createHash('sha256').update(value).digest('hex')}>`
    : value

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text, shortened) as unknown
  } catch {
    return text
  }
}
