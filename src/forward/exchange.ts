/** One exchange with a backend: from waiting for its turn to the last byte, with its time limits and what it tries again. */
import { Readable } from 'node:stream'
import type { Exchange, UpstreamFailure, UpstreamRequest, UpstreamSink } from '../model/ports.ts'
import { type AttemptEvents, type Broken, createAttempt, type Place } from './attempt.ts'
import type { Limit, Timekeeper } from './deadlines.ts'
import { isEventStream } from './event-stream.ts'
import { isMembersOwn, limitPassed, spokeFirst } from './failures.ts'
import type { Member } from './member.ts'
import { isSafe, nextStep } from './retry.ts'

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
  /** The exchange, which waits, is given up. */
  leave(exchange: WaitingExchange): void
  /** The exchange has waited long enough to be tried again. */
  place(exchange: WaitingExchange): void
  /** An attempt is over; called once for each place an exchange was started on, but where one of the next two is called. */
  release(place: Place): void
  /** Nothing was sent: another member is asked, or the exchange waits. Either way the attempt is over; false: it is not tried again. */
  elsewhere(exchange: WaitingExchange, place: Place, failure: UpstreamFailure): boolean
  /** It was sent, and is safe to be sent once more. */
  again(exchange: WaitingExchange, broken: Broken): void
  /** Takes one retry from the budget, if there is one left. */
  spendRetry(): boolean
}

export interface WaitingExchange extends Exchange {
  /** Sending it twice does what sending it once does. */
  readonly isSafe: boolean
  /** Members that were tried for it in vain. */
  readonly tried: ReadonlySet<Member> | undefined
  startOn(place: Place): void
  /** From now it waits for so long; then it is tried again, or ends with the failure. */
  wait(ms: number, then: UpstreamFailure | 'again'): void
  /** What was tried in vain now may do later. */
  forgetTried(): void
  /** Until when it waits for a member, all in all: so long from the first time it is asked. */
  patientUntilMs(nowMs: number, waitMs: number): number
  refuse(failure: UpstreamFailure): void
}

/** Makes an exchange that waits for `startOn`. The sink is never called before this function has returned. */
export function createExchange(request: UpstreamRequest, sink: UpstreamSink, host: ExchangeHost): WaitingExchange {
  const { limits } = host
  let isOver = false
  let tried: Set<Member> | undefined
  let afterWait: UpstreamFailure | 'again' = 'again'
  let patientSinceMs: number | undefined
  let isRepeat = false
  let wasResumed = false
  let mayStandStill = request.deadlineMs === 0
  const deadlines = host.deadlines((limit) => onPassed(limit))
  deadlines.start('headers', limits.headersTimeoutMs)
  deadlines.start('total', request.deadlineMs ?? limits.totalTimeoutMs)

  function onPassed(limit: Limit): void {
    if (limit === 'wait') return afterWait === 'again' ? host.place(exchange) : fail(afterWait)
    const { phase } = attempt
    // While nothing is there to send, the caller is the slow one, and the server's own limit on requests is at work.
    if (limit === 'headers' && phase === 'send' && isStarving(request.body)) {
      return deadlines.start('headers', limits.headersTimeoutMs)
    }
    const failure = limitPassed(limit, phase)
    return limit === 'connect' && attempt.isConnecting() ? attempt.stopConnecting(failure) : fail(failure)
  }

  /** Ends the exchange here and stops whatever is under way on the wire. True when it was not over before. */
  function stop(): boolean {
    if (isOver) return false
    isOver = true
    deadlines.stop()
    if (attempt.place === undefined) host.leave(exchange)
    attempt.giveUp()
    if (request.body instanceof Readable) request.body.destroy()
    return true
  }

  function fail(failure: UpstreamFailure): void {
    if (isOver) return
    const { place } = attempt
    if (place !== undefined && isMembersOwn(failure)) place.member.failed(place.lane, failure)
    if (stop()) sink.failed(failure)
  }

  function startGap(): void {
    if (!mayStandStill) deadlines.start('gap', limits.bodyTimeoutMs)
  }

  const events: AttemptEvents = {
    connecting: () => deadlines.start('connect', limits.connectTimeoutMs),
    started: () => deadlines.lift('connect'),
    // An upload that moves is no silence of the backend; one that stalls is (the backend does not read).
    sending: () => deadlines.start('headers', limits.headersTimeoutMs),
    head(status, headers) {
      deadlines.lift('headers')
      mayStandStill ||= isEventStream(headers)
      startGap()
      sink.head(status, headers, attempt.place?.member.url)
    },
    data(chunk) {
      startGap()
      wasResumed = false
      if (sink.data(chunk)) return true
      // The sink may have given up, or asked to go on, before it returned: a pause now would never end.
      if (isOver || wasResumed) return true
      deadlines.lift('gap')
      return false
    },
    ended() {
      if (isOver) return
      isOver = true
      deadlines.stop()
      sink.end()
    },
    failed: fail,
    unsent(place, failure) {
      deadlines.lift('connect')
      ;(tried ??= new Set()).add(place.member)
      const step = nextStep(request, { wasSent: false, sawAnyByte: false, isRepeat }, failure)
      if (step === 'elsewhere') blame(place, failure)
      if (step === 'elsewhere' && host.elsewhere(exchange, place, failure)) return
      if (step !== 'elsewhere') host.release(place)
      fail(failure)
    },
    broken(broken, failure) {
      const step = nextStep(request, { wasSent: true, sawAnyByte: broken.sawAnyByte, isRepeat }, failure)
      if (step !== 'again' || !host.spendRetry()) return false
      isRepeat = true
      ;(tried ??= new Set()).add(broken.place.member)
      broken.place.member.stumbled(broken.place.lane, failure)
      // undici is still cleaning up as it tells.
      queueMicrotask(() => (isOver ? host.release(broken.place) : host.again(exchange, broken)))
      return true
    },
    over: (place) => host.release(place),
  }
  const attempt = createAttempt(request, events)

  const exchange: WaitingExchange = {
    isSafe: isSafe(request),
    get tried() {
      return tried
    },
    startOn(place) {
      deadlines.lift('wait')
      attempt.begin(place)
    },
    wait(ms, then) {
      afterWait = then
      deadlines.start('wait', ms)
    },
    forgetTried() {
      tried = undefined
    },
    patientUntilMs(nowMs, waitMs) {
      patientSinceMs ??= nowMs
      return patientSinceMs + waitMs
    },
    refuse(failure) {
      queueMicrotask(() => fail(failure))
    },
    resume() {
      wasResumed = true
      if (isOver || attempt.phase !== 'body') return
      startGap()
      attempt.resume()
    },
    abort() {
      stop()
    },
  }
  return exchange
}

/** No connection came about, or one that spoke before it was asked. */
function blame({ member, lane }: Place, failure: UpstreamFailure): void {
  const { cause } = failure
  if (!(cause instanceof Error && 'code' in cause && cause.code === spokeFirst))
    return member.unreachable(lane, failure)
  member.spokeFirst()
  return member.failed(lane, failure)
}

/** Nothing of the body is at hand: it waits for the caller. */
function isStarving(body: Buffer | Readable | undefined): boolean {
  return body instanceof Readable && body.readableLength === 0 && body.readableFlowing === true
}
