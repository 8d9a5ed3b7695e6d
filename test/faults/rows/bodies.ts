/** Answers whose body does not come as its head says. */
import { expect } from 'vitest'
import { answers, http, type Script } from '../../helpers/upstream.ts'
import { askMany, custom, expectOutcome, fault, requiredOf, row, withFaulty } from '../case.ts'
import type { Asked } from '../world.ts'

type Ending = readonly [name: string, end: (wire: Parameters<Script>[0]) => void]
const endings: readonly Ending[] = [
  ['closed', (wire) => void wire.end()],
  ['reset', (wire) => void wire.resetAndDestroy()],
]

const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n'
const chunk = (body: string): string => `${body.length.toString(16)}\r\n${body}\r\n`

/** Ends once what was written is out of the process. */
const writesThen =
  (bytes: string, [, end]: Ending): Script =>
  (wire) =>
    void wire.write(bytes, 'latin1', () => end(wire))

const mebibyte = 1024 * 1024

const midBody = [1, 65_536, 10 * mebibyte].flatMap((size) =>
  endings.flatMap((ending) => {
    const body = 'x'.repeat(size)
    const counts = size > mebibyte ? [1, 4] : [1, 64]
    return [
      fault('default', `${ending[0]} after ${size} bytes of a stated length`, {
        script: writesThen(`HTTP/1.1 200 OK\r\nContent-Length: ${size + 10}\r\n\r\n${body}`, ending),
        counts,
      }),
      fault('default', `${ending[0]} after ${size} bytes of chunks`, {
        script: writesThen(`${chunked}\r\n${chunk(body)}`, ending),
        counts,
      }),
    ]
  }),
)

const notGzip = ({ status, end, headers, body }: Asked): void => {
  if (status === 502 && end === 'whole') expect(headers).not.toHaveProperty('content-encoding')
  else expect(body.toString()).not.toContain('"data"')
}

export const bodyRows = [
  row(
    'F09',
    ...endings.map((ending) =>
      fault('default', `${ending[0]} between a gzip head and its body`, {
        script: writesThen(
          'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nSet-Cookie: a=b\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n',
          ending,
        ),
        look: notGzip,
      }),
    ),
  ),
  row('F10', midBody),
  row(
    'F11',
    custom('default', 'bytes behind the stated length reach nobody', async (world, id) => {
      const script: Script = (wire, { target }) =>
        void wire.write(`${http(200, target)}HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray`)
      await withFaulty({ script }, async ({ url, requests }) => {
        world.use(url, { connections: 1 })
        for (const method of ['GET', 'POST', 'GET', 'PUT', 'DELETE']) {
          const { asked } = await askMany(world, method, 4)
          await expectOutcome(world, requiredOf(id, 'default'), method, asked, requests)
          expect(asked.map(({ body }) => body.toString())).toEqual(asked.map(({ target }) => target))
        }
        // None is used again.
        expect(new Set(requests.map(({ connection }) => connection)).size).toBe(requests.length)
      })
    }),
    fault('default', 'bytes that are no HTTP behind the stated length', {
      script: (wire) => void wire.write(`${http(200, 'mine')}surplus`),
      look: ({ body }) => expect(body.toString()).toBe('mine'),
    }),
  ),
  row(
    'F12',
    fault('closed', 'fewer bytes than the stated length, closed', {
      script: (wire) => void wire.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort'),
    }),
    fault('closed', 'fewer bytes than the stated length of an answer that is cut to the caller, closed', {
      methods: ['GET'],
      counts: [1],
      script: (wire) =>
        void wire.end(
          'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"data":',
        ),
    }),
    fault('open', 'fewer bytes than the stated length, held open', {
      limits: { bodyTimeoutMs: 400 },
      script: answers('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort'),
    }),
  ),
  row(
    'F15',
    fault('default', 'a chunk size that is none', { script: answers(`${chunked}\r\nzz\r\n`) }),
    fault('default', 'a chunk that does not end where it says', {
      script: answers(`${chunked}\r\n5\r\nhelloXX0\r\n\r\n`),
    }),
    fault('default', 'a negative chunk size', { script: answers(`${chunked}\r\n-5\r\nhello\r\n0\r\n\r\n`) }),
    fault('default', 'a chunk size beyond 64 bits', {
      script: answers(`${chunked}\r\nfffffffffffffffff\r\nhello\r\n0\r\n\r\n`),
    }),
    fault('default', 'no last chunk', { script: (wire) => void wire.end(`${chunked}\r\n${chunk('hello')}`) }),
    fault('ignored', 'a chunk extension of 1 MiB', {
      look: ({ body }) => expect(body.toString()).toBe('hello'),
      counts: [1, 8],
      script: answers(`${chunked}\r\n5;${'e'.repeat(mebibyte)}\r\nhello\r\n0\r\n\r\n`),
    }),
    fault('default', 'trailers of 1 MiB', {
      counts: [1, 8],
      script: answers(`${chunked}\r\n${chunk('hello')}0\r\nA: ${'t'.repeat(mebibyte)}\r\n\r\n`),
    }),
  ),
  row(
    'F25',
    ...[204, 304].map((status) =>
      fault(`${status}`, `${status} with a body`, {
        script: answers(http(status, 'forbidden')),
        look: ({ body }) => expect(body.toString()).toBe(''),
      }),
    ),
    fault('head', 'HEAD answered with a body', {
      methods: ['HEAD'],
      script: answers(http(200, 'forbidden')),
      look: ({ body }) => expect(body.toString()).toBe(''),
    }),
    fault('endless', '200 without a length on a connection that stays', {
      limits: { bodyTimeoutMs: 400 },
      script: answers('HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\nbody'),
    }),
  ),
]
