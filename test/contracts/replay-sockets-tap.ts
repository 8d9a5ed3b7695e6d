/** Listens between a gateway and its backend, and tells what was sent. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface Sent {
  readonly method: string
  readonly target: string
  readonly type: string
  readonly body: Buffer
}

export interface Tap {
  readonly url: string
  /** The requests sent since the last call, in the order in which they came. */
  take(): readonly Sent[]
  close(): Promise<void>
}

export async function openTap(port: number): Promise<Tap> {
  const sockets = new Set<Socket>()
  let sent: Sent[] = []
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    let rest = Buffer.alloc(0)
    near.on('data', (chunk) => {
      const [requests, left] = requestsIn(Buffer.concat([rest, chunk]))
      sent.push(...requests)
      rest = Buffer.from(left)
    })
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => sockets.delete(one) && other.destroy())
      one.pipe(other)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take: () => {
      const taken = sent
      sent = []
      return taken
    },
    close: async () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function requestsIn(bytes: Buffer): readonly [Sent[], Buffer] {
  const requests: Sent[] = []
  for (let at = 0; ;) {
    const headEnd = bytes.indexOf('\r\n\r\n', at)
    if (headEnd === -1) return [requests, bytes.subarray(at)]
    const head = bytes.subarray(at, headEnd).toString('latin1')
    const [method = '', target = ''] = head.split(' ')
    if (/^transfer-encoding:/im.test(head)) throw new Error(`a length was expected: ${head}`)
    const end = headEnd + 4 + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
    if (end > bytes.length) return [requests, bytes.subarray(at)]
    const type = /^content-type: *(.*)$/im.exec(head)?.[1]?.trim() ?? ''
    requests.push({ method, target, type, body: bytes.subarray(headEnd + 4, end) })
    at = end
  }
}
