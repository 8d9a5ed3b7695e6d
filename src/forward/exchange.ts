/** One exchange with a backend: from waiting for a connection to the last byte, with its time limits and its one retry. */
import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Exchange, UpstreamFailure, UpstreamRequest, UpstreamSink } from '../model/ports.ts'
import type { Limit, Timekeeper } from './deadlines.ts'
import { upstreamFailure, type Phase } from './failures.ts'
import { isEventStream } from './event-stream.ts'
import { flatHeaders } from './flat-headers.ts'
import { headProblem } from './head-problem.ts'
import type { Lane } from './lanes.ts'
import { mayRepeat } from './retry.ts'

export interface ExchangeLimits {
  readonly connectTimeoutMs: number
  readonly headersTimeoutMs: number
  readonly bodyTimeoutMs: number
  readonly totalTimeoutMs: number
}

/** What an exchange needs from the upstream it belongs to. */
export interface ExchangeHost {
  readonly deadlines: Timekeeper
  readonly limits: ExchangeLimits
  /** The exchange, still in the queue, is given up. */
  leaveQueue(exchange: QueuedExchange): void
  /** The lane is free again; called once for each lane an exchange was started on. */
  release(lane: Lane): void
  /** The lane's connecting took too long. */
  discard(lane: Lane, reason: Error): void
  /** Takes one retry from the budget, if there is one left. */
  spendRetry(): boolean
}

export interface QueuedExchange extends Exchange {
  startOn(lane: Lane): void
  refuse(failure: UpstreamFailure): void
}

/** More interim answers than this are no conversation any more. */
const maxInterimAnswers = 16

const passed: Readonly<Record<Limit, (phase: Phase) => UpstreamFailure>> = {
  connect: (phase) => timedOut('upstream-connect-timeout', 'connection_timeout', phase),
  headers: (phase) => timedOut('upstream-timeout', 'http_response_timeout', phase),
  gap: (phase) => timedOut('upstream-timeout', 'connection_read_timeout', phase),
  total: (phase) => timedOut('upstream-deadline', 'http_response_timeout', phase),
}

const timedOut = (code: UpstreamFailure['code'], proxyError: string, phase: Phase): UpstreamFailure => ({
  code,
  proxyError,
  phase,
  cause: undefined,
})

