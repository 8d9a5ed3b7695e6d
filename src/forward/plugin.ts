/** Stage forward: an allowed request goes to the tenant's backend, and what comes back into the sink that `respond` made. */
import httpProxy from '@fastify/http-proxy'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { type IncomingMessage, METHODS } from 'node:http'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { UpstreamConfig } from '../config/config.ts'
import type { Gate, Outgoing, Tenant } from '../context.ts'
import { type Failure, refused } from '../model/failure.ts'
import type { Exchange, FlatHeaders, UpstreamSink } from '../model/ports.ts'
import type { Clock } from '../model/time.ts'
import type { Rule } from '../policy/rule.ts'
import { callerBody } from './caller-body.ts'
import { createTimekeeper } from './deadlines.ts'
import { readOpening } from './handshake.ts'
import { type CompiledHeaders, compileHeaders, outgoingHeaders } from './request-headers.ts'
import { collectYoungGarbage, type StreamedBytes } from './young-garbage.ts'
import type { Tunnels } from './tunnels.ts'
import { isUpgrade, openWebSocket, type WebSocketParts } from './websocket.ts'

/** Where an answer goes, and who may hold it back or give it up. */
export interface Answer extends UpstreamSink {
  attach(exchange: Exchange): void
}

export interface ForwardOptions {
  /** Takes the reply over; nothing else may be written to it from then on. */
  readonly answer: (request: FastifyRequest, reply: FastifyReply) => Answer
  readonly clock: Clock
  /** Whether the other end of a connection is a proxy whose `X-Forwarded-*` are believed. */
  readonly trusts: (peerAddress: string) => boolean
  /** Called when something that is no read goes to a tenant's backend, and again when that is over. */
  readonly noteWrite: (tenant: Tenant) => void
  /** Where WebSockets are kept that are open. */
  readonly tunnels: Tunnels
}

/** What the stages before have settled; nothing is sent without all of it. */
interface Allowed {
  readonly gate: Gate
  readonly config: UpstreamConfig
  readonly rule: Rule
  readonly outgoing: Outgoing
}

/** Of a body that passes unread on a public route, chunked or not: nobody is accountable for it (R8). */
const maxAnonymousBytes = 16 * 1024 * 1024

export const forward = fp<ForwardOptions>(
  async (app, { answer, clock, trusts, noteWrite, tunnels }) => {
    const streamed = collectYoungGarbage()
    const webSocketParts: WebSocketParts = { deadlines: createTimekeeper(clock), tunnels, streamed }
    const early = new WeakMap<IncomingMessage, Buffer>()
    const compiled = new WeakMap<UpstreamConfig, CompiledHeaders>()
    const compiledFor = (config: UpstreamConfig): CompiledHeaders => {
      const known = compiled.get(config)
      if (known !== undefined) return known
      const made = compileHeaders(config)
      compiled.set(config, made)
      return made
    }
    const headersFor = (request: FastifyRequest, allowed: Allowed): FlatHeaders => {
      const made = outgoingHeaders(compiledFor(allowed.config), callerOf(request, allowed, trusts))
      if (made.kind === 'loop') throw refused('upstream-protocol', { proxyError: 'proxy_loop_detected' })
      return made.headers
    }

    const send = (request: FastifyRequest, reply: FastifyReply): void => {
      const allowed = allowedOf(request)
      const { gate, rule, outgoing } = allowed
      const headers = headersFor(request, allowed)
      const body = bodyOf(request, allowed, streamed)
      const method = request.raw.method ?? 'GET'
      const noted = noting(gate, answer(request, reply), clock, streamed)
      const sink = isRead(method) ? noted : notingWrite(noted, gate, noteWrite)
      const exchange = gate.tenant?.upstream.exchange(
        { method, target: outgoing.target, headers, body, deadlineMs: rule.timeoutMs },
        sink,
      )
      if (exchange !== undefined) sink.attach(exchange)
    }

    // Which methods there are is the policy's to say: the router takes all that Node can read.
    const known = new Set(app.supportedMethods)
    for (const method of METHODS) {
      if (method !== 'CONNECT' && !known.has(method)) app.addHttpMethod(method, { hasBody: true })
    }

    // Fastify reads `text/plain` whole by itself (what Amazon SNS sends), and a body that was read is never sent on.
    app.removeAllContentTypeParsers()

    const upgrade = (request: FastifyRequest, reply: FastifyReply): Failure | undefined => {
      const allowed = allowedOf(request)
      const { gate, rule, outgoing } = allowed
      const opening = rule.websocket ? readOpening(request.raw.rawHeaders) : 'an upgrade on a plain route'
      if (typeof opening === 'string') return refused('header-invalid', { cause: opening, close: true })
      const headers = headersFor(request, allowed)
      const noted = noting(gate, answer(request, reply), clock, streamed)
      openWebSocket(
        {
          ...{ message: request.raw, response: reply.raw, gate, opening, target: outgoing.target, headers },
          early: early.get(request.raw) ?? Buffer.alloc(0),
          failed: (failure) => noted.failed(failure),
        },
        webSocketParts,
      )
      return undefined
    }

    await app.register(httpProxy, {
      upstream: '',
      httpMethods: app.supportedMethods,
      // Never used: plain requests are `send`'s. Without it reply-from would build a client that verifies no TLS.
      undici: { request: () => Promise.reject(new Error('not this way')) } as never,
      handler: send,
      preHandler(request, reply, done) {
        // Before http-proxy builds URLs out of the `/` that its route sees; the reply is taken over, so its handler is not run.
        if (!isUpgrade(request.raw)) return send(request, reply)
        const failure = upgrade(request, reply)
        return failure === undefined ? undefined : done(failure)
      },
      // It brings upgrades to the route. What it would do then, it would do before the backend was asked.
      websocket: true,
    })
    // What came behind the head of an upgrade is shown to who listens for it alone, and http-proxy wants to be alone.
    const [listener] = app.server.listeners('upgrade')
    if (listener !== undefined) app.server.off('upgrade', listener as () => void)
    app.server.on('upgrade', (message: IncomingMessage, socket: Socket, head: Buffer) => {
      early.set(message, head)
      listener?.call(app.server, message, socket, head)
    })
  },
  { name: 'forward' },
)

