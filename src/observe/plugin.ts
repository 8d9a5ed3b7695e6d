/** Stage observe: the request's ids and clock at its start, one log line at its end. */
import { randomUUID } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Logger } from 'pino'
import type { Gate } from '../context.ts'
import type { Clock } from '../model/time.ts'
import { clientAddress, type TrustedPeers } from './client-address.ts'
import { jsonFields } from './json-fields.ts'
import { lineWriter } from './line-writer.ts'
import { logLine } from './log-line.ts'
import { requestIdOf, traceparentOf } from './request-id.ts'
import type { Traffic } from './traffic.ts'

export interface ObserveOptions {
  readonly logger: Logger
  readonly clock: Clock
  readonly peers: TrustedPeers
  readonly traffic: Pick<Traffic, 'note'>
}

/** The status that is logged when the client left before the answer was out (no client ever sees it). */
const clientClosedRequest = 499

export const observe = fp<ObserveOptions>(
  async (app, { logger, clock, peers, traffic }) => {
    app.decorateRequest('gate')
    const write = lineWriter(logger)

    app.addHook('onRequest', (request, reply, done) => {
      const gate = newGate(request, clock, peers)
      request.gate = gate
      const { raw } = reply
      raw.once('close', () => {
        const isTold = raw.writableFinished || raw.destroyed === false || gate.failure !== undefined
        // What follows a 101 has no end that Node would know of.
        const status = isTold || raw.statusCode === 101 ? raw.statusCode : clientClosedRequest
        const { host, 'user-agent': userAgent } = request.raw.headers
        const facts = {
          method: request.raw.method ?? '',
          host,
          userAgent,
          status,
          durationMs: clock.monotonicMs() - gate.startedAtMs,
        }
        write(levelOf(gate, status), jsonFields(logLine(gate, facts)), 'request')
        traffic.note(gate, facts)
      })
      done()
    })
  },
  { name: 'observe' },
)

function levelOf(gate: Gate, status: number): 'error' | 'warn' | 'info' {
  if (gate.failure?.code === 'internal' || gate.failure?.code === 'upstream-credential') return 'error'
  return status >= 500 ? 'warn' : 'info'
}

function newGate(request: FastifyRequest, clock: Clock, peers: TrustedPeers): Gate {
  const { headers, socket } = request.raw
  const peer = socket.remoteAddress ?? ''
  const trusted = peers.trusts(peer)
  return {
    requestId: requestIdOf(single(headers['x-request-id']), trusted, randomUUID),
    traceparent: traceparentOf(single(headers['traceparent']), randomUUID),
    startedAtMs: clock.monotonicMs(),
    clientAddress: clientAddress(peer, single(headers['x-forwarded-for']), peers),
    headers: undefined,
    tenant: undefined,
    target: undefined,
    match: undefined,
    principal: undefined,
    claimedName: undefined,
    grants: undefined,
    quota: undefined,
    decision: undefined,
    outgoing: undefined,
    upstreamStatus: undefined,
    upstreamMs: undefined,
    upstreamAddress: undefined,
    upstreamFailure: undefined,
    failure: undefined,
    bytesIn: 0,
    bytesOut: 0,
  }
}

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? undefined : value)
