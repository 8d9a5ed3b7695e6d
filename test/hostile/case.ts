/** What can be said of one hostile request, as data: what is sent, what the caller hears, what the backend saw. */
import { expect } from 'vitest'
import { send, type Sent, portOf, valueOf, type World } from './world.ts'

/** Bytes (text is latin1) for a world: they hold its credentials. */
export type Bytes = (world: World) => string | Buffer

export interface Case {
  readonly name: string
  run(world: World): Promise<void>
}

export interface Row {
  readonly id: string
  readonly cases: readonly Case[]
}

export const row = (id: string, ...cases: readonly (Case | readonly Case[])[]): Row => ({ id, cases: cases.flat() })

/** A request of the administrator's, the last one on its connection. */
export const request =
  (method: string, target: string, lines: readonly string[] = [], body: string | Buffer = ''): Bytes =>
  (world) =>
    joined(
      [
        `${method} ${target} HTTP/1.1`,
        'Host: gateway.test',
        `Authorization: ${world.admin.authorization}`,
        'Connection: close',
        ...lines,
        ...(body.length > 0 && !lines.some(framing) ? [`Content-Length: ${body.length}`] : []),
      ],
      body,
    )

const framing = (line: string): boolean => /^(?:content-length|transfer-encoding):/i.test(line)

const joined = (lines: readonly string[], body: string | Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'),
    typeof body === 'string' ? Buffer.from(body, 'latin1') : body,
  ])

export const get = (target: string, lines: readonly string[] = []): Bytes => request('GET', target, lines)

/** A body of JSON as the administrator; text that is no latin1 goes out as UTF-8. */
export const json = (method: string, target: string, body: string | Buffer, lines: readonly string[] = []): Bytes =>
  request(
    method,
    target,
    ['Content-Type: application/json', ...lines],
    typeof body === 'string' ? Buffer.from(body) : body,
  )

/** The request head as it is written, with the administrator's credential after its first line. */
export const head =
  (firstLine: string, lines: readonly string[], body = ''): Bytes =>
  (world) =>
    joined([firstLine, `Authorization: ${world.admin.authorization}`, ...lines], body)

export interface Refusal {
  readonly status: number
  /** One of these stable words. */
  readonly code: string | readonly string[]
}

/** Refused in the envelope; the backend sees not one byte, and the gateway goes on working. */
export const refuses = (name: string, bytes: Bytes, status: number, code: string | readonly string[]): Case => ({
  name,
  async run(world) {
    world.witness.forget()
    const sent = await send(portOf(world), bytes(world))
    expectEnvelope(world, sent, { status, code })
    await expectNothingForwarded(world)
  },
})

/** Each of `targets` is refused to the administrator with GET. */
export const refusesTargets = (status: number, code: string, ...targets: readonly string[]): readonly Case[] =>
  targets.map((target) => refuses(`GET ${short(target)}`, get(target), status, code))

export interface Forwarded {
  readonly method?: string
  readonly target: string
  readonly body?: string
  /** Names in lower case; `undefined`: the header must not be there. */
  readonly headers?: Readonly<Record<string, string | undefined>>
}

/** Forwarded once, with exactly this request line and body, and without any secret of the caller's. */
export const passes = (name: string, bytes: Bytes, expected: Forwarded): Case => ({
  name,
  async run(world) {
    world.witness.forget()
    const { answers } = await send(portOf(world), bytes(world), expected.method === 'HEAD')
    const seen = world.witness.seen()
    expect({ answers: answers.map(({ status }) => status), lines: seen.requests.map(lineOf) }).toEqual({
      answers: [200],
      lines: [`${expected.method ?? 'GET'} ${expected.target}`],
    })
    const [received] = seen.requests
    expect(received?.body.toString()).toBe(expected.body ?? '')
    for (const [key, value] of Object.entries(expected.headers ?? {})) {
      expect([key, valueOf(received?.headers ?? [], key)]).toEqual([key, value])
    }
    expect(seen.bytes).not.toContain(world.admin.token)
  },
})

/** `GET` of each target reaches the backend in this spelling. */
export const passesTargets = (...pairs: readonly (readonly [asked: string, sent: string])[]): readonly Case[] =>
  pairs.map(([asked, target]) => passes(`GET ${short(asked)} is sent as ${short(target)}`, get(asked), { target }))

export const custom = (name: string, run: (world: World) => Promise<void>): Case => ({ name, run })

export const short = (text: string): string => {
  const printable = text.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\x${unit.charCodeAt(0).toString(16).padStart(2, '0')}`)
  return printable.length > 70 ? `${printable.slice(0, 60)}… (${text.length})` : printable
}

export const lineOf = ({ method, target }: { readonly method: string; readonly target: string }): string =>
  `${method} ${target}`

interface Envelope {
  readonly message: string
  readonly data: { readonly code: string; readonly request_id: string }
}

/** The first answer is this failure, in the one shape of failures. */
export function expectEnvelope(world: World, sent: Sent, { status, code }: Refusal): void {
  const [answer] = sent.answers
  const codes = typeof code === 'string' ? [code] : code
  const envelope = parsed(answer?.body ?? '')
  expect({ status: answer?.status, code: envelope?.data?.code, count: sent.answers.length }).toEqual({
    status,
    code: codes.find((each) => each === envelope?.data?.code) ?? codes[0],
    count: 1,
  })
  const headers = answer?.headers ?? []
  expect(typeof envelope?.message).toBe('string')
  expect(envelope?.data.request_id).toBe(valueOf(headers, 'x-request-id'))
  expect(valueOf(headers, 'content-type')).toBe('application/json')
  expect(sent.isClosed).toBe(true)
  expect(sent.text).not.toContain(world.admin.token)
  expect(sent.text).not.toContain(String(world.witness.port))
}

function parsed(text: string): Envelope | undefined {
  try {
    return JSON.parse(text) as Envelope
  } catch {
    return undefined
  }
}

const probe = get('/api/about')

/** A good request on a connection of its own: it is answered, and all that the backend has seen. */
export async function expectNothingForwarded(world: World): Promise<void> {
  await expectOnlyForwarded(world, [])
}

export async function expectOnlyForwarded(world: World, lines: readonly string[]): Promise<void> {
  const { answers } = await send(portOf(world), probe(world))
  const { requests, bytes } = world.witness.seen()
  expect({ probe: answers.map(({ status }) => status), lines: requests.map(lineOf) }).toEqual({
    probe: [200],
    lines: [...lines, 'GET /api/about'],
  })
  // Not one byte beside them.
  if (lines.length === 0) expect(bytes).toBe(`${requests[0]?.head}\r\n\r\n`)
  expect(bytes).not.toContain(world.admin.token)
}
