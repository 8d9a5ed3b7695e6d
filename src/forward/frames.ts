/**
 * Reads one direction of a WebSocket as it streams by (RFC 6455 §5): nothing is held but a frame's own head, and what is out
 * of order is found before a byte of it is passed on. No extension was agreed on, so none is allowed.
 */

export interface FrameRule {
  /** Frames of callers are masked, those of backends are not (§5.1). */
  readonly isMasked: boolean
  /** Of a message, all its frames and their heads together: empty frames without end are one that is too big. */
  readonly maxMessageBytes: number
}

/** Why the tunnel ends: a code of §7.4.1. */
export interface FrameProblem {
  readonly code: 1002 | 1009
  readonly why: string
}

export interface FrameReader {
  /** What of `chunk`, and of a head before it, may be passed on; behind a problem nothing more. */
  read(chunk: Buffer): { readonly passed: Buffer; readonly problem: FrameProblem | undefined }
  /** Nothing of a frame was passed on whose rest is still to come. */
  isBetweenFrames(): boolean
  /** A close frame was passed on: what ends now has said so. */
  sawClose(): boolean
}

const maxControlBytes = 125
const nothing = Buffer.alloc(0)

interface Head {
  readonly bytes: number
  readonly opcode: number
  readonly isFinal: boolean
  readonly payloadBytes: number
}

export function createFrameReader({ isMasked, maxMessageBytes }: FrameRule): FrameReader {
  let pending: Buffer = nothing
  let payloadLeft = 0
  let isInMessage = false
  let messageBytes = 0
  let hasClosed = false

  /** What is wrong with a frame, given what came before it. */
  function problemOf({ bytes, opcode, isFinal, payloadBytes }: Head): FrameProblem | undefined {
    if (opcode >= opcodes.close) {
      if (opcode > opcodes.pong) return wrong('an unknown opcode')
      return isFinal && payloadBytes <= maxControlBytes
        ? undefined
        : wrong('a control frame that is too long or in parts')
    }
    if (opcode > opcodes.binary) return wrong('an unknown opcode')
    if ((opcode === opcodes.continuation) !== isInMessage) return wrong('a frame out of turn')
    messageBytes = (isInMessage ? messageBytes : 0) + bytes + payloadBytes
    isInMessage = !isFinal
    return messageBytes > maxMessageBytes ? { code: 1009, why: 'a message is too big' } : undefined
  }

  return {
    read(chunk) {
      const bytes = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
      pending = nothing
      let at = Math.min(payloadLeft, bytes.length)
      payloadLeft -= at
      // Behind a close frame nothing is sent (§5.5.1).
      while (at < bytes.length && !hasClosed) {
        const head = headIn(bytes.subarray(at), isMasked)
        if (head === 'more') {
          pending = Buffer.from(bytes.subarray(at))
          break
        }
        const problem = 'code' in head ? head : problemOf(head)
        if (problem !== undefined || 'code' in head) return { passed: bytes.subarray(0, at), problem }
        hasClosed = head.opcode === opcodes.close
        const end = at + head.bytes + head.payloadBytes
        payloadLeft = Math.max(0, end - bytes.length)
        at = Math.min(end, bytes.length)
      }
      return { passed: bytes.subarray(0, at), problem: undefined }
    },
    isBetweenFrames: () => payloadLeft === 0,
    sawClose: () => hasClosed,
  }
}

const opcodes = { continuation: 0, binary: 2, close: 8, pong: 10 } as const

const wrong = (why: string): FrameProblem => ({ code: 1002, why })

/** `more`: the head is not all here. */
function headIn(bytes: Buffer, isMasked: boolean): Head | 'more' | FrameProblem {
  const [first = 0, second] = bytes
  if ((first & 0x70) !== 0) return wrong('a reserved bit is set')
  if (second === undefined) return 'more'
  if (((second & 0x80) !== 0) !== isMasked) return wrong(isMasked ? 'a frame is not masked' : 'a frame is masked')
  const short = second & 0x7f
  const lengthBytes = lengthBytesFor(short)
  const headBytes = 2 + lengthBytes + (isMasked ? 4 : 0)
  if (bytes.length < headBytes) return 'more'
  const payloadBytes = lengthBytes === 0 ? short : longLength(bytes, lengthBytes)
  return { bytes: headBytes, opcode: first & 0x0f, isFinal: (first & 0x80) !== 0, payloadBytes }
}

/** More than a number can tell is more than anybody may send. */
const longLength = (bytes: Buffer, lengthBytes: number): number =>
  lengthBytes === 2 ? bytes.readUInt16BE(2) : bytes.readUInt32BE(2) * 2 ** 32 + bytes.readUInt32BE(6)

function lengthBytesFor(short: number): 0 | 2 | 8 {
  if (short < 126) return 0
  return short === 126 ? 2 : 8
}

/** A close frame; with a mask as a client sends it. The reason is 123 bytes at most. */
export function closeFrame(code: number, reason: string, mask?: Buffer): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason))
  payload.writeUInt16BE(code, 0)
  payload.write(reason, 2)
  const head = Buffer.from([0x80 | opcodes.close, payload.length | (mask === undefined ? 0 : 0x80)])
  if (mask === undefined) return Buffer.concat([head, payload])
  for (const [at, byte] of payload.entries()) payload[at] = byte ^ (mask[at % 4] ?? 0)
  return Buffer.concat([head, mask, payload])
}
