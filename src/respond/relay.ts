/** The backend's answer on its way to the client: filtered head, streamed body, one envelope for whatever goes wrong. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Gate } from '../context.ts'
import { type Failure, refused } from '../model/failure.ts'
import type { Exchange, FlatHeaders, UpstreamSink } from '../model/ports.ts'
import { type AnswerContext, answerHeaders, headerOf } from './answer-headers.ts'
import { backendFailure, failureOf, maxLoggedBytes, maxProbedBytes, mayRefuseUs, refusesUs } from './backend-failure.ts'
import { endAnswer, type FailureContext, hasUnreadBody, writeFailure } from './write-failure.ts'

export interface RelayContext {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly gate: Gate
  /** How long a client may take nothing of what waits for it, in milliseconds. */
  readonly stallMs: number
}

/** A sink that must be told which exchange fills it, to hold it back and to give it up. */
export interface AnswerSink extends UpstreamSink {
  attach(exchange: Exchange): void
  /** Ends the answer with a failure of the gateway's own: in its place, or by cutting what has gone out already. */
  refuse(failure: Failure): void
}

/**
 * `waiting` for the head; `holding` it until it is known how the body begins; `reading` a body that is to be judged or
 * replaced; `writing`: bytes went out; `over`.
 */
type State = 'waiting' | 'holding' | 'reading' | 'writing' | 'over'

export function createRelay(context: RelayContext): AnswerSink {
  const { request, response, gate } = context
  let state: State = 'waiting'
  let exchange: Exchange | undefined
  let status = 0
  let headers: FlatHeaders = []
  let held: Buffer[] = []
  let heldBytes = 0
  let idleTimeoutMs: number | undefined

  const onDrain = (): void => {
    endStall()
    exchange?.resume()
  }
  const onClose = (): void => {
    if (!response.writableFinished) exchange?.abort()
    state = 'over'
  }
  // The socket's own timeout: unlike a timer it knows a slow reader, whose kernel still takes bytes, from a stalled one.
  // Without a stall it is the backend that is silent, and the exchange has limits for that.
  const onTimeout = (): void => {
    if (idleTimeoutMs !== undefined) cut(response, request)
  }

  function startStall(): void {
    const { socket } = response
    if (socket === null || idleTimeoutMs !== undefined) return
    idleTimeoutMs = socket.timeout ?? 0
    socket.setTimeout(context.stallMs)
  }

  function endStall(): void {
    if (idleTimeoutMs === undefined) return
    response.socket?.setTimeout(idleTimeoutMs)
    idleTimeoutMs = undefined
  }

  /** Answers with a failure instead of what the backend said. */
  function replace(failure: Failure): void {
    state = 'over'
    gate.failure = failure
    exchange?.abort()
    if (!response.destroyed) gate.bytesOut = writeFailure(request, response, failure, failureContext(gate))
  }

  function refuse(failure: Failure): void {
    if (state === 'over') return
    if (state !== 'writing') return replace(failure)
    state = 'over'
    gate.failure = failure
    exchange?.abort()
    // RFC 9112 §8: what is cut short must not look whole.
    cut(response, request)
  }

  /** Writes the head. `bodyBytes` is known when the whole body is at hand. False when the backend's head cannot be written. */
  function writeHead(bodyBytes: number | undefined): boolean {
    const flat = answerHeaders(headers, answerContext(gate))
    if (bodyBytes !== undefined && headerOf(flat, 'content-length') === undefined) {
      flat.push('Content-Length', String(bodyBytes))
    }
    if (hasUnreadBody(request, gate.headers)) flat.push('Connection', 'close')
    try {
      response.writeHead(status, flat)
    } catch (cause) {
      replace(refused('upstream-protocol', { proxyError: 'http_protocol_error', cause }))
      return false
    }
    state = 'writing'
    return true
  }

  /** Writes the head and what is held; from here on a failure cuts the connection. */
  function open(): boolean {
    if (!writeHead(undefined)) return true
    if (held.length === 0) response.flushHeaders()
    const chunks = held
    held = []
    return chunks.map((chunk) => write(chunk)).every(Boolean)
  }

  function write(chunk: Buffer): boolean {
    gate.bytesOut += chunk.byteLength
    if (response.write(chunk)) return true
    // A write to a client that has left never drains; `close` gives the exchange up.
    if (!response.destroyed) startStall()
    return false
  }

  function hold(chunk: Buffer): void {
    held.push(chunk)
    heldBytes += chunk.byteLength
  }

  /** The end of an answer that was read whole: it is ours to replace, or passes after all. */
  function judge(): void {
    const body = joined(held)
    if (status >= 500) return replace(backendFailure(status, headers, body.subarray(0, maxLoggedBytes)))
    const rule = gate.tenant?.policy.credentialRefused
    if (rule !== undefined && refusesUs(rule, body)) {
      return replace(refused('upstream-credential', { cause: `status ${status}: ${body.toString('utf8')}` }))
    }
    return finishWhole(body)
  }

  /** Head and whole body in one write. */
  function finishWhole(body: Buffer): void {
    const mayHaveBody = request.method !== 'HEAD' && status !== 204 && status !== 304
    if (!writeHead(mayHaveBody ? body.byteLength : undefined)) return
    state = 'over'
    gate.bytesOut += body.byteLength
    endAnswer(request, response, hasUnreadBody(request, gate.headers), body.byteLength === 0 ? undefined : body)
  }

  return {
    attach(attached) {
      exchange = attached
      response.on('drain', onDrain).on('timeout', onTimeout).on('close', onClose)
      if (response.destroyed) onClose()
    },
    head(headStatus, headHeaders) {
      if (state === 'over') return
      status = headStatus
      headers = headHeaders
      if (status >= 500 || (speaksForUs(gate) && mayRefuseUs(gate.tenant?.policy.credentialRefused, status, headers))) {
        state = 'reading'
        return
      }
      state = 'holding'
      // What came in the same packet is handed over before a microtask runs: a small answer is one write. What has no
      // body yet (an event stream) does not wait for one.
      queueMicrotask(() => {
        if (state === 'holding') open()
      })
    },
    data(chunk) {
      if (state === 'over') return true
      if (state === 'writing') return write(chunk)
      hold(chunk)
      if (state === 'holding') return true
      if (status >= 500 && heldBytes >= maxLoggedBytes) judge()
      else if (status < 500 && heldBytes > maxProbedBytes) return open()
      return true
    },
    end() {
      if (state === 'reading') judge()
      else if (state === 'holding') finishWhole(joined(held))
      else if (state === 'writing') {
        state = 'over'
        endAnswer(request, response, hasUnreadBody(request, gate.headers))
      }
    },
    failed(upstream) {
      if (state === 'over') return
      if (state === 'reading' && status >= 500) judge()
      else refuse(failureOf(upstream))
    },
    refuse,
  }
}

