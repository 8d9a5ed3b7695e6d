/** A sink in front of another: decodes and filters a body on its way, and keeps the head back until something of it is certain. */
import { Failure, refused } from '../model/failure.ts'
import { JsonStreamError } from '../model/json-tokens.ts'
import type { Exchange, FlatHeaders } from '../model/ports.ts'
import type { BodyFilter } from './body-filter.ts'
import type { DecodedTo, Decoder } from './decode.ts'
import type { AnswerSink } from './relay.ts'

/** What becomes of an answer with this head. */
export type Treatment =
  | { readonly kind: 'pass'; readonly headers: FlatHeaders }
  | { readonly kind: 'refuse'; readonly failure: Failure }
  | {
      readonly kind: 'filter'
      readonly headers: FlatHeaders
      /** Asked when the head goes out: what the body says may decide it. */
      readonly status: () => number
      readonly decoder: 'identity' | ((to: DecodedTo) => Decoder)
      readonly filter: BodyFilter
    }

type Filtering = Extract<Treatment, { kind: 'filter' }>

export function createFilteringSink(
  inner: AnswerSink,
  treat: (status: number, headers: FlatHeaders) => Treatment,
): AnswerSink {
  let state: 'waiting' | 'passing' | 'filtering' | 'over' = 'waiting'
  let exchange: Exchange | undefined
  let filtering: Filtering | undefined
  let decoder: Decoder | undefined
  let isHeadOut = false

  function leave(): void {
    state = 'over'
    decoder?.destroy()
  }

  function refuse(error: unknown): void {
    if (state === 'over') return
    leave()
    exchange?.abort()
    inner.refuse(failureFor(error))
  }

  function emit(bytes: Buffer): boolean {
    if (filtering === undefined || bytes.length === 0) return true
    sendHead(filtering)
    return inner.data(bytes)
  }

  function sendHead({ status, headers }: Filtering): void {
    if (!isHeadOut) inner.head(status(), headers)
    isHeadOut = true
  }

  function push(chunk: Buffer): boolean {
    if (state !== 'filtering' || filtering === undefined) return true
    try {
      return emit(filtering.filter.write(chunk))
    } catch (error) {
      refuse(error)
      return true
    }
  }

  function finish(): void {
    if (state !== 'filtering' || filtering === undefined) return
    try {
      const rest = filtering.filter.end()
      if (rest instanceof Promise) rest.then(close).catch(refuse)
      else close(rest)
    } catch (error) {
      refuse(error)
    }
  }

  /** All of the answer has come and is judged. */
  function close(rest: Buffer): void {
    if (state !== 'filtering' || filtering === undefined) return
    state = 'over'
    sendHead(filtering)
    if (rest.length > 0) inner.data(rest)
    inner.end()
  }

  const decoded: DecodedTo = {
    onData: push,
    onDrain: () => exchange?.resume(),
    onEnd: finish,
    onError: refuse,
  }

  return {
    attach(attached) {
      exchange = attached
      inner.attach({
        resume() {
          if (decoder === undefined) attached.resume()
          else decoder.resume()
        },
        abort() {
          leave()
          attached.abort()
        },
      })
    },
    head(status, headers) {
      if (state === 'over') return
      const treatment = treated(treat, status, headers)
      if (treatment.kind === 'refuse') return refuse(treatment.failure)
      if (treatment.kind === 'pass') {
        state = 'passing'
        return inner.head(status, treatment.headers)
      }
      state = 'filtering'
      filtering = treatment
      if (treatment.decoder !== 'identity') decoder = treatment.decoder(decoded)
      return undefined
    },
    data(chunk) {
      if (state === 'passing') return inner.data(chunk)
      if (state === 'over') return true
      return decoder === undefined ? push(chunk) : decoder.write(chunk)
    },
    end() {
      if (state === 'passing') inner.end()
      else if (state === 'filtering' && decoder !== undefined) decoder.end()
      else finish()
    },
    failed(failure) {
      if (state === 'over') return
      leave()
      inner.failed(failure)
    },
    refuse,
  }
}

/** INVARIANT: nothing is thrown into the exchange, whose connection others use after it. */
function treated(
  treat: (status: number, headers: FlatHeaders) => Treatment,
  status: number,
  headers: FlatHeaders,
): Treatment {
  try {
    return treat(status, headers)
  } catch (error) {
    return { kind: 'refuse', failure: failureFor(error) }
  }
}

function failureFor(error: unknown): Failure {
  if (error instanceof Failure) return error
  // What JSON or a coding breaks is the backend's; anything else is a bug of ours.
  const isTheirs = error instanceof JsonStreamError || isZlibError(error)
  return isTheirs
    ? refused('upstream-protocol', { proxyError: 'http_response_incomplete', cause: error })
    : new Failure('internal', { cause: error })
}

const isZlibError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && /^(?:Z_|ERR_|BROTLI)/.test(error.code)
