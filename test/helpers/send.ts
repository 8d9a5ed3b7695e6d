/** One request over a socket of Node's own, with every header as it is given: what `fetch` would not send. */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'

export interface Sent {
  readonly method: string
  /** With an origin. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Buffer
}

export interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** A connection for each: nothing of one request is left to the next. */
export function send({ method, url, headers = {}, body }: Sent): Promise<Got> {
  const { promise, resolve, reject } = Promise.withResolvers<Got>()
  const { origin } = new URL(url)
  const { hostname, port } = new URL(origin)
  // The target as it is written: URL would resolve dots and encode.
  const path = url.slice(origin.length)
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const message = httpRequest({
    ...{ method, hostname, port, path, agent: false },
    headers: { ...length, ...(headers as Record<string, string>) },
  })
  message.on('response', (response) => {
    const pieces: Buffer[] = []
    response.on('data', (piece: Buffer) => pieces.push(piece))
    response.on('error', reject)
    response.on('end', () =>
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text: Buffer.concat(pieces).toString('utf8'),
      }),
    )
  })
  message.on('error', reject)
  message.end(body)
  return promise
}
