/** WebSockets by hand: frames as bytes, a backend that opens them as it is told, and a caller who says what they like. */
import { createHash } from 'node:crypto'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export const sampleKey = 'dGhlIHNhbXBsZSBub25jZQ=='
export const acceptOf = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')

export interface FrameOptions {
  readonly isFinal?: boolean
  readonly reserved?: number
  readonly isMasked?: boolean
  /** In the head, whatever the payload is. */
  readonly length?: number
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export function frame(opcode: number, payload: Buffer | string = '', options: FrameOptions = {}): Buffer {
  const { isFinal = true, reserved = 0, isMasked = false } = options
  const body = Buffer.from(payload as string)
  const length = options.length ?? body.length
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10) // oxlint-disable-line no-nested-ternary -- three sizes
  head[0] = (isFinal ? 0x80 : 0) | (reserved << 4) | opcode
  const bit = isMasked ? 0x80 : 0
  if (head.length === 2) head[1] = bit | length
  else if (head.length === 4) head.writeUInt16BE(length, 2)
  else head.writeBigUInt64BE(BigInt(length), 2)
  if (head.length > 2) head[1] = bit | (head.length === 4 ? 126 : 127)
  if (!isMasked) return Buffer.concat([head, body])
  const mask = Buffer.from([1, 2, 3, 4])
  return Buffer.concat([head, mask, body.map((byte, at) => byte ^ (mask[at % 4] ?? 0))])
}

export interface Frame {
  readonly opcode: number
  readonly isFinal: boolean
  readonly isMasked: boolean
  readonly payload: Buffer
}

/** The whole frames at the head of `bytes`, unmasked, and what is left. */
export function framesIn(bytes: Buffer): { readonly frames: readonly Frame[]; readonly rest: Buffer } {
  const frames: Frame[] = []
  let rest = bytes
  while (rest.length >= 2) {
    const second = rest[1] ?? 0
    const short = second & 0x7f
    const at = short < 126 ? 2 : short === 126 ? 4 : 10 // oxlint-disable-line no-nested-ternary -- three sizes
    if (rest.length < at) break
    const length = at === 2 ? short : at === 4 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2)) // oxlint-disable-line no-nested-ternary -- three sizes
    const isMasked = (second & 0x80) !== 0
    const start = at + (isMasked ? 4 : 0)
    if (rest.length < start + length) break
    const mask = rest.subarray(at, start)
    const payload = Buffer.from(rest.subarray(start, start + length))
    if (isMasked) for (const [index, byte] of payload.entries()) payload[index] = byte ^ (mask[index % 4] ?? 0)
    frames.push({ opcode: (rest[0] ?? 0) & 0x0f, isFinal: ((rest[0] ?? 0) & 0x80) !== 0, isMasked, payload })
    rest = rest.subarray(start + length)
  }
  return { frames, rest }
}

/** One end of a WebSocket: what came so far. */
export interface End {
  readonly socket: Socket
  /** The head that opened it, or that refused it. */
  readonly head: string
  /** What came behind the head. */
  bytes: Buffer
  isClosed: boolean
  /** All frames so far. */
  frames(): readonly Frame[]
  /** Code and reason of the close frame that came, if one did. */
  closing(): readonly [code: number, reason: string] | undefined
}

function collect(socket: Socket, head: string, first: Buffer): End {
  const end: End = {
    socket,
    head,
    bytes: first,
    isClosed: false,
    frames: () => framesIn(end.bytes).frames,
    closing() {
      const found = end.frames().find(({ opcode }) => opcode === opcodes.close)
      return found === undefined ? undefined : [found.payload.readUInt16BE(0), found.payload.toString('utf8', 2)]
    },
  }
  socket.on('data', (chunk) => (end.bytes = Buffer.concat([end.bytes, chunk])))
  socket.on('error', () => {}).on('close', () => (end.isClosed = true))
  return end
}

export interface SocketBackend {
  readonly url: string
  /** The upgrades that were asked for, in order. */
  readonly ends: readonly End[]
  close(): Promise<void>
}

export const switching = (key: string, more: readonly string[] = []): string =>
  [
    'HTTP/1.1 101 Switching',
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Accept: ${acceptOf(key)}`,
    ...more,
    '',
    '',
  ].join('\r\n')

/** Answers each request with what `answer` makes of its head; `undefined` is nothing at all. */
export async function startSocketBackend(
  answer: (key: string, head: string) => string | undefined,
): Promise<SocketBackend> {
  const ends: End[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    let pending = Buffer.alloc(0)
    const onData = (chunk: Buffer): void => {
      pending = Buffer.concat([pending, chunk])
      const at = pending.indexOf('\r\n\r\n')
      if (at < 0) return
      socket.off('data', onData)
      const head = pending.toString('latin1', 0, at)
      const said = answer(/sec-websocket-key: (.*)/i.exec(head)?.[1] ?? '', head)
      ends.push(collect(socket, head, pending.subarray(at + 4)))
      if (said !== undefined) socket.write(said, 'latin1')
    }
    socket.on('data', onData)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ends,
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

export interface OpeningOptions {
  readonly authorization?: string | undefined
  readonly key?: string
  readonly version?: string
  readonly lines?: readonly string[]
  /** Goes out in the same piece as the head. */
  readonly early?: Buffer
}

function openingBytes(target: string, options: OpeningOptions = {}): Buffer {
  const { authorization, key = sampleKey, version = '13', lines = [], early = Buffer.alloc(0) } = options
  const head = [
    ...[`GET ${target} HTTP/1.1`, 'Host: gateway.test', 'Connection: Upgrade', 'Upgrade: websocket'],
    ...[`Sec-WebSocket-Version: ${version}`, `Sec-WebSocket-Key: ${key}`],
    ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
    ...lines,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), early])
}

/** Resolves with the head of the answer, whatever it is, or with an empty one when the connection breaks. */
export function openSocket(port: number, target: string, options: OpeningOptions = {}): Promise<End> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(openingBytes(target, options)))
    let pending = Buffer.alloc(0)
    const onData = (chunk: Buffer): void => {
      pending = Buffer.concat([pending, chunk])
      const at = pending.indexOf('\r\n\r\n')
      if (at < 0) return
      socket.off('data', onData).off('close', onClose)
      resolve(collect(socket, pending.toString('latin1', 0, at), pending.subarray(at + 4)))
    }
    const onClose = (): void => resolve(collect(socket, '', pending))
    socket
      .on('error', () => {})
      .on('data', onData)
      .on('close', onClose)
  })
}
