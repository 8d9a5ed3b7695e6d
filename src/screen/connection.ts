/** What may still be a request on a connection. */
import type { IncomingMessage, ServerResponse } from 'node:http'

/** What Node keeps on a socket: the answer that is being written; `_last` once its head says `Connection: close`. */
interface Wire {
  readonly _httpMessage?: { readonly _last?: boolean } | null
  /** Ours: the answer to the last request that came. */
  [lastAnswer]?: ServerResponse
  /** Ours: requests that wait for their turn. */
  [waiting]?: number
}

const lastAnswer: unique symbol = Symbol('the answer to the last request that came')
const waiting: unique symbol = Symbol('requests that wait for their turn')

/** Who sends more than this ahead loses the connection: each that waits takes memory, and is there for the price of forty bytes. */
export const maxWaiting = 64

/**
 * Calls `go` when the answer before this one is over, at once where there is none. Node reads on and would have requests of
 * one connection worked on side by side, so that one overtakes another on the way to the backend: RFC 9112 §9.3.2 lets
 * that be for safe methods alone.
 */
export function inTurn({ socket }: IncomingMessage, response: ServerResponse, go: () => void): void {
  const wire = socket as Wire
  const before = wire[lastAnswer]
  wire[lastAnswer] = response
  if (before === undefined || before.closed) return go()
  const count = (wire[waiting] ?? 0) + 1
  wire[waiting] = count
  if (count > maxWaiting) socket.destroy()
  before.once('close', () => {
    wire[waiting] = (wire[waiting] ?? 1) - 1
    go()
  })
}

/**
 * Whether `message` came behind an answer that ends its connection. RFC 9112 §9.6: it must not be processed. Node reads on
 * all the same, and where the framing was refused it reads what may be the inside of a body (S03).
 */
export function isBehindTheLast({ socket }: IncomingMessage, response: ServerResponse): boolean {
  const current = (socket as Wire)._httpMessage ?? undefined
  return socket.writableEnded || socket.destroyed || (current !== undefined && isAnother(current, response))
}

const isAnother = (current: { readonly _last?: boolean }, response: ServerResponse): boolean =>
  current !== (response as object) && current._last === true

/**
 * Ends the connection behind the last request that it may carry. Node writes `Connection: close` on that answer, and leaves the
 * connection open all the same, for ever more requests that it answers with a bare 503.
 */
export function closeBehindTheLast(
  response: ServerResponse & { readonly maxRequestsOnConnectionReached?: boolean },
): void {
  if (response.maxRequestsOnConnectionReached === true) response.shouldKeepAlive = false
}

/**
 * Whether `message` asks for an upgrade that was not taken, because the answer before it is under way (see app.ts). Node
 * drops what comes behind it, so that the connection is of no more use.
 */
export function isLateUpgrade(message: IncomingMessage & { readonly upgrade?: boolean | null }): boolean {
  const { upgrade, connection } = message.headers
  return upgrade !== undefined && message.upgrade !== true && namesUpgrade.test(connection ?? '')
}

const namesUpgrade = /(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i
