/** One attempt of an exchange on one lane: connects, sends, and tells what comes back. Made once, and begun anew for each try. */
import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { FlatHeaders, UpstreamFailure, UpstreamRequest } from '../model/ports.ts'
import { isMembersOwn, type Phase, upstreamFailure } from './failures.ts'
import { flatHeaders } from './flat-headers.ts'
import { headProblem } from './head-problem.ts'
import type { Lane } from './lane.ts'
import type { Member } from './member.ts'

/** A member, and the connection to it on which an attempt is. */
export interface Place {
  readonly member: Member
  readonly lane: Lane
}

export interface Broken {
  readonly place: Place
  readonly sawAnyByte: boolean
  /** The connection had served another request before: it may have been closed under our hands. */
  readonly wasReused: boolean
}

/** What an attempt tells. Between `begin` and `over`, `unsent` or `broken` with true, the lane is the attempt's. */
export interface AttemptEvents {
  connecting(): void
  /** The request goes out now. */
  started(): void
  /** A piece of the body went out. */
  sending(): void
  head(status: number, headers: FlatHeaders): void
  /** `false`: no more for now. */
  data(chunk: Buffer): boolean
  ended(): void
  failed(failure: UpstreamFailure): void
  /** No connection came about. The place is the listener's. */
  unsent(place: Place, failure: UpstreamFailure): void
  /** It was sent, and broke before its answer was whole. True: the place is the listener's, a turn later. */
  broken(broken: Broken, failure: UpstreamFailure): boolean
  over(place: Place): void
}

export interface Attempt {
  readonly phase: Phase
  readonly place: Place | undefined
  begin(place: Place): void
  /** The connection does not come about in time. */
  isConnecting(): boolean
  stopConnecting(failure: UpstreamFailure): void
  /** Nothing is told any more but `over`. */
  giveUp(): void
  resume(): void
}

/** More interim answers than this are no conversation any more. */
const maxInterimAnswers = 16

export function createAttempt(request: UpstreamRequest, events: AttemptEvents): Attempt {
  let phase: Phase = 'queue'
  let place: Place | undefined
  let isGivenUp = false
  let stopOpening: (() => void) | undefined
  let controller: Dispatcher.DispatchController | undefined
  let isSending = false
  let wasStarted = false
  let wasReused = false
  let mustBeMarked = false
  let sawAnyByte = false
  let interimAnswers = 0

  /** The place is somebody else's from now on. */
  function leave(): Place | undefined {
    const left = place
    place = undefined
    controller = undefined
    return left
  }

  function release(): void {
    const left = leave()
    // INVARIANT: no lane is used again from inside undici's callbacks; it asserts that a broken client's queue stays empty.
    if (left !== undefined) queueMicrotask(() => events.over(left))
  }

  function unsent(failure: UpstreamFailure): void {
    if (isGivenUp) return release()
    const left = leave()
    phase = 'queue'
    if (left !== undefined) events.unsent(left, failure)
    return undefined
  }

  function failProtocol(message: string, proxyError = 'http_protocol_error'): void {
    events.failed({ code: 'upstream-protocol', proxyError, phase, cause: new Error(message) })
  }

  function onHead(status: number, headers: FlatHeaders): void {
    const problem = headProblem(status, headers)
    if (problem !== undefined) return failProtocol(`the backend answered with ${problem.message}`, problem.proxyError)
    if (place !== undefined) {
      const mark = place.lane.mark(headers)
      if (mark === 'missing' && mustBeMarked) return failProtocol('the backend answers what nobody asked')
      if (mark === 'given') place.member.proved()
      place.member.answered(place.lane)
    }
    phase = 'body'
    return events.head(status, headers)
  }

  function onBroken(failure: UpstreamFailure): void {
    if (isGivenUp) return release()
    if (place === undefined) return events.failed(failure)
    const broken: Broken = { place, sawAnyByte, wasReused }
    if (events.broken(broken, failure)) {
      leave()
      phase = 'queue'
      return undefined
    }
    if (isMembersOwn(failure)) place.member.failed(place.lane, failure)
    release()
    return events.failed(failure)
  }

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      place?.lane.started()
      controller = started
      wasStarted = true
      if (isGivenUp) return started.abort(new Error('the exchange was given up'))
      wasReused = place?.lane.isReused() ?? false
      phase = request.body instanceof Readable ? 'send' : 'wait'
      events.started()
    },
    onBodySent() {
      if (phase === 'send') events.sending()
    },
    onRequestSent() {
      if (phase === 'send') phase = 'wait'
    },
    onResponseStarted() {
      sawAnyByte = true
    },
    onResponseStart(started, status) {
      if (isGivenUp) return
      if (status >= 100 && status < 200 && status !== 101 && ++interimAnswers <= maxInterimAnswers) return
      const { rawHeaders } = started
      onHead(status, Array.isArray(rawHeaders) ? flatHeaders(rawHeaders) : [])
    },
    onResponseData(started, chunk) {
      if (!isGivenUp && !events.data(chunk)) started.pause()
    },
    onResponseEnd() {
      place?.lane.served()
      release()
      if (!isGivenUp) events.ended()
    },
    onResponseError(_started, error) {
      if (isGivenUp) return release()
      const failure = upstreamFailure(error, phase)
      const tell = wasStarted ? onBroken : unsent
      // undici may refuse a request before who made the exchange has it in hand.
      return wasStarted && !isSending ? tell(failure) : queueMicrotask(() => tell(failure))
    },
  }

  function send({ member, lane }: Place): void {
    const trust = member.trust()
    mustBeMarked = trust === 'distrusted'
    const { target: path, method, headers, body } = request
    // The exchange's own deadlines are exact and reach further.
    const options = {
      path,
      method,
      headers: headers as string[],
      body: body ?? null,
      headersTimeout: 0,
      bodyTimeout: 0,
    }
    isSending = true
    lane.send(options, handler, trust !== 'proven')
    isSending = false
  }

  function connect(at: Place): void {
    events.connecting()
    stopOpening = at.lane.open((error) => {
      stopOpening = undefined
      if (error !== undefined) return unsent(upstreamFailure(error, phase))
      at.member.connected()
      return send(at)
    })
  }

  return {
    get phase() {
      return phase
    },
    get place() {
      return place
    },
    begin(at) {
      place = at
      phase = 'connect'
      wasStarted = false
      sawAnyByte = false
      interimAnswers = 0
      if (at.lane.isConnected()) send(at)
      else connect(at)
    },
    isConnecting: () => stopOpening !== undefined,
    stopConnecting(failure) {
      stopOpening?.()
      stopOpening = undefined
      unsent(failure)
    },
    giveUp() {
      isGivenUp = true
      // Where undici has it and has not begun, `onRequestStart` finds out.
      if (stopOpening === undefined) return controller?.abort(new Error('the exchange was given up'))
      stopOpening()
      return release()
    },
    resume: () => controller?.resume(),
  }
}
