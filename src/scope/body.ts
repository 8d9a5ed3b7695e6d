/** Reads a body whole, within a bound. */
import type { Readable } from 'node:stream'

export type Body =
  | { readonly kind: 'body'; readonly bytes: Buffer }
  /** More than the bound, declared or sent. Reading has stopped; what is left stands in the stream. */
  | { readonly kind: 'too-large' }
  /** The stream failed or closed before its end, or is not as long as declared. */
  | { readonly kind: 'aborted' }

export interface BodyLimits {
  readonly maxBytes: number
  /** `Content-Length`; `undefined` for a chunked body. */
  readonly declaredLength: number | undefined
}

/** Never rejects, and leaves no listener behind. What is declared too large is not read at all. */
export function readBody(stream: Readable, { maxBytes, declaredLength }: BodyLimits): Promise<Body> {
  if (declaredLength !== undefined && declaredLength > maxBytes) return Promise.resolve({ kind: 'too-large' })
  // Neither of them would say anything any more.
  if (stream.destroyed || stream.readableEnded) return Promise.resolve({ kind: 'aborted' })

  return new Promise((resolve) => {
    let held: Buffer = Buffer.alloc(0)
    let length = 0
    const finish = (body: Body): void => {
      stream.off('data', onData).off('end', onEnd).off('error', onAbort).off('close', onAbort)
      resolve(body)
    }
    const onData = (chunk: Buffer): void => {
      if (length + chunk.length > maxBytes) {
        stream.pause()
        finish({ kind: 'too-large' })
        return
      }
      held = append(held, length, chunk, maxBytes)
      length += chunk.length
    }
    const onEnd = (): void => {
      const isWhole = declaredLength === undefined || declaredLength === length
      finish(isWhole ? { kind: 'body', bytes: held.subarray(0, length) } : { kind: 'aborted' })
    }
    const onAbort = (): void => finish({ kind: 'aborted' })
    stream.on('data', onData).on('end', onEnd).on('error', onAbort).on('close', onAbort)
  })
}

/**
 * `held`, filled up to `length`, with `chunk` behind. Copies into a buffer that doubles, because a list of chunks of a byte
 * each would take a hundred times their size; a body of one chunk is not copied.
 */
function append(held: Buffer, length: number, chunk: Buffer, maxBytes: number): Buffer {
  if (length === 0) return chunk
  const needed = length + chunk.length
  let grown = held
  if (needed > held.length) {
    grown = Buffer.allocUnsafeSlow(Math.min(maxBytes, Math.max(needed, held.length * 2, 16_384)))
    held.copy(grown, 0, 0, length)
  }
  chunk.copy(grown, length)
  return grown
}
