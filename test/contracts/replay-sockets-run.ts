/** Runs pairs of request and user on a stage, and counts them. */
import { readRecordings, type Recording } from './recordings.ts'
import { readExcuses, excuses, type Excuse } from './replay-compare.ts'
import { judge, type Measure, type Verdict } from './replay-sockets-judge.ts'
import { openStage, type Seen } from './replay-sockets.ts'

export interface Pair {
  readonly recording: Recording
  readonly user: string
  readonly verdict: Verdict
  readonly seen: Seen
  readonly excuse: Excuse | undefined
}

/**
 * Requests that the gateway sends in the one form that it judged, where listmonk refuses them to everybody (an escaped id, a
 * media type in capitals) or answers about another subscriber (gap 1): each is held against what was recorded of that form, or
 * of a request that reaches the same rows.
 */
const judgedAs: Readonly<Record<string, string | { readonly rowsOf: string }>> = {
  'get-api-subscribers.escaped-path': 'get-api-subscribers.bare',
  'get-api-subscribers-id.id-escaped': 'get-api-subscribers-id.id-a1',
  'get-api-campaigns-id.id-escaped': 'get-api-campaigns-id.id-ab',
  'delete-api-subscribers-id.id-escaped': 'delete-api-subscribers-id.id-a1',
  'put-api-subscribers-id.id-escaped': { rowsOf: 'put-api-subscribers-id.a1-keep-a' },
  'put-api-subscribers-id.body-id-e': 'put-api-subscribers-id.a1-keep-a',
  'put-api-subscribers-id.body-id-optin': 'put-api-subscribers-id.a1-keep-a',
  'put-api-subscribers-id.body-id-missing': 'put-api-subscribers-id.a1-keep-a',
  'patch-api-subscribers-id.body-id-e': { rowsOf: 'put-api-subscribers-id.a1-keep-a' },
  'post-api-subscribers.json-upper-type': { rowsOf: 'post-api-subscribers.lists-a' },
}

/** Replays the recordings that `among` takes, in as many lanes: reads several at once, writes each from the initial state. */
export async function replayAll(among: (recording: Recording) => boolean, lanes: number): Promise<readonly Pair[]> {
  const recordings = readRecordings()
  const rows = readExcuses()
  const byId = new Map(recordings.map((recording) => [recording.id, recording]))
  const tasks = recordings
    .filter(among)
    .flatMap((recording) => recording.answers.flatMap(({ users }) => users.map((user) => ({ recording, user }))))
  const waiting = tasks.values()
  const stage = await openStage('narrow')
  const pairs: Pair[] = []
  const work = async (): Promise<void> => {
    for (const { recording, user } of waiting) {
      const seen = await stage.ask(recording, user)
      const verdict = judge(measureOf(recording, user, byId), seen)
      const excuse = rows.find((row) => isExcusedBy(row, recording, user, verdict))
      pairs.push({ recording, user, verdict, seen, excuse })
    }
  }
  try {
    await Promise.all(Array.from({ length: lanes }, work))
  } finally {
    await stage.close()
  }
  return pairs
}

function measureOf(recording: Recording, user: string, byId: ReadonlyMap<string, Recording>): Measure {
  const as = judgedAs[recording.id]
  const rowsOnly = typeof as === 'object'
  const measured = as === undefined ? recording : byId.get(rowsOnly ? as.rowsOf : as)
  const answerTo = (name: string): Recording['answers'][number] | undefined =>
    measured?.answers.find(({ users }) => users.includes(name))
  const recorded = answerTo(user)
  if (measured === undefined || recorded === undefined)
    throw new Error(`${recording.id}: nothing was recorded of ${user}`)
  return { recording: measured, recorded, supers: answerTo('super'), rowsOnly }
}

const isExcusedBy = (row: Excuse, recording: Recording, user: string, verdict: Verdict): boolean =>
  verdict.kind === 'stricter' && (row.how ?? 'refused') === verdict.how && excuses(row, recording, user)

/** Rows of stricter-than-listmonk.yaml about these requests that no pair needs. */
export function unusedRows(pairs: readonly Pair[]): readonly string[] {
  const routes = new Set(pairs.map(({ recording }) => recording.route))
  const used = new Set(pairs.flatMap(({ excuse }) => (excuse === undefined ? [] : [JSON.stringify(excuse)])))
  return readExcuses()
    .filter((row) => routes.has(row.route))
    .map((row) => JSON.stringify(row))
    .filter((row) => !used.has(row))
}

export const named = ({ recording, user, verdict, seen }: Pair): string =>
  [
    `${recording.id} by ${user}:`,
    ...(verdict.kind === 'looser' ? [verdict.why] : []),
    ...(verdict.kind === 'stricter' ? [verdict.how, seen.answer.status, seen.code, seen.reason] : []),
  ].join(' ')

export const those = (pairs: readonly Pair[], kind: Verdict['kind']): readonly Pair[] =>
  pairs.filter(({ verdict }) => verdict.kind === kind)

export const summary = (pairs: readonly Pair[]): string =>
  (['equal', 'stricter', 'looser'] as const).map((kind) => `${kind} ${those(pairs, kind).length}`).join(', ')

/** The figures by route. */
export function table(pairs: readonly Pair[]): string {
  const byRoute = Object.entries(Object.groupBy(pairs, ({ recording }) => recording.route))
  return byRoute.map(([route, among = []]) => `${route}: ${summary(among)}\n`).join('')
}
