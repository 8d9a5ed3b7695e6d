import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Body, readBody } from '../../src/scope/body.ts'

const listeners = (stream: Readable): number =>
  ['data', 'error', 'close'].reduce((sum, name) => sum + stream.listenerCount(name), 0)

describe('readBody', () => {
  it.each([
    ['a declared length', 8],
    ['a chunked body', undefined],
  ])('J20 takes exactly the bound with %s', async (_name, declaredLength) => {
    const stream = Readable.from([Buffer.from('abc'), Buffer.from('defgh')])
    const body = await readBody(stream, { maxBytes: 8, declaredLength })
    expect(body).toEqual({ kind: 'body', bytes: Buffer.from('abcdefgh') })
  })

  it('J20 refuses a declared length beyond the bound without reading', async () => {
    const stream = new PassThrough()
    expect(await readBody(stream, { maxBytes: 8, declaredLength: 9 })).toEqual({ kind: 'too-large' })
    expect([stream.readableFlowing, listeners(stream)]).toEqual([null, 0])
  })

  it('J20 stops reading a chunked body at the first byte beyond the bound', async () => {
    const stream = new PassThrough()
    const reading = readBody(stream, { maxBytes: 8, declaredLength: undefined })
    stream.write('12345678')
    stream.write('9')
    expect(await reading).toEqual({ kind: 'too-large' })
    stream.write('more')
    expect([stream.isPaused(), stream.listenerCount('data'), stream.readableLength]).toEqual([true, 0, 4])
  })

  it('takes an empty body', async () => {
    expect(await readBody(Readable.from([]), { maxBytes: 8, declaredLength: undefined })).toEqual({
      kind: 'body',
      bytes: Buffer.alloc(0),
    })
  })

  it.each([
    ['fails', (stream: PassThrough) => stream.destroy(new Error('reset'))],
    ['closes', (stream: PassThrough) => stream.destroy()],
    ['ends before its declared length', (stream: PassThrough) => stream.end()],
  ])('says that a stream is aborted when it %s', async (_name, act) => {
    const stream = new PassThrough()
    const before = listeners(stream)
    const reading = readBody(stream, { maxBytes: 8, declaredLength: 5 })
    stream.write('abcd')
    act(stream)
    expect(await reading).toEqual({ kind: 'aborted' })
    expect(listeners(stream)).toBe(before)
  })

  it('does not wait for a stream that is over', async () => {
    const gone = new PassThrough()
    gone.destroy()
    const read = Readable.from([Buffer.from('a')])
    for await (const _chunk of read) void _chunk
    expect(await readBody(gone, { maxBytes: 8, declaredLength: undefined })).toEqual({ kind: 'aborted' })
    expect(await readBody(read, { maxBytes: 8, declaredLength: undefined })).toEqual({ kind: 'aborted' })
  })

  it('gives the bytes that came, however they were cut, and leaves no listener', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 50 })), fc.nat(200), async (pieces, maxBytes) => {
        const chunks = pieces.map((piece) => Buffer.from(piece))
        const whole = Buffer.concat(chunks)
        const stream = new PassThrough()
        const before = listeners(stream)
        const reading = readBody(stream, { maxBytes, declaredLength: undefined })
        for (const chunk of chunks) stream.write(chunk)
        stream.end()
        const body = await reading
        expect(body).toEqual(whole.length > maxBytes ? { kind: 'too-large' } : { kind: 'body', bytes: whole })
        expect(listeners(stream)).toBe(before)
        stream.destroy()
      }),
      { numRuns: 200 },
    )
  })

  it('holds for a chunk of a byte each about what the bytes take', async () => {
    const chunks = Array.from({ length: 50_000 }, (_, index) => Buffer.from([index & 0xff]))
    const body = await readBody(Readable.from(chunks), { maxBytes: 65_536, declaredLength: undefined })
    if (body.kind !== 'body') throw new Error(body.kind)
    expect(body.bytes.equals(Buffer.concat(chunks))).toBe(true)
    expect(body.bytes.buffer.byteLength).toBeLessThanOrEqual(65_536)
  })

  it.each([
    ['Content-Length: 5\r\n\r\nabc', 'aborted'],
    ['Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', 'aborted'],
    ['Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n', 'body'],
    ['Transfer-Encoding: chunked\r\n\r\n9\r\nabcdefghi\r\n', 'too-large'],
  ])('reads a connection that sends %j and hangs up', async (sent, kind) => {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const read = once(server, 'request').then(async ([message]: IncomingMessage[]): Promise<Body> => {
      if (message === undefined) throw new Error('no request')
      const length = message.headers['content-length']
      const body = readBody(message, { maxBytes: 8, declaredLength: length === undefined ? undefined : Number(length) })
      client.end()
      return body
    })
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    client.on('error', () => undefined)
    client.write(`POST / HTTP/1.1\r\nHost: a\r\n${sent}`)
    expect((await read).kind).toBe(kind)
    client.destroy()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
})
