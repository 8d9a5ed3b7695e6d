/** Every recorded request that names lists, under `partial: refuse`: it is sent with all of them, or refused, and the refusal names lists. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../src/demo/backend/server.ts'
import { readRecordings, type Recording } from './recordings.ts'
import { bodyOf, readWorld } from './replay-gateway.ts'
import { openTap, type Sent } from './replay-sockets-tap.ts'
import { openStage, type Seen } from './replay-sockets.ts'

interface Asked {
  readonly recording: Recording
  readonly user: string
  readonly named: Named
  readonly seen: Seen
  /** What went to the backend last, look-ups aside; `undefined`: nothing. */
  readonly sent: Sent | undefined
}

/** List ids by the place where they stand. */
type Named = ReadonlyMap<string, ReadonlySet<number>>

const asked: Asked[] = []
const closing: (() => Promise<void>)[] = []

beforeAll(async () => {
  const backend = await startBackend()
  const tap = await openTap(backend.port)
  const stage = await openStage('refuse', { backend, url: tap.url })
  closing.push(stage.close, tap.close, backend.close)
  for (const recording of readRecordings()) {
    const named = namedIn(recordedRequest(recording))
    if (named.size === 0) continue
    for (const user of recording.answers.flatMap(({ users }) => users)) {
      const seen = await stage.ask(recording, user)
      asked.push({ recording, user, named, seen, sent: lastOf(tap.take(), recording) })
    }
  }
}, 300_000)

afterAll(async () => {
  for (const close of closing) await close()
})

describe('recorded requests that name lists, under partial: refuse', () => {
  it('are sent with every list that they name, or not at all', () => {
    const narrowed = asked.filter(({ sent, named }) => sent !== undefined && !holds(namedIn(sent), named))

    expect(narrowed.map(labelled)).toEqual([])
  })

  it('are sent with no other list, but for those that stored things keep', () => {
    const keeping = new Set(['PUT /api/subscribers/:id', 'PATCH /api/subscribers/:id'])
    const widened = asked.filter(
      ({ sent, named, recording }) =>
        sent !== undefined &&
        !keeping.has(recording.route) &&
        [...named].some(([place, ids]) => !same(namedIn(sent).get(place), ids)),
    )

    expect(widened.map(labelled)).toEqual([])
  })

  it('are refused by naming lists that were asked for and are out of reach', () => {
    const refused = asked.filter(({ seen }) => seen.code === 'list-denied' && seen.lists.length > 0)
    const grants = new Map(readWorld().users.map(({ username, lists }) => [username, lists]))
    const wrong = refused.filter(({ named, seen, user }) => {
      const held = grants.get(user) ?? []
      // Where none was named, the caller's own lists would be put in, and these are to be named one a call.
      if (isOneByOne(seen)) return seen.lists.length < 2
      const all = new Set([...named.values()].flatMap((ids) => [...ids]))
      const hasBoth = (id: number): boolean => held.some((list) => list.id === id && list.permissions.length === 2)
      return seen.answer.status !== 403 || seen.lists.some((id) => !all.has(id) || hasBoth(id))
    })

    expect(wrong.map(labelled)).toEqual([])
    expect(refused.length).toBeGreaterThan(500)
  })

  it('are refused without naming lists only for stored things, and where a place that must name some names none', () => {
    const silent = asked.filter(({ seen }) => seen.code === 'list-denied' && seen.lists.length === 0)
    // The lists of a stored thing out of reach are not the caller's to know.
    const others = silent.filter(({ seen }) => !/not within your lists|name the lists/.test(seen.answer.text))

    expect(others.map(labelled)).toEqual([])
  })

  it('are counted', () => {
    const sent = asked.filter((each) => each.sent !== undefined).length
    const refused = asked.filter(({ seen }) => seen.code === 'list-denied').length
    process.stdout.write(
      `partial: refuse: ${asked.length} name lists, ${sent} sent whole, ${refused} refused for lists\n`,
    )

    expect(sent).toBeGreaterThan(500)
  })
})

/** Lists that may only be named one a call. */
const isOneByOne = ({ answer }: Seen): boolean => answer.text.includes('name one list a call')

const labelled = ({ recording, user, seen, sent }: Asked): string =>
  `${recording.id} by ${user}: ${seen.answer.status} ${seen.answer.text.slice(0, 200)} ${sent?.target ?? ''} ${sent?.body.toString().slice(0, 200) ?? ''}`

const same = (one: ReadonlySet<number> | undefined, other: ReadonlySet<number>): boolean =>
  one !== undefined && one.size === other.size && [...other].every((id) => one.has(id))

const holds = (sent: Named, named: Named): boolean =>
  [...named].every(([place, ids]) => [...ids].every((id) => sent.get(place)?.has(id) === true))

/** The gateway's own look-ups are GETs without a body, and come before. */
function lastOf(sent: readonly Sent[], { method, target }: Recording): Sent | undefined {
  const path = decodeURIComponent(target.split('?')[0] ?? '')
  return sent.findLast((each) => each.method === method && decodeURIComponent(each.target.split('?')[0] ?? '') === path)
}

function recordedRequest(recording: Recording): Sent {
  const type = recording.headers?.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? ''
  return { method: recording.method, target: recording.target, type, body: bodyOf(recording) }
}

function namedIn({ method, target, type, body }: Sent): Named {
  const named = new Map<string, ReadonlySet<number>>()
  const put = (place: string, ids: readonly unknown[]): void => {
    const whole = ids.map(Number).filter((id) => Number.isInteger(id) && id > 0)
    if (whole.length > 0) named.set(place, new Set(whole))
  }
  const [path = '', search = ''] = target.split('?')
  const query = new URLSearchParams(search)
  if (path.startsWith('/api/subscribers')) put('list_id', query.getAll('list_id'))
  if (path === '/api/lists' && method === 'DELETE') put('id', query.getAll('id'))
  const text = body.toString('latin1')
  const json = type.startsWith('multipart/')
    ? (/name="params"\r\n\r\n([^\r]*)\r\n/.exec(text)?.[1] ?? '')
    : body.toString()
  if (!/^\/api\/(?:subscribers|campaigns|import)/.test(path) || /\/(?:content|test)$/.test(path)) return named
  const value = objectIn(json)
  for (const place of ['lists', 'list_ids', 'target_list_ids']) {
    const ids = value[place]
    if (Array.isArray(ids)) put(place, ids)
  }
  return named
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