/** One piece is the most of all answers, and needs no copy. */
const joined = ([first, ...others]: readonly Buffer[]): Buffer =>
  first !== undefined && others.length === 0 ? first : Buffer.concat(first === undefined ? [] : [first, ...others])

/** Ends the connection so that the client cannot take what it has for the whole answer. */
function cut(response: ServerResponse, request: IncomingMessage): void {
  const { socket } = response
  // An HTTP/1.0 body ends where the connection does; only a reset tells the difference.
  const isPlain = socket instanceof Socket && !('encrypted' in socket)
  if (isPlain && request.httpVersion === '1.0') socket.resetAndDestroy()
  else response.destroy()
}

/** The backend was shown the gateway's own credential, for a caller who was judged here. */
function speaksForUs(gate: Gate): boolean {
  if (gate.tenant?.config.upstream.credential.kind !== 'service') return false
  return (
    gate.match?.kind === 'rule' && gate.match.rule.allow.kind !== 'public' && gate.match.rule.credential === 'strip'
  )
}

const failureContext = (gate: Gate): FailureContext => ({
  headers: gate.headers,
  requestId: gate.requestId,
  quota: gate.quota,
  realm: gate.tenant?.config.auth.realm ?? '',
})

function answerContext(gate: Gate): AnswerContext {
  return {
    requestId: gate.requestId,
    quota: gate.quota,
    isPersonal: gate.principal !== undefined,
    passesCredentials: gate.match?.kind === 'rule' && gate.match.rule.credential === 'pass',
    ownOrigins: () => ownOrigins(gate),
  }
}

/** The backend's origin, and what it makes of the `Host` it is shown. */
function ownOrigins(gate: Gate): string[] {
  if (gate.tenant === undefined) return []
  const { urls, host } = gate.tenant.config.upstream
  return [
    ...urls.map((url) => new URL(url).origin),
    ...(host === undefined ? [] : [`http://${host}`, `https://${host}`]),
  ]
}
