/** A backend that keeps every byte it got and answers a fixed JSON: what it did not see was not forwarded. */
import { headerIn, type Received, type Script, startUpstream } from '../helpers/upstream.ts'

export interface Witness {
  readonly url: string
  readonly port: number
  /** All that came since the last `forget`. */
  seen(): Seen
  forget(): void
  /** What is said from now on; `undefined`: the fixed answer again. */
  say(script: Script | undefined): void
  /** Reads nothing of the connections that come from now on, for so many milliseconds each. */
  holdReading(ms: number): void
  requestsBegun(count: number): Promise<void>
  /** Of the connection of that number, from 1. */
  connectionClosed(number: number): Promise<void>
  close(): Promise<void>
}

export interface Seen {
  readonly requests: readonly Received[]
  readonly connections: number
  /** Everything on every connection, in order of arrival, latin1. */
  readonly bytes: string
}

const page = '{"data":{"results":[],"total":0,"page":1,"per_page":20}}'

/** An answer with a length, as one piece of bytes. */
export const wire = (status: number, body: string, lines: readonly string[] = []): string =>
  [
    `HTTP/1.1 ${status} Said`,
    ...lines,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n')

/** As a server that does what it is told: a connection that is to be closed is closed, so that the next ones are kept. */
const fixed: Script = (socket, { method, headers }) => {
  const isLast = headerIn(headers, 'connection') === 'close'
  const answer = wire(200, page, isLast ? ['Connection: close'] : [])
  socket.write(method === 'HEAD' ? headOf(answer) : answer, 'latin1')
  if (isLast) socket.end()
}
const headOf = (text: string): string => text.slice(0, text.indexOf('\r\n\r\n') + 4)

export async function startWitness(): Promise<Witness> {
  let script: Script = fixed
  let holdMs = 0
  let bytes: string[] = []
  const upstream = await startUpstream((socket, received) => script(socket, received), {
    onConnection(socket) {
      socket.on('data', (chunk) => bytes.push(chunk.toString('latin1')))
      if (holdMs === 0) return
      socket.pause()
      setTimeout(() => socket.resume(), holdMs)
    },
  })
  let requestsBefore = 0
  let connectionsBefore = 0

  return {
    url: upstream.url,
    port: upstream.port,
    seen: () => ({
      requests: upstream.requests.slice(requestsBefore),
      connections: upstream.connections.length - connectionsBefore,
      bytes: bytes.join(''),
    }),
    forget() {
      requestsBefore = upstream.requests.length
      connectionsBefore = upstream.connections.length
      bytes = []
    },
    say(said) {
      script = said ?? fixed
    },
    holdReading(ms) {
      holdMs = ms
    },
    requestsBegun: (count) => upstream.requestsBegun(requestsBefore + count),
    connectionClosed: (number) => upstream.connectionClosed(number),
    close: () => upstream.close(),
  }
}
