import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startBareGateway } from '../helpers/bare-gateway.ts'
import { startUpstream } from '../helpers/upstream.ts'

/** A gateway before a backend that answers `body` when it is told to. */
async function start(body = 'hello') {
  const told = Promise.withResolvers<void>()
  const backend = await startUpstream((socket) => {
    void told.promise.then(() => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`))
  })
  const gateway = await startBareGateway(backend.url)
  onTestFinished(async () => {
    await gateway.close()
    await backend.close()
  })
  return { gateway, backend, answer: told.resolve }
}

/** All that comes for `bytes`, until the gateway closes. */
function reading(port: number, ...pieces: readonly string[]): { readonly text: Promise<string>; next(): void } {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  let at = 0
  const next = (): void => void socket.write(pieces[at++] ?? '')
  socket.on('error', () => {})
  socket.on('data', (chunk) => (text += chunk.toString('latin1')))
  next()
  return { text: new Promise((resolve) => socket.on('close', () => resolve(text))), next }
}

const get = 'GET /x HTTP/1.1\r\nHost: gateway.test\r\n\r\n'
const statuses = (text: string): readonly string[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status = '']) => status)

describe('what Node could not read', () => {
  // Found with attacks.yaml: the 400 took the place of the answer before it, whose request was sent all the same.
  it('is answered behind the answer to the whole request before it', async () => {
    const { gateway, backend, answer } = await start()
    const { text, next } = reading(gateway.port, get, 'garbage\r\n\r\n', 'more garbage')
    await backend.requestsBegun(1)
    next()
    next()
    await new Promise((resolve) => setTimeout(resolve, 30))
    answer()

    const all = await text
    expect(statuses(all)).toEqual(['200', '400'])
    expect(all).toMatch(/hello[^]*"code":"header-invalid"/)
    expect(backend.requests).toHaveLength(1)
  })

  it('does not cut an answer that has begun, and whose request was whole', async () => {
    const { gateway, backend, answer } = await start('x'.repeat(2_000_000))
    const { text, next } = reading(gateway.port, get, 'garbage\r\n\r\n')
    await backend.requestsBegun(1)
    answer()
    next()

    const all = await text
    expect(all.match(/x{1000,}/g)?.reduce((sum, piece) => sum + piece.length, 0)).toBe(2_000_000)
  })

  it('is answered at once where the request itself is broken', async () => {
    const { gateway, backend } = await start()
    const chunked = 'POST /x HTTP/1.1\r\nHost: gateway.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'
    const { text, next } = reading(gateway.port, chunked, 'zz\r\n')
    await backend.requestsBegun(1)
    next()

    expect(statuses(await text)).toEqual(['400'])
    expect(backend.requests.map(({ isComplete }) => isComplete)).toEqual([false])
  })
})
