/** Reads the recordings of a real listmonk and compares an answer and the change of a world with them. */
import { readFileSync } from 'node:fs'
import type { World } from '../../src/demo/backend/world.ts'

export interface Effect {
  readonly table: string
  readonly op: 'insert' | 'update' | 'delete' | 'touch'
  readonly key: Readonly<Record<string, unknown>>
  readonly set?: unknown
  readonly row?: unknown
}

export interface RecordedAnswer {
  readonly users: readonly string[]
  readonly status: number | null
  readonly type?: string
  readonly headers?: Readonly<Record<string, unknown>>
  readonly json?: unknown
  readonly text?: string
  readonly body?: string
  readonly binary?: unknown
  readonly cut?: unknown
  readonly error?: string
  readonly effects?: readonly Effect[]
  readonly mails?: readonly (readonly [string, string])[]
}

export interface Recording {
  readonly id: string
  readonly route: string
  readonly method: string
  readonly target: string
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string
  readonly body_b64?: string
  readonly write: boolean
  readonly answers: readonly RecordedAnswer[]
}

const folder = new URL('listmonk/', import.meta.url)

const lines = <T>(file: string): T[] =>
  readFileSync(new URL(file, folder), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)

/** Every recording, the bodies of `bodies.jsonl` put in. */
export function readRecordings(): Recording[] {
  const bodies = new Map(lines<{ body: string }>('bodies.jsonl').map(({ body, ...rest }) => [body, rest]))
  return lines<Recording>('answers.jsonl').map((recording) => ({
    ...recording,
    answers: recording.answers.map(({ body, ...answer }) => ({
      ...answer,
      ...(body === undefined ? {} : bodies.get(body)),
    })),
  }))
}

/** What may stand for each placeholder of the recordings. */
const stands = {
  now: String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|\+00:00)`,
  uuid: '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
  sha256: '[0-9a-f]{64}',
  rand: String.raw`\w+`,
  secret: '[^]+',
  masked: '[^]+',
} as const
const placeholder = /<(now|uuid|sha256|rand|secret|masked)>/
const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

/** `recorded` in a form that compares with `actual`: what a placeholder stands for is taken from `actual`. */
export function filled(recorded: unknown, actual: unknown): unknown {
  // These two stand for values of any type.
  if ((recorded === '<masked>' || recorded === '<volatile>') && actual !== undefined) return actual
  if (typeof recorded === 'string' && placeholder.test(recorded)) {
    const pieces = recorded.split(placeholder)
    const pattern = pieces.map((piece, index) =>
      index % 2 === 0 ? literal(piece) : stands[piece as keyof typeof stands],
    )
    return typeof actual === 'string' && new RegExp(`^${pattern.join('')}$`).test(actual) ? actual : recorded
  }
  if (Array.isArray(recorded))
    return recorded.map((item, index) => filled(item, Array.isArray(actual) ? actual[index] : undefined))
  if (recorded === null || typeof recorded !== 'object') return recorded
  const found = (actual ?? {}) as Record<string, unknown>
  return Object.fromEntries(Object.entries(recorded).map(([key, value]) => [key, filled(value, found[key])]))
}

type Tables = Map<
  string,
  { readonly table: string; readonly key: Effect['key']; readonly row: Record<string, unknown> }
>

/** Every row of a world by its natural key. */
export function snapshot(world: World): Tables {
  const tables: Tables = new Map()
  const put = (table: string, key: Effect['key'], row: object): void => {
    tables.set(JSON.stringify([table, key]), { table, key, row: structuredClone(row) as Record<string, unknown> })
  }
  for (const row of world.subscribers.values()) {
    const { id, lists, ...rest } = row
    put('subscribers', { id }, rest)
    for (const [list_id, subscription] of lists) put('subscriber_lists', { subscriber_id: id, list_id }, subscription)
  }
  for (const row of world.campaigns.values()) {
    const { id, lists, media, ...rest } = row
    put('campaigns', { id }, rest)
    for (const list of lists) {
      if (list.id === null) put('campaign_lists', { campaign_id: id, list_id: null, list_name: list.name }, {})
      else put('campaign_lists', { campaign_id: id, list_id: list.id }, { list_name: list.name })
    }
    for (const file of media) put('campaign_media', { campaign_id: id, media_id: file.id, filename: file.filename }, {})
  }
  for (const [table, rows] of Object.entries(world)) {
    if (table === 'subscribers' || table === 'campaigns' || table === 'settings' || !(rows instanceof Map)) continue
    for (const { id, ...rest } of (rows as Map<number, { id: number }>).values()) put(table, { id }, rest)
  }
  return tables
}

/** What the recordings leave out of a row: it cannot repeat. */
const volatile = new Set(['uuid', 'created_at', 'updated_at', 'loggedin_at', 'started_at'])
const lasting = (row: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !volatile.has(name)))

/** The effects that lead from `before` to `after`, in the order of the recordings' keys. */
export function effectsBetween(before: Tables, after: Tables): Effect[] {
  const effects: Effect[] = []
  for (const [name, { table, key, row }] of before) {
    const next = after.get(name)?.row
    if (next === undefined) {
      effects.push({ table, op: 'delete', key })
      continue
    }
    const set = Object.fromEntries(
      Object.entries(lasting(next)).filter(
        ([column, value]) => JSON.stringify(sorted(value)) !== JSON.stringify(sorted(row[column])),
      ),
    )
    if (Object.keys(set).length > 0) effects.push({ table, op: 'update', key, set })
    else if (next['updated_at'] !== row['updated_at']) effects.push({ table, op: 'touch', key })
  }
  for (const [name, { table, key, row }] of after) {
    if (!before.has(name)) effects.push({ table, op: 'insert', key, row: lasting(row) })
  }
  return inOrder(effects)
}

/** Effects in an order that does not depend on who lists them. */
export function inOrder(effects: readonly Effect[]): Effect[] {
  return effects
    .map((effect) => sorted(effect) as Effect)
    .toSorted((a, b) => (JSON.stringify([a.table, a.key, a.op]) < JSON.stringify([b.table, b.key, b.op]) ? -1 : 1))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]))
}
