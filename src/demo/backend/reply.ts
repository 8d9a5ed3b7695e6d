/** What a handler answers. */
import type { Json } from './json.ts'
import { goJson } from './json.ts'

export interface Reply {
  readonly status: number
  readonly type: string | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Pieces are streamed as the client takes them. */
  readonly body: string | Buffer | Iterable<string>
}

/** A JSON value that is written as the answer's body; kept as a value so that `?pretty` can indent it. */
export interface JsonReply {
  readonly status: number
  readonly json: unknown
}

/** `close`: the connection ends without an answer. `hang`: the answer never begins. */
export type Outcome = Reply | JsonReply | 'close' | 'hang'

/** Ends a handler with `{"message": …}`. */
export class Refusal extends Error {
  readonly status: number

  constructor(status: number, message: string, cause?: unknown) {
    super(message, { cause })
    this.status = status
  }
}

export const data = (value: unknown): JsonReply => ({ status: 200, json: { data: value } })
export const bare = (value: unknown): JsonReply => ({ status: 200, json: value })
export const done = data(true)
export const message = (status: number, text: string): JsonReply => ({ status, json: { message: text } })
export const bad = (text: string): Refusal => new Refusal(400, text)
export const failed = (text: string): Refusal => new Refusal(500, text)

export function html(body: string, status = 200, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, type: 'text/html; charset=UTF-8', headers, body }
}

/** The answer as bytes to send. */
export function render(reply: Reply | JsonReply, pretty: boolean): Reply {
  if (!('json' in reply)) return reply
  const body = goJson(reply.json as Json, pretty ? '  ' : undefined) + '\n'
  return { status: reply.status, type: 'application/json', headers: {}, body }
}