/** Makes an exchange that waits for `startOn`. The sink is never called before this function has returned. */
export function createExchange(request: UpstreamRequest, sink: UpstreamSink, host: ExchangeHost): QueuedExchange {
  const { limits } = host
  let phase: Phase = 'queue'
  let isOver = false
  let lane: Lane | undefined
  let controller: Dispatcher.DispatchController | undefined
  let attempt = 0
  let reused = false
  let sawAnyByte = false
  let interimAnswers = 0
  let wasResumed = false

  let mayStandStill = request.deadlineMs === 0
  const deadlines = host.deadlines((limit) => onPassed(limit))
  deadlines.start('headers', limits.headersTimeoutMs)
  deadlines.start('total', request.deadlineMs ?? limits.totalTimeoutMs)

  function onPassed(limit: Limit): void {
    // While nothing is there to send, the caller is the slow one, and the server's own limit on requests is at work.
    if (limit === 'headers' && phase === 'send' && isStarving(request.body)) {
      return deadlines.start('headers', limits.headersTimeoutMs)
    }
    const connecting = limit === 'connect' ? lane : undefined
    fail(passed[limit](phase))
    if (connecting !== undefined) host.discard(connecting, new Error('connecting took too long'))
  }

  /** Ends the exchange here and stops whatever is under way on the wire. True when it was not over before. */
  function stop(): boolean {
    if (isOver) return false
    isOver = true
    deadlines.stop()
    // Without a controller undici is still connecting; onRequestStart finds the exchange over then.
    if (lane === undefined) host.leaveQueue(exchange)
    else controller?.abort(new Error('the exchange was given up'))
    if (request.body instanceof Readable) request.body.destroy()
    return true
  }

  function fail(failure: UpstreamFailure): void {
    if (stop()) sink.failed(failure)
  }

  function leaveLane(): void {
    const left = lane
    lane = undefined
    controller = undefined
    // INVARIANT: no lane is used again from inside undici's callbacks; it asserts that a broken client's queue stays empty.
    if (left !== undefined) queueMicrotask(() => host.release(left))
  }

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      controller = started
      if (isOver) return started.abort(new Error('the exchange was given up'))
      reused = lane?.isReused() ?? false
      deadlines.lift('connect')
      phase = request.body instanceof Readable ? 'send' : 'wait'
    },
    onBodySent() {
      // An upload that moves is no silence of the backend; one that stalls is (the backend does not read).
      if (phase === 'send') deadlines.start('headers', limits.headersTimeoutMs)
    },
    onRequestSent() {
      if (phase === 'send') phase = 'wait'
    },
    onResponseStarted() {
      sawAnyByte = true
    },
    onResponseStart(started, status) {
      if (isOver) return
      if (status >= 100 && status < 200 && status !== 101 && ++interimAnswers <= maxInterimAnswers) return
      const { rawHeaders } = started
      const headers = Array.isArray(rawHeaders) ? flatHeaders(rawHeaders) : []
      const problem = headProblem(status, headers)
      if (problem !== undefined) {
        const cause = new Error(`the backend answered with ${problem.message}`)
        return fail({ code: 'upstream-protocol', proxyError: problem.proxyError, phase, cause })
      }
      phase = 'body'
      deadlines.lift('headers')
      mayStandStill ||= isEventStream(headers)
      startGap()
      sink.head(status, headers)
    },
    onResponseData(started, chunk) {
      if (isOver) return
      startGap()
      wasResumed = false
      if (sink.data(chunk)) return
      // The sink may have given up, or asked to go on, before it returned: a pause now would never end.
      if (isOver || wasResumed) return
      deadlines.lift('gap')
      started.pause()
    },
    onResponseEnd() {
      lane?.served()
      const wasOver = isOver
      isOver = true
      deadlines.stop()
      leaveLane()
      if (!wasOver) sink.end()
    },
    onResponseError(_started, error) {
      if (isOver) return leaveLane()
      const failure = upstreamFailure(error, phase)
      const current = lane
      const repeat = mayRepeat(request, { number: attempt, onReusedConnection: reused, sawAnyByte }, failure)
      if (current !== undefined && repeat && host.spendRetry()) {
        controller = undefined
        // The lane's connection is gone, so this opens a new one; undici is still cleaning up as it calls us.
        return queueMicrotask(() => (isOver ? leaveLane() : send(current)))
      }
      leaveLane()
      // undici may refuse a request before `createExchange`'s caller has the exchange in hand.
      if (attempt === 0) queueMicrotask(() => fail(failure))
      else fail(failure)
    },
  }

  function startGap(): void {
    if (!mayStandStill) deadlines.start('gap', limits.bodyTimeoutMs)
  }

  function send(on: Lane): void {
    phase = 'connect'
    if (!on.isConnected()) deadlines.start('connect', limits.connectTimeoutMs)
    on.send(
      {
        path: request.target,
        method: request.method,
        headers: request.headers as string[],
        body: request.body ?? null,
        // The deadlines above are exact and reach further.
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      handler,
    )
    attempt++
  }

  const exchange: QueuedExchange = {
    startOn(free) {
      lane = free
      send(free)
    },
    refuse(failure) {
      queueMicrotask(() => fail(failure))
    },
    resume() {
      wasResumed = true
      if (isOver || controller === undefined || phase !== 'body') return
      startGap()
      controller.resume()
    },
    abort() {
      stop()
    },
  }
  return exchange
}

/** Nothing of the body is at hand: it waits for the caller. */
function isStarving(body: Buffer | Readable | undefined): boolean {
  return body instanceof Readable && body.readableLength === 0 && body.readableFlowing === true
}
