/** Sends a recorded request to the demo backend, byte for byte, and tells what came of it. */
import { connect } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { gunzipSync } from 'node:zlib'
import type { Backend } from '../../src/demo/backend/server.ts'
import type { Effect, RecordedAnswer, Recording } from './recordings.ts'
import { effectsBetween, filled, inOrder, snapshot } from './recordings.ts'

/** An answer in the terms of the recordings. `text` of JSON is its canonical text, so that the order of keys counts. */
interface Observed {
  readonly status: number | null
  readonly type: string | null
  readonly text: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly effects: readonly Effect[]
  readonly mails: readonly (readonly [string, string])[]
}

export interface Replayed {
  readonly actual: Observed
  /** What was recorded, with the values that cannot repeat taken from the actual answer. */
  readonly recorded: Observed
}

/** Replays `recording` as `user`, from and back to the initial state. */
export async function replay(
  backend: Backend,
  recording: Recording,
  user: string,
  answer: RecordedAnswer,
): Promise<Replayed> {
  backend.reset()
  const before = snapshot(backend.world())
  const raw = await exchange(backend.port, requestBytes(recording, user))
  const effects = effectsBetween(before, snapshot(backend.world()))
  const mails = sortMails(backend.world().mails)
  backend.reset()
  const seen = parseAnswer(raw)
  const json = parsed(seen)
  const kept = Object.fromEntries(
    Object.entries(answer.headers ?? {}).map(([name, value]) => [
      name,
      Array.isArray(value) ? [seen.headers[name]] : seen.headers[name],
    ]),
  )
  const whole = json === undefined ? seen.text : JSON.stringify(json)
  const text = titleOf(answer) === undefined ? whole : (/<title>([^<]*)<\/title>/.exec(seen.text)?.[1] ?? '')
  const actual = { status: seen.status, type: seen.type, text, headers: kept, effects, mails }
  const recorded = {
    status: answer.status ?? (answer.error === 'closed' ? null : 0),
    // An answer that never ended was recorded without its headers.
    type: answer.error === 'endless' ? seen.type : (answer.type ?? null),
    text: recordedText(answer, json, seen, whole),
    headers: filled(answer.headers ?? {}, kept) as Record<string, unknown>,
    effects: filled(inOrder(answer.effects ?? []), effects) as Effect[],
    mails: sortMails(answer.mails ?? []),
  }
  return { actual, recorded }
}

type Mails = Observed['mails']

const sortMails = (mails: Mails): Mails => mails.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

/** Of listmonk's own pages only the title was recorded, beside sum and length. */
function titleOf(answer: RecordedAnswer): string | undefined {
  return (answer.cut as { title?: string } | undefined)?.title
}

function recordedText(answer: RecordedAnswer, json: unknown, seen: Seen, whole: string): string {
  if (answer.json !== undefined) return JSON.stringify(filled(answer.json, json))
  if (isDeepStrictEqual(answer.binary, '<binary>')) return seen.isGzip ? seen.text : '<binary>'
  if (answer.error === 'endless') return seen.isEndless ? seen.text : '<endless>'
  const title = titleOf(answer)
  if (title !== undefined) return title
  if (answer.cut !== undefined || answer.binary !== undefined) return `<${JSON.stringify(answer.cut ?? answer.binary)}>`
  return filled(answer.text ?? '', whole) as string
}

function requestBytes(recording: Recording, user: string): Buffer {
  const { method, target, headers = [], body, body_b64 } = recording
  const content = body_b64 === undefined ? Buffer.from(body ?? '') : Buffer.from(body_b64, 'base64')
  const hasOwn = headers.some(([name]) => name.toLowerCase() === 'authorization')
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Host: lists.example.org',
    ...(user === 'anonymous' || hasOwn ? [] : [`Authorization: token ${user}:demo`]),
    ...headers.map(([name, value]) => `${name}: ${withCredential(value, user)}`),
    ...(content.length > 0 || method === 'POST' || method === 'PUT' ? [`Content-Length: ${content.length}`] : []),
    'Connection: close',
  ]
  return Buffer.concat([Buffer.from(lines.join('\r\n') + '\r\n\r\n', 'utf8'), content])
}

function withCredential(value: string, user: string): string {
  const basic = Buffer.from(`${user}:demo`).toString('base64')
  return value.replaceAll('{user}', user).replaceAll('{token}', 'demo').replaceAll('{basic}', basic)
}

/** More than any whole answer in the recordings. */
const endlessBytes = 4 << 20

async function exchange(port: number, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    const chunks: Buffer[] = []
    let length = 0
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      length += chunk.length
      if (length > endlessBytes) socket.destroy()
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(chunks)))
  })
}

interface Seen {
  readonly status: number | null
  readonly type: string | null
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  readonly isGzip: boolean
  readonly isEndless: boolean
}

function parseAnswer(raw: Buffer): Seen {
  const end = raw.indexOf('\r\n\r\n')
  if (end === -1) return { status: null, type: null, headers: {}, text: '', isGzip: false, isEndless: false }
  const [first = '', ...lines] = raw.subarray(0, end).toString('latin1').split('\r\n')
  const headers: Record<string, string> = {}
  for (const line of lines)
    headers[line.slice(0, line.indexOf(':')).toLowerCase()] = line.slice(line.indexOf(':') + 1).trim()
  const content = raw.subarray(end + 4)
  const isGzip = headers['content-encoding'] === 'gzip'
  const text = isGzip ? gunzipSync(content).toString('utf8') : content.toString('utf8')
  const isEndless = content.length > endlessBytes / 2
  return {
    status: Number(first.split(' ')[1]),
    type: headers['content-type'] ?? null,
    headers,
    text,
    isGzip,
    isEndless,
  }
}

function parsed({ type, text }: Seen): unknown {
  return type === 'application/json' ? (JSON.parse(text) as unknown) : undefined
}
