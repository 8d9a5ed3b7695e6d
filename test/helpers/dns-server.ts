/** A DNS server on UDP that says what it is told of each name, or nothing. */
import { createSocket } from 'node:dgram'

/** Of a name: its IPv4 addresses with their age in seconds, `none` (no such name), `fails` or `silent`. */
export type DnsAnswer =
  | { readonly addresses: readonly string[]; readonly seconds: number }
  | 'none'
  | 'fails'
  | 'silent'

export interface DnsServer {
  /** As `Resolver.setServers` takes it. */
  readonly server: string
  /** Names asked for, in order, each once for each kind of address. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

const typeA = 1

export async function startDns(answerFor: (name: string) => DnsAnswer): Promise<DnsServer> {
  const asked: string[] = []
  const socket = createSocket('udp4')
  socket.on('message', (message, from) => {
    const { name, type, end } = questionIn(message)
    asked.push(name)
    const answer = answerFor(name)
    if (answer === 'silent') return
    socket.send(replyTo(message, end, type, answer), from.port, from.address)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return {
    server: `127.0.0.1:${socket.address().port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        socket.close(() => resolve())
      }),
  }
}

const headBytes = 12

function questionIn(message: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = []
  let at = headBytes
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 }
}

/** NXDOMAIN and SERVFAIL (RFC 1035 §4.1.1). */
const codes = { none: 3, fails: 2 } as const

function replyTo(message: Buffer, questionEnd: number, type: number, answer: Exclude<DnsAnswer, 'silent'>): Buffer {
  const head = Buffer.from(message.subarray(0, headBytes))
  const code = typeof answer === 'object' ? 0 : codes[answer]
  head.writeUInt16BE(0x8180 | code, 2)
  const addresses = typeof answer === 'object' && type === typeA ? answer.addresses : []
  const seconds = typeof answer === 'object' ? answer.seconds : 0
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(addresses.length, 6)
  head.writeUInt32BE(0, 8)
  const records = addresses.map((address) => {
    const record = Buffer.alloc(16)
    // The name is that of the question, at byte 12.
    record.writeUInt16BE(0xc00c, 0)
    record.writeUInt16BE(typeA, 2)
    record.writeUInt16BE(1, 4)
    record.writeUInt32BE(seconds, 6)
    record.writeUInt16BE(4, 10)
    record.set(address.split('.').map(Number), 12)
    return record
  })
  return Buffer.concat([head, message.subarray(headBytes, questionEnd), ...records])
}
