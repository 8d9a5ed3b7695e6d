/** The stages forward and respond alone on a real port: what the stages before would settle is given by the test. */
import { connect, type AddressInfo, type Socket } from 'node:net'
import { fastify, type FastifyInstance } from 'fastify'
import type { UpstreamConfig } from '../../src/config/config.ts'
import type { Gate, Tenant } from '../../src/context.ts'
import { forward } from '../../src/forward/plugin.ts'
import { createTunnels } from '../../src/forward/tunnels.ts'
import { createUpstream } from '../../src/forward/undici-upstream.ts'
import { parseRequestId, parseTenantName } from '../../src/model/ids.ts'
import type { StoredThings } from '../../src/model/ports.ts'
import type { Resource, Rule } from '../../src/policy/rule.ts'
import { clientErrorHandler } from '../../src/respond/client-error.ts'
import { answerWith, frameworkErrors, respond } from '../../src/respond/plugin.ts'
import { readHeaders } from '../../src/screen/headers.ts'
import { listScope, rule } from './rule.ts'
import { upstreamConfig } from './upstream-config.ts'

export interface BareGateway {
  readonly url: string
  readonly port: number
  /** One for each request, in order. */
  readonly gates: readonly Gate[]
  readonly app: FastifyInstance
  close(): Promise<void>
}

export interface BareOptions {
  readonly upstream?: Partial<UpstreamConfig>
  readonly rule?: Partial<Rule>
  readonly trusts?: (address: string) => boolean
  readonly resources?: readonly Resource[]
  /** What looks stored things up; without it nobody does. */
  readonly things?: StoredThings<Tenant>
  /** Runs before forward: fills or changes the gate, or throws. */
  readonly stage?: (gate: Gate) => void
  readonly noteWrite?: (tenant: NonNullable<Gate['tenant']>) => void
  readonly credentialRefused?: { readonly status: readonly number[]; readonly messages: readonly string[] }
}

const noThings: StoredThings<Tenant> = { listsOf: () => Promise.reject(new Error('nothing is looked up here')) }

export const clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() }

export async function startBareGateway(backendUrl: string, options: BareOptions = {}): Promise<BareGateway> {
  const config = upstreamConfig(backendUrl, {
    credential: { kind: 'service', scheme: 'token', user: 'gateway', secret: 'service-secret' },
    connections: 8,
    headersTimeoutMs: 10_000,
    bodyTimeoutMs: 10_000,
    ...options.upstream,
  })
  const upstream = createUpstream(config, { name: 'test', clock })
  const gates: Gate[] = []
  const app = fastify({
    logger: false,
    rewriteUrl: () => '/',
    http: { requireHostHeader: false },
    return503OnClosing: false,
    forceCloseConnections: true,
    frameworkErrors,
    clientErrorHandler,
  }) as unknown as FastifyInstance
  await app.register(respond)
  app.decorateRequest('gate')
  app.addHook('onRequest', (request, _reply, done) => {
    request.gate = gateFor(config, upstream, request.raw.method ?? '', request.originalUrl, options)
    const read = readHeaders(request.raw.rawHeaders, request.raw.httpVersion)
    request.gate.headers = read.kind === 'headers' ? read.headers : undefined
    request.gate.outgoing = {
      target: request.originalUrl,
      body: request.raw.method === 'GET' || request.raw.method === 'HEAD' ? 'none' : 'stream',
      contentType: undefined,
      window: undefined,
    }
    gates.push(request.gate)
    options.stage?.(request.gate)
    done()
  })
  await app.register(forward, {
    answer: answerWith(options.things ?? noThings),
    clock,
    trusts: options.trusts ?? (() => false),
    noteWrite: options.noteWrite ?? (() => {}),
    tunnels: createTunnels(),
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    gates,
    app,
    async close() {
      await app.close()
      await upstream.close()
    },
  }
}

function gateFor(
  config: UpstreamConfig,
  upstream: NonNullable<Gate['tenant']>['upstream'],
  method: string,
  target: string,
  options: BareOptions,
): Gate {
  const requestId = parseRequestId('req-1')
  const name = parseTenantName('default')
  if (requestId === undefined || name === undefined) throw new Error('unreachable')
  const auth = { unauthenticatedStatus: 401 as const, realm: 'gate "keeper"', bearer: false, apiKey: false }
  return {
    requestId,
    traceparent: '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01',
    startedAtMs: 0,
    clientAddress: '127.0.0.1',
    tenant: {
      config: {
        name,
        hosts: [],
        upstream: config,
        policy: 'test',
        partial: undefined,
        plan: 'test',
        contract: 'backend',
        timezoneMinutes: 0,
        auth,
      },
      policy: {
        name: 'test',
        permissions: new Set(),
        scope: listScope,
        names: undefined,
        resources: new Map(options.resources?.map((each) => [each.name, each])),
        rules: [],
        credentialRefused: options.credentialRefused,
      },
      upstream,
    },
    headers: undefined,
    target: { path: target, segments: [], query: [] },
    match: { kind: 'rule', rule: rule({ method, ...options.rule }), params: {} },
    principal: undefined,
    claimedName: undefined,
    grants: undefined,
    quota: undefined,
    decision: {
      effect: 'allow',
      rule: 'GET /api/things',
      at: { file: 'policies/test.yaml', line: 1 },
      reason: 'authenticated',
      ground: { permission: undefined, role: undefined },
      lists: 'none',
      rewrites: [],
      cuts: [],
    },
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

export interface RawAnswer {
  readonly status: number
  readonly statusLine: string
  /** Flat, as they came. */
  readonly headers: readonly string[]
  /** The bytes after the head, framing included, latin1. */
  readonly rest: string
  /** The connection ended with an error (a reset). */
  readonly wasReset: boolean
}

/** Sends bytes and collects all that comes until the other side closes. */
export function exchangeRaw(port: number, bytes: string | Buffer): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = []
    let wasReset = false
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.on('data', (chunk) => parts.push(chunk))
    socket.on('error', () => {
      wasReset = true
    })
    socket.on('close', () => resolve(parseAnswer(Buffer.concat(parts).toString('latin1'), wasReset)))
  })
}

export function parseAnswer(text: string, wasReset = false): RawAnswer {
  const at = text.indexOf('\r\n\r\n')
  const [statusLine = '', ...fields] = (at < 0 ? text : text.slice(0, at)).split('\r\n')
  const headers = fields.flatMap((field) => {
    const colon = field.indexOf(':')
    return [field.slice(0, colon), field.slice(colon + 1).trim()]
  })
  return {
    status: Number(statusLine.split(' ')[1]),
    statusLine,
    headers,
    rest: at < 0 ? '' : text.slice(at + 4),
    wasReset,
  }
}

/** A GET that asks for its connection to be closed, with more header lines. */
export const getBytes = (target: string, lines: readonly string[] = [], method = 'GET'): string =>
  [`${method} ${target} HTTP/1.1`, 'Host: gateway.test', 'Connection: close', ...lines, '', ''].join('\r\n')

/** A client that reads only when told. */
export function slowClient(port: number, bytes: string): Socket {
  const socket = connect({ port, host: '127.0.0.1', highWaterMark: 4_096 } as never)
  socket.pause()
  socket.write(bytes)
  socket.on('error', () => {})
  return socket
}