/** INVARIANT: nothing is forwarded that was not allowed, or whose outgoing form nobody wrote. */
function allowedOf(request: FastifyRequest): Allowed {
  const { gate } = request
  const { tenant, decision, outgoing, match } = gate
  if (tenant === undefined || decision?.effect !== 'allow' || outgoing === undefined || match?.kind !== 'rule') {
    throw refused('internal', { cause: 'a request came to be forwarded that nobody allowed' })
  }
  // INVARIANT: what the gateway answers itself never reaches the backend, which would answer for the gateway's own account.
  if (match.rule.own !== undefined) throw refused('internal', { cause: 'an answer of our own was to be forwarded' })
  return { gate, config: tenant.config.upstream, rule: match.rule, outgoing }
}

function callerOf(request: FastifyRequest, { gate, rule, outgoing }: Allowed, trusts: ForwardOptions['trusts']) {
  const { socket, rawHeaders } = request.raw
  const peerAddress = socket.remoteAddress ?? ''
  const { body, contentType } = outgoing
  return {
    rawHeaders,
    clientAddress: gate.clientAddress,
    peerAddress,
    isPeerTrusted: trusts(peerAddress),
    isEncrypted: 'encrypted' in socket,
    requestId: gate.requestId,
    traceparent: gate.traceparent,
    credential: rule.credential,
    body: typeof body === 'string' ? body : ('anew' as const),
    contentType,
    readsAnswer: rule.answer.length > 0 || rule.grant !== undefined || gate.tenant?.config.contract === 'documented',
  }
}

function bodyOf(request: FastifyRequest, allowed: Allowed, streamed: StreamedBytes): Buffer | Readable | undefined {
  const { gate, rule } = allowed
  const { body } = allowed.outgoing
  if (body === 'none') return undefined
  if (body !== 'stream') return body
  const { 'content-length': length, 'transfer-encoding': coding } = request.raw.headers
  if (coding === undefined && (length === undefined || length === '0')) return undefined
  const maxBytes = rule.allow.kind === 'public' ? maxAnonymousBytes : 0
  if (maxBytes > 0 && Number(length ?? 0) > maxBytes) throw refused('body-too-large', { close: true })
  return callerBody(request.raw, {
    maxBytes,
    onBytes: (count) => {
      gate.bytesIn += count
      streamed(count)
    },
  })
}

/** Notes what the backend did where the log finds it. */
function noting(gate: Gate, answer: Answer, clock: Clock, streamed: StreamedBytes): Answer {
  const sentAtMs = clock.monotonicMs()
  return {
    attach: (exchange) => answer.attach(exchange),
    head(status, headers, member) {
      gate.upstreamStatus = status
      gate.upstreamMs = clock.monotonicMs() - sentAtMs
      gate.upstreamAddress = member
      answer.head(status, headers)
    },
    data(chunk) {
      streamed(chunk.byteLength)
      return answer.data(chunk)
    },
    end: () => answer.end(),
    failed(failure) {
      gate.upstreamFailure = failure
      answer.failed(failure)
    },
  }
}

const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD' || method === 'OPTIONS'

/** Notes a write now, and again however it ends: what was looked up in between may be of before or after it. */
function notingWrite(answer: Answer, { tenant }: Gate, noteWrite: (tenant: Tenant) => void): Answer {
  const note = (): void => {
    if (tenant !== undefined) noteWrite(tenant)
  }
  note()
  return {
    attach: (exchange) =>
      answer.attach({
        resume: () => exchange.resume(),
        abort() {
          note()
          exchange.abort()
        },
      }),
    head: (status, headers, member) => answer.head(status, headers, member),
    data: (chunk) => answer.data(chunk),
    end() {
      note()
      answer.end()
    },
    failed(failure) {
      note()
      answer.failed(failure)
    },
  }
}
