/** A scripted backend on bare sockets: it keeps every byte it got, and says exactly what the script says. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import type { Exchange, FlatHeaders, Upstream, UpstreamFailure, UpstreamRequest } from '../../src/model/ports.ts'

export interface Received {
  readonly method: string
  readonly target: string
  /** The head as it came, without the empty line, latin1. */
  readonly head: string
  /** Flat, names as they came. */
  readonly headers: FlatHeaders
  /** The first MiB of the body, decoded. */
  body: Buffer
  bodyBytes: number
  isComplete: boolean
  /** From 1, in order of accepting. */
  readonly connection: number
}

/** What a script does with a request: writes, ends, resets, or nothing. */
export type Script = (wire: Socket, received: Received) => void

export interface ScriptOptions {
  /** Runs the script at the end of the head, or of the whole request (default). */
  readonly at?: 'head' | 'end'
  readonly tls?: TlsOptions
  /** Runs when a connection is accepted. */
  readonly onConnection?: (wire: Socket) => void
}

export interface ScriptedUpstream {
  readonly url: string
  readonly port: number
  readonly requests: readonly Received[]
  readonly connections: readonly Socket[]
  /** Resolves when connection number `n` (from 1) is closed. */
  connectionClosed(n: number): Promise<void>
  /** Resolves when `n` requests have begun. */
  requestsBegun(n: number): Promise<void>
  close(): Promise<void>
}

export async function startUpstream(script: Script, options: ScriptOptions = {}): Promise<ScriptedUpstream> {
  const requests: Received[] = []
  const connections: Socket[] = []
  const closings: Promise<void>[] = []
  const waiting = new Set<() => void>()
  const told = (): void => waiting.forEach((check) => check())
  const until = (holds: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!holds()) return
        waiting.delete(check)
        resolve()
      }
      waiting.add(check)
      check()
    })

  /** The connection of a proof counts as none; it comes before the others. */
  const forget = (number: number): void => {
    connections.splice(number - 1, 1)
    void closings.splice(number - 1, 1)
  }

  const onSocket = (wire: Socket): void => {
    const number = connections.push(wire)
    closings.push(new Promise((resolve) => wire.once('close', () => resolve())))
    wire.on('error', () => {})
    options.onConnection?.(wire)
    readRequests(wire, number, {
      begun(received) {
        if (received.target === proofTarget) return forget(number)
        requests.push(received)
        told()
        if (options.at === 'head') script(wire, received)
      },
      ended(received) {
        if (received.target === proofTarget) wire.end('HTTP/1.1 204 Proved\r\nConnection: close\r\n\r\n')
        else if (options.at !== 'head') script(wire, received)
      },
    })
    told()
  }
  const server: Server = options.tls === undefined ? createServer(onSocket) : createTlsServer(options.tls, onSocket)
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    requests,
    connections,
    async connectionClosed(n) {
      await until(() => connections.length >= n)
      await closings[n - 1]
    },
    requestsBegun: (n) => until(() => requests.length >= n),
    close() {
      for (const wire of connections) wire.destroy()
      return new Promise((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

const keptBytes = 1024 * 1024

/** Reads requests one after the other: Content-Length and chunked, nothing more. */
function readRequests(
  wire: Socket,
  connection: number,
  on: { begun(received: Received): void; ended(received: Received): void },
): void {
  let pending = Buffer.alloc(0)
  let current: Received | undefined
  let left = 0
  let isChunked = false

  const keep = (received: Received, bytes: Buffer): void => {
    received.bodyBytes += bytes.byteLength
    if (received.body.byteLength < keptBytes) received.body = Buffer.concat([received.body, bytes])
  }
  const end = (): void => {
    const done = current
    current = undefined
    if (done === undefined) return
    done.isComplete = true
    on.ended(done)
  }
  const step = (): boolean => {
    if (current === undefined) {
      const at = pending.indexOf('\r\n\r\n')
      if (at < 0) return false
      current = parseHead(pending.subarray(0, at).toString('latin1'), connection)
      pending = pending.subarray(at + 4)
      isChunked = headerIn(current.headers, 'transfer-encoding') !== undefined
      left = Number(headerIn(current.headers, 'content-length') ?? 0)
      on.begun(current)
      if (!isChunked && left === 0) end()
      return true
    }
    if (isChunked && left === 0) {
      const at = pending.indexOf('\r\n')
      if (at < 0) return false
      const size = Number.parseInt(pending.subarray(0, at).toString('latin1'), 16)
      if (size === 0) {
        if (pending.byteLength < at + 4) return false
        pending = pending.subarray(at + 4)
        end()
        return true
      }
      pending = pending.subarray(at + 2)
      left = size + 2
      return true
    }
    if (pending.byteLength === 0) return false
    const taken = pending.subarray(0, left)
    pending = pending.subarray(taken.byteLength)
    // The last two bytes of a chunk are its line end.
    const data = isChunked ? taken.subarray(0, Math.max(0, Math.min(taken.byteLength, left - 2))) : taken
    left -= taken.byteLength
    keep(current, data)
    if (left === 0 && !isChunked) end()
    return true
  }
  wire.on('data', (chunk) => {
    pending = pending.byteLength === 0 ? chunk : Buffer.concat([pending, chunk])
    while (step());
  })
}

function parseHead(head: string, connection: number): Received {
  const [line = '', ...fields] = head.split('\r\n')
  const [method = '', target = ''] = line.split(' ')
  const headers = fields.flatMap((field) => {
    const at = field.indexOf(':')
    return [field.slice(0, at), field.slice(at + 1).trim()]
  })
  return { method, target, head, headers, body: Buffer.alloc(0), bodyBytes: 0, isComplete: false, connection }
}

/** The first value of `name` (lower case). */
export function headerIn(headers: FlatHeaders, name: string): string | undefined {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at]?.toLowerCase() === name) return headers[at + 1]
  }
  return undefined
}

