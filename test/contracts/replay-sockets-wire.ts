/** A client that sends bytes as they are over one connection after another, and reads answers in HTTP/1.1. */
import { connect, type Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'

export interface WireAnswer {
  /** `null`: no answer came (`end` says why), or none within the time that was given. */
  readonly status: number | null
  readonly end: 'whole' | 'closed' | 'timeout' | 'endless'
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

export interface Wire {
  /** `waitMs`: how long to wait for the first byte; for answers that are known never to begin. */
  send(request: Buffer, isHead?: boolean, waitMs?: number): Promise<WireAnswer>
  close(): void
}

/** More than any whole answer in the recordings. */
const endlessBytes = 4 << 20

/** One request at a time; the connection is kept while both sides keep it. */
export function openWire(url: string): Wire {
  const { hostname, port } = new URL(url)
  let kept: Socket | undefined

  const exchange = (
    socket: Socket,
    request: Buffer,
    isHead: boolean,
    waitMs: number | undefined,
  ): Promise<WireAnswer> =>
    new Promise((resolve) => {
      const chunks: Buffer[] = []
      let length = 0
      const timer = waitMs === undefined ? undefined : setTimeout(() => finish('timeout'), waitMs)
      const finish = (end: WireAnswer['end'], answer?: Parsed): void => {
        clearTimeout(timer)
        socket.removeAllListeners()
        socket.on('error', () => {})
        const isKept = end === 'whole' && answer?.headers['connection']?.toLowerCase() !== 'close' && !socket.destroyed
        if (isKept) kept = socket
        else socket.destroy()
        resolve({ status: null, headers: {}, text: '', ...answer, end })
      }
      const look = (isClosed: boolean): void => {
        const bytes = Buffer.concat(chunks)
        const answer = parseAnswer(bytes, isHead, isClosed)
        if (answer !== undefined) finish('whole', answer)
        else if (isClosed) finish('closed')
      }
      socket.on('data', (chunk: Buffer) => {
        clearTimeout(timer)
        chunks.push(chunk)
        length += chunk.length
        if (length > endlessBytes) finish('endless', headOf(Buffer.concat(chunks)))
        else look(false)
      })
      socket.on('error', () => {})
      socket.on('close', () => look(true))
      socket.write(request)
    })

  return {
    async send(request, isHead = false, waitMs) {
      const reused = kept
      kept = undefined
      if (reused !== undefined && !reused.destroyed) {
        const answer = await exchange(reused, request, isHead, waitMs)
        // The other side closed an idle connection while we wrote: nothing was read of it.
        if (answer.end !== 'closed') return answer
      }
      const socket = connect(Number(port), hostname)
      socket.setNoDelay(true)
      return exchange(socket, request, isHead, waitMs)
    },
    close() {
      kept?.destroy()
    },
  }
}

type Parsed = Pick<WireAnswer, 'headers' | 'text'> & { readonly status: number }

function headOf(bytes: Buffer): Parsed & { readonly bodyAt: number } {
  const end = bytes.indexOf('\r\n\r\n')
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  return { status: Number(first.split(' ')[1]), headers, text: '', bodyAt: end + 4 }
}

/** The whole answer, or `undefined` while some of it is missing. */
function parseAnswer(bytes: Buffer, isHead: boolean, isClosed: boolean): Parsed | undefined {
  if (!bytes.includes('\r\n\r\n')) return undefined
  const { status, headers, bodyAt } = headOf(bytes)
  const rest = bytes.subarray(bodyAt)
  const whole = (body: Buffer): Parsed => {
    const plain = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
    return { status, headers, text: plain.toString('utf8') }
  }
  if (isHead || status === 204 || status === 304) return whole(Buffer.alloc(0))
  if (headers['transfer-encoding'] !== undefined) {
    const body = dechunked(rest)
    return body === undefined ? undefined : whole(body)
  }
  const length = headers['content-length']
  if (length === undefined) return isClosed ? whole(rest) : undefined
  return rest.length >= Number(length) ? whole(rest.subarray(0, Number(length))) : undefined
}

function dechunked(bytes: Buffer): Buffer | undefined {
  const chunks: Buffer[] = []
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16)
    const next = lineEnd + 2 + size + 2
    if (bytes.length < next) return undefined
    if (size === 0) return Buffer.concat(chunks)
    chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = next
  }
}
