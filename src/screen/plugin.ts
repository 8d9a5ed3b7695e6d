/** Stage screen: the raw target and headers in; headers, tenant, canonical target and matched rule out, the only ones later stages see. */
import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import '../context.ts'
import type { Gate, Tenant } from '../context.ts'
import { catalogue, type Failure, refused } from '../model/failure.ts'
import type { FlatHeaders } from '../model/ports.ts'
import type { Target } from '../model/target.ts'
import type { Match } from '../policy/routes.ts'
import { closeBehindTheLast, inTurn, isBehindTheLast, isLateUpgrade } from './connection.ts'
import { headerFailure } from './header-failure.ts'
import { readHeaders } from './headers.ts'
import { parseHost, type TenantTable } from './host.ts'
import { slowBodies } from './slow-bodies.ts'
import { parseTarget, type TargetRefusal } from './target.ts'

export interface ScreenOptions {
  /** Whether the other end of a connection is a proxy whose `X-Forwarded-*` are believed. */
  readonly trusts: (peerAddress: string) => boolean
  /** Bytes a second. */
  readonly minBodyRate: number
  /** The tenants in force now. */
  readonly tenants: () => TenantTable
  /** The rule of a request. Only kept here: nothing is told about routes before the caller is known. */
  readonly match: (tenant: Tenant, method: string, target: Target) => Match
}

export const screen = fp<ScreenOptions>(
  async (app, { trusts, minBodyRate, tenants, match }) => {
    const bodies = slowBodies({
      minBytesPerSecond: minBodyRate,
      // As Node does when its own limits pass: the handler of such errors answers 408, and ends who goes on all the same.
      tooSlow: (socket) => app.server.emit('clientError', tooSlow(), socket),
    })
    app.addHook('onClose', async () => bodies.close())
    app.addHook('onRequest', (request, reply, done) => {
      closeBehindTheLast(reply.raw)
      inTurn(request.raw, reply.raw, () => begin(request, reply, done))
    })

    function begin(request: FastifyRequest, reply: FastifyReply, done: (failure?: Failure) => void): void {
      // Nobody hears the answer: it waits behind one that closes the connection.
      if (isBehindTheLast(request.raw, reply.raw)) return done(refused('header-invalid', { close: true }))
      if (isLateUpgrade(request.raw)) return done(refused('header-invalid', { close: true }))
      const failure = look(request.raw, request.gate)
      return failure === undefined ? done() : done(failure)
    }

    function look(message: Message, gate: Gate): Failure | undefined {
      const read = readHeaders(message.rawHeaders, message.httpVersion)
      if (read.kind === 'refused') return headerFailure(read)
      const { headers } = read
      if (trusts(message.socket.remoteAddress ?? '') && isToldTwice(headers.flat)) {
        return headerFailure({ code: 'header-duplicate', why: 'what a proxy forwards', kind: 'refused' })
      }
      gate.headers = headers
      const raw = takeTarget(message)
      const hostName = parseHost(headers.host)
      if (hostName === undefined)
        return refused('header-invalid', { message: `${catalogue['header-invalid'].message}: \`host\``, close: true })

      const method = message.method ?? ''
      if (refusedEverywhere.has(method)) return refused('method-not-allowed', { headers: taken, close: true })
      // Asks about the server, not about anything behind it; there is nothing to tell (P21).
      if (method === 'OPTIONS' && raw === '*') return refused('route-unknown')

      const tenant = tenants().find(hostName)
      if (tenant === undefined) return refused('tenant-mismatch')
      gate.tenant = tenant

      const reading = parseTarget(raw, headers.host, 'encrypted' in message.socket ? 'https' : 'http')
      if (reading.kind === 'refused') return targetFailure(reading)
      gate.target = reading.target
      if (headers.framing.kind !== 'none') bodies.watch(message)
      gate.match = match(tenant, method, reading.target)
      return undefined
    }
  },
  { name: 'screen' },
)

/** Fastify keeps the target of the request line here when it rewrites the URL. */
type Message = IncomingMessage & { originalUrl?: string }

/** The target as it stood on the request line. INVARIANT: nobody behind finds it on the message any more, libraries neither. */
function takeTarget(message: Message): string {
  const raw = message.originalUrl ?? message.url ?? ''
  message.originalUrl = '/'
  message.url = '/'
  return raw
}

/** Whether a proxy says twice how the caller came: of two some believe the first, some the last. */
function isToldTwice(flat: FlatHeaders): boolean {
  const names = flat.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase())
  return toldOnce.some((name) => names.indexOf(name) !== names.lastIndexOf(name))
}

const toldOnce = ['x-forwarded-proto', 'x-forwarded-host'] as const

const tooSlow = (): Error => Object.assign(new Error('the body comes too slowly'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })

/** Methods with which a message comes back to whoever sent it, or a tunnel opens: refused wherever they point (M03, P22). */
const refusedEverywhere: ReadonlySet<string> = new Set(['TRACE', 'TRACK', 'CONNECT'])
const taken = ['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE'] as const

/** INVARIANT: behind a target that can be read in two ways nothing on the connection is believed any more: `close`. */
const targetFailure = ({ code, why }: TargetRefusal): Failure =>
  refused(code, { message: `${catalogue[code].message}: ${why}`, close: true })
