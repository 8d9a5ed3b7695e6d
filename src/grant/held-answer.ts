/** An answer that is held back until what follows from it is written down. */
import type { Failure } from '../model/failure.ts'
import { refused } from '../model/failure.ts'
import type { Exchange, FlatHeaders, UpstreamFailure, UpstreamSink } from '../model/ports.ts'

/** Where an answer goes, and what may take its place while nothing of it has gone out. */
export interface Answer extends UpstreamSink {
  attach(exchange: Exchange): void
  refuse(failure: Failure): void
}

/** How an exchange ended: with an answer, or with a failure after `status`, if there was a head. */
export type Ending =
  | { readonly kind: 'answer'; readonly status: number; readonly body: Buffer }
  | { readonly kind: 'failure'; readonly status: number | undefined; readonly failure: UpstreamFailure }

export interface Hold {
  /** Whether an answer with this status is held back. */
  wants(status: number): boolean
  /** Writes down what follows. Never rejects; a failure goes out in place of the answer. */
  settle(ending: Ending): Promise<Failure | undefined>
}

/** Such answers are one small object. */
const maxBytes = 1024 * 1024

/**
 * Goes on to the end when the caller leaves: what the backend did is written down whether or not somebody waits to hear it.
 */
export function heldAnswer(inner: Answer, hold: Hold): Answer {
  let exchange: Exchange | undefined
  let isPassing = false
  let isOver = false
  let status: number | undefined
  let headers: FlatHeaders = []
  const held: Buffer[] = []
  let heldBytes = 0

  async function finish(ending: Ending): Promise<void> {
    isOver = true
    const failure = await hold.settle(ending)
    if (failure !== undefined) return inner.refuse(failure)
    if (ending.kind === 'failure') return inner.failed(ending.failure)
    inner.head(ending.status, headers)
    if (ending.body.byteLength > 0) inner.data(ending.body)
    return inner.end()
  }

  return {
    attach(attached) {
      exchange = attached
      inner.attach({
        resume: () => attached.resume(),
        abort: () => {
          if (isPassing) attached.abort()
        },
      })
    },
    refuse: (failure) => inner.refuse(failure),
    head(headStatus, headHeaders) {
      status = headStatus
      headers = headHeaders
      isPassing = !hold.wants(headStatus)
      if (isPassing) inner.head(headStatus, headHeaders)
    },
    data(chunk) {
      if (isPassing) return inner.data(chunk)
      if (isOver) return true
      heldBytes += chunk.byteLength
      if (heldBytes <= maxBytes) held.push(chunk)
      else {
        exchange?.abort()
        void finish({ kind: 'failure', status, failure: tooLarge })
      }
      return true
    },
    end() {
      if (isPassing) return inner.end()
      return void finish({ kind: 'answer', status: status ?? 0, body: Buffer.concat(held) })
    },
    failed(failure) {
      if (isPassing) return inner.failed(failure)
      return void finish({ kind: 'failure', status, failure })
    },
  }
}

const tooLarge: UpstreamFailure = Object.freeze({
  code: 'upstream-protocol',
  proxyError: 'http_response_body_size',
  phase: 'body',
  cause: `an answer of more than ${maxBytes} bytes`,
})

/** The id cannot be read: whether there is a new list is not known, and nobody was granted it. */
export const unreadableId = (cause: unknown): Failure =>
  refused('upstream-protocol', {
    message: 'the backend did not say what it made: nobody was granted it',
    cause,
  })
