/** The caller's body as a stream of its own. undici destroys the body it is given; the caller's connection has an answer to carry. */
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { refused } from '../model/failure.ts'

export interface CallerBodyOptions {
  /** Bytes that may pass, chunked or not; 0 is no limit. */
  readonly maxBytes: number
  onBytes(count: number): void
}

/**
 * Streams what the caller sends, no faster than it is read. Breaks with `body-too-large` at the first byte over the
 * limit, with `body-unreadable` when the caller leaves before the end.
 */
export function callerBody(source: IncomingMessage, options: CallerBodyOptions): Readable {
  let seen = 0

  const onData = (chunk: Buffer): void => {
    seen += chunk.byteLength
    options.onBytes(chunk.byteLength)
    if (options.maxBytes > 0 && seen > options.maxBytes) body.destroy(refused('body-too-large'))
    else if (!body.push(chunk)) source.pause()
  }
  const onEnd = (): void => {
    body.push(null)
  }
  const onBroken = (cause?: Error): void => {
    if (!source.readableEnded) body.destroy(refused('body-unreadable', { cause }))
  }

  const body = new Readable({
    highWaterMark: 65_536,
    read() {
      source.resume()
    },
    destroy(error, done) {
      source.off('data', onData).off('end', onEnd).off('close', onBroken)
      // Not paused: who answers may be reading the rest away already.
      done(error)
    },
  })

  source.on('data', onData).on('end', onEnd).on('close', onBroken)
  // A broken request emits an error that has no other listener once its body is taken.
  source.on('error', onBroken)
  source.pause()
  return body
}
