/** What every implementation of the port `Upstream` must do, told by a backend that shows each byte it got. */
import { Readable } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import type { Exchange, Upstream, UpstreamRequest } from '../../src/model/ports.ts'
import {
  answers,
  get,
  hangs,
  headerIn,
  http,
  prove,
  run,
  startUpstream,
  type Script,
  type ScriptOptions,
  type ScriptedUpstream,
} from '../helpers/upstream.ts'

export interface Limits {
  readonly connections: number
  readonly connectTimeoutMs: number
  readonly headersTimeoutMs: number
  readonly bodyTimeoutMs: number
  readonly totalTimeoutMs: number
}

const generous: Limits = {
  connections: 4,
  connectTimeoutMs: 5_000,
  headersTimeoutMs: 5_000,
  bodyTimeoutMs: 5_000,
  totalTimeoutMs: 0,
}

const post = (body: UpstreamRequest['body'], headers: readonly string[] = []): UpstreamRequest => ({
  method: 'POST',
  target: '/things',
  headers: ['Host', 'backend.test', ...headers],
  body,
  deadlineMs: undefined,
})

/** Says that two things are awaited together, where neither alone would end the test. */
const forever = new Promise<never>(() => {})

export function upstreamContract(name: string, make: (url: string, limits: Limits) => Upstream): void {
  const opened: { close(): Promise<void> }[] = []
  afterEach(async () => {
    // Upstreams last, so that their exchanges end with their backends.
    await Promise.all(opened.splice(0).map((each) => each.close()))
  })

  async function world(
    script: Script,
    options: ScriptOptions & { readonly limits?: Partial<Limits> } = {},
  ): Promise<{ backend: ScriptedUpstream; upstream: Upstream }> {
    const backend = await startUpstream(script, options)
    const upstream = make(backend.url, { ...generous, ...options.limits })
    opened.push(backend, upstream)
    if (options.onConnection === undefined) await prove(upstream)
    return { backend, upstream }
  }

  describe(`upstream contract: ${name}`, () => {
    it('sends method, target and headers as they are, and hands over status, headers and body', async () => {
      const { backend, upstream } = await world(answers(http(201, 'made', ['X-One: a', 'x-one: b'])))

      const outcome = await run(upstream, get('/a%2Fb?x=1&x=2', { headers: ['Host', 'h.test', 'X-Two', '\u00e4'] }))

      expect(outcome).toEqual({
        status: 201,
        headers: ['X-One', 'a', 'x-one', 'b', 'Content-Length', '4'],
        body: 'made',
        end: 'clean',
      })
      expect(backend.requests[0]?.head).toBe(
        'GET /a%2Fb?x=1&x=2 HTTP/1.1\r\nhost: h.test\r\nconnection: keep-alive\r\nX-Two: \u00e4',
      )
    })

    it('sends a Buffer with its length', async () => {
      const { backend, upstream } = await world(answers(http(200)))

      await run(upstream, post(Buffer.from('0123456789')))

      expect(backend.requests[0]?.body.toString()).toBe('0123456789')
      expect(headerIn(backend.requests[0]?.headers ?? [], 'content-length')).toBe('10')
    })

    it('streams a body of unknown length in chunks', async () => {
      const { backend, upstream } = await world(answers(http(200)))

      await run(upstream, post(Readable.from([Buffer.from('one'), Buffer.from('two')])))

      expect(backend.requests[0]?.body.toString()).toBe('onetwo')
      expect(headerIn(backend.requests[0]?.headers ?? [], 'transfer-encoding')).toBe('chunked')
    })

    it('keeps a connection for the next exchange', async () => {
      const { backend, upstream } = await world(answers(http(200, 'x')))

      await run(upstream, get('/1'))
      await run(upstream, get('/2'))

      expect(backend.requests.map((each) => each.connection)).toEqual([1, 1])
    })

    it('answers HEAD, 204 and 304 without a body', async () => {
      const { upstream } = await world((wire, { target }) =>
        wire.write(target === '/204' ? 'HTTP/1.1 204 No\r\n\r\n' : http(304)),
      )

      expect(await run(upstream, get('/204'))).toMatchObject({ status: 204, body: '', end: 'clean' })
      expect(await run(upstream, get('/304'))).toMatchObject({ status: 304, body: '', end: 'clean' })
    })

    it('passes over interim answers', async () => {
      const { upstream } = await world(answers(`HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n${http(200, 'final')}`))

      expect(await run(upstream, get('/'))).toMatchObject({ status: 200, body: 'final', end: 'clean' })
    })

    it('gives up after too many interim answers', async () => {
      const { upstream } = await world(answers('HTTP/1.1 103 Early\r\n\r\n'.repeat(40) + http(200)))

      expect((await run(upstream, get('/'))).end).toMatchObject({ code: 'upstream-protocol', phase: 'wait' })
    })

    it('stops reading while the sink wants a pause, and goes on when it is resumed', async () => {
      const size = 8 * 1024 * 1024
      let written = 0
      const { backend, upstream } = await world((wire) => {
        wire.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
        const piece = Buffer.alloc(65_536)
        const more = (): void => {
          while (written < size) {
            written += piece.byteLength
            if (!wire.write(piece)) return void wire.once('drain', more)
          }
        }
        more()
      })
      let seen = 0
      const paused = Promise.withResolvers<Exchange>()
      const done = Promise.withResolvers<string>()
      const exchange: Exchange = upstream.exchange(get('/'), {
        head: () => {},
        data(chunk) {
          const isFirst = seen === 0
          seen += chunk.byteLength
          if (isFirst) paused.resolve(exchange)
          return !isFirst
        },
        end: () => done.resolve('clean'),
        failed: (failure) => done.resolve(failure.code),
      })
      await paused.promise
      const seenAtPause = seen
      // Another exchange passes through the whole of event loop and kernel in the meantime.
      const other = await startUpstream(answers(http(200)))
      opened.push(other)
      const second = make(other.url, generous)
      opened.push(second)
      await run(second, get('/'))

      expect(seen).toBe(seenAtPause)
      expect(backend.connections[0]?.writableLength).toBeGreaterThan(0)
      exchange.resume()
      expect(await done.promise).toBe('clean')
      expect(seen).toBe(size)
    })

    it('does not hang when it is resumed before the sink has returned', async () => {
      const { upstream } = await world(
        answers(`HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(200_000)}`),
      )
      const done = Promise.withResolvers<string>()
      const exchange: Exchange = upstream.exchange(get('/'), {
        head: () => {},
        data() {
          exchange.resume()
          return false
        },
        end: () => done.resolve('clean'),
        failed: (failure) => done.resolve(failure.code),
      })

      expect(await done.promise).toBe('clean')
    })

    it('closes the connection when an exchange is aborted before its answer, and the sink hears nothing', async () => {
      const { backend, upstream } = await world(hangs)
      let heard = 0
      const hear = (): boolean => ++heard > 0
      const exchange = upstream.exchange(get('/'), { head: hear, data: hear, end: hear, failed: hear })
      await backend.requestsBegun(1)

      exchange.abort()

      await backend.connectionClosed(1)
      expect(heard).toBe(0)
    })

    it('closes the connection when an exchange is aborted in the middle of the answer', async () => {
      const { backend, upstream } = await world((wire) =>
        wire.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes.'),
      )
      const exchange: Exchange = upstream.exchange(get('/'), {
        head: () => {},
        data() {
          exchange.abort()
          return false
        },
        end: () => {},
        failed: () => {},
      })

      await backend.connectionClosed(1)
    })

    it('sends nothing of an exchange that is aborted in the queue', async () => {
      const held: (() => void)[] = []
      const { backend, upstream } = await world((wire) => void held.push(() => wire.write(http(200))), {
        limits: { connections: 1 },
      })
      const first = run(upstream, get('/first'))
      await backend.requestsBegun(1)
      const queued = upstream.exchange(get('/queued'), { head() {}, data: () => true, end() {}, failed() {} })
      const third = run(upstream, get('/third'))

      queued.abort()
      held[0]?.()
      await backend.requestsBegun(2)
      held[1]?.()

      expect((await first).end).toBe('clean')
      expect((await third).end).toBe('clean')
      expect(backend.requests.map((each) => each.target)).toEqual(['/first', '/third'])
    })

    it('refuses what the queue has no room for, at once', async () => {
      const { backend, upstream } = await world(hangs, { limits: { connections: 1 } })
      const outcomes = Array.from({ length: 50 }, () => run(upstream, get('/')))

      const refusedOnes = await Promise.race([Promise.all(outcomes.slice(-20)), forever])

      expect(new Set(refusedOnes.map(({ end }) => (end === 'clean' ? 'clean' : `${end.code} ${end.phase}`)))).toEqual(
        new Set(['overloaded queue']),
      )
      await backend.requestsBegun(1)
      expect(backend.requests).toHaveLength(1)
      await backend.close()
      await Promise.all(outcomes)
    })

    describe('retry', () => {
      /** Answers the first request of each connection; closes at the second, as a server does whose idle limit passed. */
      const stale: (reset: boolean) => Script = (reset) => {
        const served = new Set<number>()
        return (wire, { connection }) => {
          if (served.has(connection)) return reset ? void wire.resetAndDestroy() : void wire.destroy()
          served.add(connection)
          wire.write(http(200, 'x'))
        }
      }

      it.each([
        ['GET', false],
        ['HEAD', false],
        ['OPTIONS', false],
        ['GET', true],
      ])('sends %s once more when a used connection breaks before any byte (reset: %s)', async (method, reset) => {
        const { backend, upstream } = await world(stale(reset))
        await run(upstream, get('/first'))

        const outcome = await run(upstream, get('/second', { method }))

        expect(outcome).toMatchObject({ status: 200, end: 'clean' })
        expect(backend.requests.map((each) => [each.target, each.connection])).toEqual([
          ['/first', 1],
          ['/second', 1],
          ['/second', 2],
        ])
      })

      it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('never sends %s twice', async (method) => {
        const { backend, upstream } = await world(stale(false))
        await run(upstream, get('/first'))

        const outcome = await run(upstream, { ...post(Buffer.from('{}')), method })

        expect(outcome.end).toMatchObject({
          code: 'upstream-reset',
          proxyError: 'connection_terminated',
          phase: 'wait',
        })
        expect(backend.requests.filter((each) => each.method === method)).toHaveLength(1)
      })

      it('sends a GET once more that broke on a new connection', async () => {
        const seen = new Set<string>()
        const { backend, upstream } = await world((wire, { target }) => {
          if (seen.has(target)) return void wire.write(http(200, 'second'))
          seen.add(target)
          wire.destroy()
        })

        expect(await run(upstream, get('/fresh'))).toMatchObject({ status: 200, body: 'second', end: 'clean' })
        expect(backend.requests.map((each) => each.connection)).toEqual([1, 2])
      })

      it('does not repeat a GET that has a body', async () => {
        const used = await world(stale(false))
        await run(used.upstream, get('/first'))
        await run(used.upstream, get('/second', { body: Buffer.from('x') }))
        expect(used.backend.requests).toHaveLength(2)
      })

      it('does not repeat after the first byte of an answer', async () => {
        const seen = new Set<number>()
        const { backend, upstream } = await world((wire, { connection }) => {
          if (seen.has(connection)) return void wire.end('HTTP/1.1 2')
          seen.add(connection)
          wire.write(http(200))
        })
        await run(upstream, get('/first'))

        expect((await run(upstream, get('/second'))).end).toMatchObject({
          code: expect.stringMatching(/^upstream-/) as string,
        })
        expect(backend.requests).toHaveLength(2)
      })

      it('repeats once and not twice', async () => {
        const { backend, upstream } = await world((wire, { target }) => {
          if (target === '/first') wire.write(http(200))
          else wire.destroy()
        })
        await run(upstream, get('/first'))

        expect((await run(upstream, get('/second'))).end).toMatchObject({ code: 'upstream-reset' })
        expect(backend.requests).toHaveLength(3)
      })

      it.each([500, 502, 503, 429])('never repeats for a status (%i)', async (status) => {
        const { backend, upstream } = await world(answers(http(status, '', ['Retry-After: 1'])))

        expect((await run(upstream, get('/'))).status).toBe(status)
        expect(backend.requests).toHaveLength(1)
      })
    })

    describe('time limits', () => {
      it('ends a silent exchange at the header limit and closes its connection', async () => {
        const { backend, upstream } = await world(hangs, { limits: { headersTimeoutMs: 60 } })

        expect((await run(upstream, get('/'))).end).toMatchObject({
          code: 'upstream-timeout',
          proxyError: 'http_response_timeout',
          phase: 'wait',
        })
        await backend.connectionClosed(1)
      })

      it('counts the header limit over the whole head, not from byte to byte', async () => {
        let trickle: NodeJS.Timeout | undefined
        const { upstream } = await world(
          (wire) => {
            wire.write('HTTP/1.1 200 OK\r\n')
            trickle = setInterval(() => wire.write('X: y\r\n'), 10)
            wire.once('close', () => clearInterval(trickle))
          },
          { limits: { headersTimeoutMs: 150 } },
        )

        expect((await run(upstream, get('/'))).end).toMatchObject({ code: 'upstream-timeout' })
      })

      it('counts the header limit in the queue too', async () => {
        const { upstream } = await world(hangs, { limits: { connections: 1, headersTimeoutMs: 80 } })
        const first = run(upstream, get('/first'))

        const queued = await run(upstream, get('/queued', { deadlineMs: 40 }))

        expect(queued.end).toMatchObject({ code: 'upstream-deadline', phase: 'queue' })
        await first
      })

      it('ends an upload that the backend does not read', async () => {
        const { upstream } = await world(hangs, {
          limits: { headersTimeoutMs: 120 },
          onConnection: (wire) => wire.pause(),
        })
        const endless = new Readable({ read: () => void endless.push(Buffer.alloc(65_536)) })

        expect((await run(upstream, post(endless))).end).toMatchObject({ code: 'upstream-timeout', phase: 'send' })
        expect(endless.destroyed).toBe(true)
      })

      it('ends an answer whose body stalls', async () => {
        const { upstream } = await world((wire) => wire.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf '), {
          limits: { bodyTimeoutMs: 60 },
        })

        expect(await run(upstream, get('/'))).toMatchObject({
          status: 200,
          body: 'half ',
          end: { code: 'upstream-timeout', proxyError: 'connection_read_timeout', phase: 'body' },
        })
      })

      it('does not count the time in which the sink wanted a pause', async () => {
        const { upstream } = await world(
          answers(`HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n${'x'.repeat(300_000)}`),
          {
            limits: { bodyTimeoutMs: 50 },
          },
        )
        const done = Promise.withResolvers<string>()
        let isFirst = true
        const exchange: Exchange = upstream.exchange(get('/'), {
          head: () => {},
          data() {
            if (!isFirst) return true
            isFirst = false
            setTimeout(() => exchange.resume(), 200)
            return false
          },
          end: () => done.resolve('clean'),
          failed: (failure) => done.resolve(failure.code),
        })

        expect(await done.promise).toBe('clean')
      })

      it('ends the whole exchange at its deadline, however busy it is', async () => {
        const { upstream } = await world((wire) => {
          wire.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
          const tick = setInterval(() => wire.write('1\r\nx\r\n'), 10)
          wire.once('close', () => clearInterval(tick))
        })

        expect((await run(upstream, get('/', { deadlineMs: 150 }))).end).toMatchObject({
          code: 'upstream-deadline',
          phase: 'body',
        })
      })
    })

    it('waits at close for what is under way, and takes nothing new', async () => {
      const held = Promise.withResolvers<() => void>()
      const { upstream } = await world((wire) => held.resolve(() => wire.write(http(200, 'late'))))
      const outcome = run(upstream, get('/'))
      const answer = await held.promise

      const closing = upstream.close()
      const refusedOne = await run(upstream, get('/new'))
      answer()

      expect(await outcome).toMatchObject({ status: 200, body: 'late', end: 'clean' })
      expect(refusedOne.end).toMatchObject({ code: 'overloaded', phase: 'queue' })
      await closing
    })
  })
}
