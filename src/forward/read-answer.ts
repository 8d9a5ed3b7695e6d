/** An answer of the backend that is read here and goes to nobody: whole, and within a bound. */
import { refused } from '../model/failure.ts'
import type { FlatHeaders, Upstream, UpstreamRequest } from '../model/ports.ts'

export interface WholeAnswer {
  readonly status: number
  readonly headers: FlatHeaders
  readonly body: Buffer
}

/** Reads the body of a 200 as it comes, so that it need not be held. */
export interface BodyReader {
  write(chunk: Buffer): void
  readonly maxBytes: number
}

/**
 * Rejects with a Failure when the exchange fails, and with `upstream-protocol` at the first byte beyond `maxBytes`. What a
 * `reader` was given is not in `body`.
 */
export function readAnswer(
  upstream: Upstream,
  request: UpstreamRequest,
  maxBytes: number,
  reader?: BodyReader,
): Promise<WholeAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    let status = 0
    let headers: FlatHeaders = []
    const exchange = upstream.exchange(request, {
      head(headStatus, headHeaders) {
        status = headStatus
        headers = headHeaders
      },
      data(chunk) {
        bytes += chunk.byteLength
        const read = status === 200 ? reader : undefined
        if (bytes <= (read?.maxBytes ?? maxBytes)) {
          if (read === undefined) chunks.push(chunk)
          else read.write(chunk)
        } else {
          exchange.abort()
          const cause = `${request.target} answers more than ${read?.maxBytes ?? maxBytes} bytes`
          reject(refused('upstream-protocol', { proxyError: 'http_response_body_size', cause }))
        }
        return true
      },
      end: () => resolve({ status, headers, body: Buffer.concat(chunks) }),
      failed: ({ code, proxyError, cause, retryAfterSeconds }) =>
        reject(refused(code, { proxyError, cause, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) })),
    })
  })
}
