import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { callerBody } from '../../src/forward/caller-body.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A real request whose body is still to come. */
async function request(lines: readonly string[]): Promise<{ incoming: IncomingMessage; client: Socket }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => {})
  closing.push(() => {
    client.destroy()
    server.close()
  })
  client.write(['POST / HTTP/1.1', 'Host: x', ...lines, '', ''].join('\r\n'))
  const [incoming] = (await once(server, 'request')) as [IncomingMessage]
  return { incoming, client }
}

describe('callerBody', () => {
  it('passes the bytes on and counts them', async () => {
    const { incoming, client } = await request(['Content-Length: 6'])
    let count = 0
    const body = callerBody(incoming, { maxBytes: 6, onBytes: (more) => void (count += more) })
    client.write('abc')
    client.write('def')

    const parts: Buffer[] = []
    for await (const part of body as AsyncIterable<Buffer>) parts.push(part)

    expect([Buffer.concat(parts).toString(), count]).toEqual(['abcdef', 6])
  })

  it.each([
    ['with a length', 'Content-Length: 7', 'abcdefg'],
    ['in chunks', 'Transfer-Encoding: chunked', '4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n'],
  ])('breaks at the first byte over the limit, %s', async (_how, line, bytes) => {
    const { incoming, client } = await request([line])
    const body = callerBody(incoming, { maxBytes: 6, onBytes: () => {} })
    client.write(bytes)
    body.resume()

    const [error] = (await once(body, 'error')) as [unknown]

    expect(error).toMatchObject({ code: 'body-too-large', status: 413 })
    expect(incoming.destroyed).toBe(false)
  })

  it('breaks when the caller leaves before the end', async () => {
    const { incoming, client } = await request(['Content-Length: 7'])
    const body = callerBody(incoming, { maxBytes: 0, onBytes: () => {} })
    body.resume()
    client.write('abc', () => client.destroy())

    const [error] = (await once(body, 'error')) as [unknown]

    expect(error).toMatchObject({ code: 'body-unreadable', status: 400 })
  })

  it('takes no more than is asked for', async () => {
    const { incoming, client } = await request(['Content-Length: 50000000'])
    let count = 0
    callerBody(incoming, { maxBytes: 0, onBytes: (more) => void (count += more) })
      .once('data', () => {})
      .pause()
    client.write(Buffer.alloc(50_000_000))
    for (let turn = 0; turn < 2_000; turn++) await new Promise(setImmediate)

    expect(count).toBeLessThan(1_000_000)
  })

  it('leaves the connection alone when it is destroyed: the caller gets an answer on it', async () => {
    const { incoming } = await request(['Content-Length: 7'])
    const body = callerBody(incoming, { maxBytes: 0, onBytes: () => {} })

    body.destroy()
    await once(body, 'close')

    expect([incoming.destroyed, incoming.listenerCount('data')]).toEqual([false, 0])
  })
})
