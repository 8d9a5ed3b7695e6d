/** A WebSocket from the allowed request to its end: the backend is asked first, and only then is the caller told yes. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Gate } from '../context.ts'
import { type FailureCode, refused } from '../model/failure.ts'
import type { FlatHeaders, UpstreamFailure, UpstreamRequest } from '../model/ports.ts'
import type { Timekeeper } from './deadlines.ts'
import { type Opening, openingHeaders, openingProblem, switchingHead } from './handshake.ts'
import { createTunnel, type TunnelEnd } from './tunnel.ts'
import type { OpenTunnel, Tunnels } from './tunnels.ts'

export interface WebSocketParts {
  readonly deadlines: Timekeeper
  readonly tunnels: Tunnels
  /** Told of every piece that passes. */
  readonly streamed: (count: number) => void
}

export interface WebSocketRequest {
  readonly message: IncomingMessage
  readonly response: ServerResponse
  /** What came behind the head, before anybody answered. */
  readonly early: Buffer
  readonly gate: Gate
  readonly opening: Opening
  readonly target: string
  readonly headers: FlatHeaders
  /** Answers in place of the backend; nothing was written yet. */
  readonly failed: (failure: UpstreamFailure) => void
}

const maxMessageBytes = 16 * 1024 * 1024

/** Node marks a request whose connection was handed over by its parser. */
export function isUpgrade(request: IncomingMessage & { readonly upgrade?: boolean | null }): boolean {
  return request.upgrade === true
}

export function openWebSocket(asked: WebSocketRequest, parts: WebSocketParts): void {
  const { message, gate, opening } = asked
  const { socket } = message
  const failed = (failure: UpstreamFailure): void => {
    // Its parser has let go of it: no other request comes on this connection.
    asked.response.shouldKeepAlive = false
    asked.failed(failure)
  }
  const request: UpstreamRequest = {
    ...{ method: 'GET', target: asked.target, body: undefined, deadlineMs: undefined },
    headers: openingHeaders(asked.headers, opening),
  }
  const giveUp = gate.tenant?.upstream.upgrade(request, {
    opened(headers, backend, member) {
      socket.off('close', leave)
      gate.upstreamAddress = member
      const problem = openingProblem(101, headers, opening)
      if (problem === undefined && !socket.destroyed) return carry(asked, headers, backend, parts)
      backend.on('error', () => {}).destroy()
      if (problem === undefined) return undefined
      const cause = new Error(`the backend's answer to an upgrade is ${problem}`)
      return failed({ code: 'upstream-protocol', proxyError: 'http_upgrade_failed', phase: 'wait', cause })
    },
    failed(failure) {
      socket.off('close', leave)
      failed(failure)
    },
  })
  const leave = (): void => giveUp?.()
  socket.once('close', leave)
}

function carry(
  { message, response, early, gate, opening }: WebSocketRequest,
  headers: FlatHeaders,
  backend: Duplex,
  { deadlines, tunnels, streamed }: WebSocketParts,
): void {
  const { socket } = message
  // For the log; the head is written past it.
  response.statusCode = 101
  gate.upstreamStatus = 101
  // The limits of requests are not those of a tunnel.
  socket.setTimeout(0)
  socket.write(switchingHead(headers, opening, gate.requestId))
  if (early.length > 0) socket.unshift(early)
  const tunnel = createTunnel({
    ...{ caller: socket, backend, deadlines, maxMessageBytes },
    idleMs: gate.tenant?.config.upstream.idleTimeoutMs ?? 0,
    onBytes(from, count) {
      if (from === 'caller') gate.bytesIn += count
      else gate.bytesOut += count
      streamed(count)
    },
    onClose: (end) => {
      gate.failure = refused(codeOf(end), { cause: end.reason })
    },
    onEnd: () => tunnels.remove(open),
  })
  const open: OpenTunnel = { gate, tunnel }
  tunnels.add(open)
}

/** For the log: the caller hears the code of RFC 6455. */
function codeOf({ code, by }: TunnelEnd): FailureCode {
  if (by === 'backend') return 'upstream-protocol'
  if (code === 4401) return 'credentials-invalid'
  if (code === 1009) return 'body-too-large'
  if (code === 1002) return 'body-unreadable'
  return by === 'time' ? 'request-timeout' : 'draining'
}