/** An answer with a body of known length. */
export function http(status: number, body = '', headers: readonly string[] = []): string {
  const fields = [...headers, `Content-Length: ${Buffer.byteLength(body)}`]
  return `HTTP/1.1 ${status} Scripted\r\n${fields.join('\r\n')}\r\n\r\n${body}`
}

/** An answer as a server gives it that does what it is told: where it was told to close, it says so, and closes. */
export function answer(
  wire: Socket,
  { headers: asked }: Received,
  status: number,
  body = '',
  headers: readonly string[] = [],
): void {
  const isLast = headerIn(asked, 'connection') === 'close'
  if (isLast) wire.end(http(status, body, [...headers, 'Connection: close']))
  else wire.write(http(status, body, headers))
}

/** Answers every request with the same bytes. */
export const answers =
  (bytes: string): Script =>
  (wire) =>
    void wire.write(bytes, 'latin1')

export const hangs: Script = () => {}

/** How an exchange ended, and all that came. */
export interface Outcome {
  readonly status: number | undefined
  readonly headers: FlatHeaders
  readonly body: string
  readonly end: 'clean' | UpstreamFailure
}

export const get = (target: string, more: Partial<UpstreamRequest> = {}): UpstreamRequest => ({
  method: 'GET',
  target,
  headers: ['Host', 'backend.test'],
  body: undefined,
  deadlineMs: undefined,
  ...more,
})

const proofTarget = '/.proof'

/** The backend shows that it answers what it is asked, so that connections to it are kept. Leaves no trace in what it keeps. */
export async function prove(upstream: Upstream): Promise<void> {
  await run(upstream, get(proofTarget))
}

/** Runs one exchange to its end, taking all that comes. `onHead` may look on. */
export function run(
  upstream: Upstream,
  request: UpstreamRequest,
  onHead?: (exchange: Exchange) => void,
): Promise<Outcome> {
  return new Promise((resolve) => {
    let status: number | undefined
    let headers: FlatHeaders = []
    const parts: Buffer[] = []
    const finish = (end: Outcome['end']): void =>
      resolve({ status, headers, body: Buffer.concat(parts).toString('latin1'), end })
    const exchange: Exchange = upstream.exchange(request, {
      head(headStatus, headHeaders) {
        status = headStatus
        headers = headHeaders
        onHead?.(exchange)
      },
      data(chunk) {
        parts.push(Buffer.from(chunk))
        return true
      },
      end: () => finish('clean'),
      failed: (failure) => finish(failure),
    })
  })
}
