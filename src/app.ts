/** The composition root: what a request passes, in order. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { fastify, type FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { registerHealth } from './admin/health.ts'
import { identityCache } from './authenticate/identities.ts'
import { authenticate } from './authenticate/plugin.ts'
import { authorize } from './authorize/plugin.ts'
import type { Config, ListenAddress } from './config/config.ts'
import { systemNames } from './forward/name-sources.ts'
import { forward } from './forward/plugin.ts'
import { createResolver } from './forward/resolver.ts'
import { createLookUps } from './forward/stored-things.ts'
import { createTunnels } from './forward/tunnels.ts'
import { undo } from './forward/undo.ts'
import { createListEffects, grant } from './grant/plugin.ts'
import { failureLimit } from './limit/failures.ts'
import { limit } from './limit/plugin.ts'
import type { CredentialSource, ListLedger, UpstreamHealth } from './model/ports.ts'
import type { Clock } from './model/time.ts'
import { trustedPeers } from './observe/client-address.ts'
import { observe } from './observe/plugin.ts'
import { upstreamLog } from './observe/upstream-log.ts'
import { own } from './own/plugin.ts'
import type { PolicySet } from './policy/rule.ts'
import { answerOwn, answerWith, clientErrorHandler, frameworkErrors, respond } from './respond/plugin.ts'
import { scope } from './scope/plugin.ts'
import { keepJudging } from './rejudge.ts'
import { screen } from './screen/plugin.ts'
import { type Meter, processMeter } from './shed/meter.ts'
import { shed } from './shed/plugin.ts'
import { createSnapshot, liveSnapshot } from './snapshot.ts'

export interface GatewayParts {
  readonly policies: PolicySet
  readonly credentials: CredentialSource
  readonly lists: ListLedger
  readonly logger: Logger
  readonly clock: Clock
  /** Reads how the process is; by default this one. */
  readonly meter?: Meter
}

export interface Gateway {
  /** Starts both listeners; the addresses say which ports they got. */
  listen(): Promise<{ readonly data: string; readonly admin: string }>
  /** Everything is built first, then swapped; throws Problems and changes nothing if it cannot be. */
  reload(config: Config, policies: PolicySet): void
  /** How the tenants' backends are now. */
  upstreams(): readonly UpstreamHealth[]
  /** Not ready any more, waits `drain.delay`, finishes what runs within `drain.deadline`. Resolves to whether all of it finished. */
  drain(): Promise<boolean>
}

export async function buildGateway(config: Config, parts: GatewayParts): Promise<Gateway> {
  const { credentials, lists, logger, clock } = parts
  const resolver = createResolver(systemNames(), clock)
  const upstreamParts = { clock, lookup: resolver.lookup, ...upstreamLog(logger) }
  const live = liveSnapshot(createSnapshot(config, parts.policies, upstreamParts))
  const failures = failureLimit(() => live.current().policies.limits.failures, clock)
  const identities = identityCache(credentials, { clock })
  const peers = trustedPeers(config.trustedProxies)
  const things = createLookUps()
  const tunnels = createTunnels()
  const answer = answerWith(things)
  const effects = createListEffects({
    ledger: lists,
    clock,
    newId: randomUUID,
    sharing: (tenant) => live.sharing(tenant),
    undo,
    warn: (facts, message) => logger.warn(facts, message),
  })

  const app = dataListener(config)
  await app.register(respond)
  await app.register(observe, { logger, clock, peers })
  await app.register(shed, {
    ...{ rule: config.server.shed, meter: parts.meter ?? processMeter(), clock },
    onChange: (isShedding, { lagMs, heapShare }) => {
      const facts = { lag_ms: Math.round(lagMs), heap_percent: Math.round(heapShare * 100) }
      if (isShedding) logger.warn(facts, 'overloaded: new requests are refused')
      else logger.info(facts, 'no more overloaded')
    },
  })
  await app.register(screen, {
    tenants: () => live.current().table,
    match: (tenant, method, target) => live.current().routesOf(tenant.policy).match(method, target.segments),
  })
  await app.register(authenticate, { identities, failures, clock, touch: credentials.touch })
  await app.register(authorize, {
    roles: () => live.current().policies,
    retired: (tenant) => lists.retired(tenant),
    clock,
  })
  await app.register(limit, {
    plan: (name) => live.current().planOf(name),
    mostInFlight: () => live.current().policies.limits.inFlight,
    clock,
  })
  await app.register(scope, { things })
  await app.register(own, { send: answerOwn })
  await app.register(grant, { effects })
  await app.register(forward, {
    answer: (request, reply) => effects.follow(request.gate, answer(request, reply)),
    clock,
    trusts: peers.trusts,
    noteWrite: things.noteWrite,
    tunnels,
  })

  const stopJudging = keepJudging({
    ...{ tunnels, identities, clock },
    current: () => live.current(),
    retired: (tenant) => lists.retired(tenant),
  })

  let draining = false
  const admin = fastify({ logger: false, forceCloseConnections: true })
  registerHealth(admin, { notReady: () => (draining ? 'draining' : undefined) })

  return {
    async listen() {
      const data = await listenOn(app, config.listen, config.tls === undefined ? 'http' : 'https')
      return { data, admin: await listenOn(admin, config.admin.listen, 'http') }
    },
    reload(nextConfig, policies) {
      live.swap(createSnapshot(nextConfig, policies, upstreamParts, live.current()))
    },
    upstreams: () => live.current().tenants.map(({ upstream }) => upstream.health()),
    async drain() {
      draining = true
      await pause(config.drain.delayMs)
      tunnels.close()
      const finished = await closeWithin(app, config.drain.deadlineMs)
      await admin.close()
      stopJudging()
      identities.close()
      await Promise.all(live.current().tenants.map(({ upstream }) => upstream.close()))
      resolver.close()
      await effects.settled()
      return finished
    },
  }
}

/** The data path's server: strict in every switch, and its router never sees what the caller asked for. */
function dataListener(config: Config): FastifyInstance {
  const { server, tls } = config
  const http = {
    maxHeaderSize: 16_384,
    insecureHTTPParser: false,
    requireHostHeader: false, // screen refuses it, in the envelope
    headersTimeout: server.headersTimeoutMs,
    connectionsCheckingInterval: 1_000,
    optimizeEmptyRequests: true,
    // http-proxy throws, and ends the process, when the answer before an upgrade is still under way (M04).
    shouldUpgradeCallback: ({ socket }: IncomingMessage) => !isAnswering(socket),
  }
  const app = fastify({
    logger: false,
    // One route takes everything: the target is read by `screen` alone, so no router can read it differently.
    rewriteUrl: () => '/',
    // Of the two Fastify reads one alone.
    ...(tls === undefined
      ? { http }
      : { https: { ...http, cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) } }),
    requestTimeout: server.requestTimeoutMs,
    keepAliveTimeout: server.keepAliveTimeoutMs,
    connectionTimeout: server.idleTimeoutMs,
    maxRequestsPerSocket: server.maxRequestsPerSocket,
    // A drain finishes what comes on open connections, each answer closing its own.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    frameworkErrors,
    clientErrorHandler,
  })
  app.server.maxConnections = server.maxConnections
  // Node takes its own listener off a connection that asks for an upgrade: a reset of the caller's would end the process (M04).
  app.server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => socket.on('error', () => {}))
  // Without these Node sends `100 Continue` before anybody has looked at the credential, and a bare 417 of its own (M08).
  for (const event of ['checkContinue', 'checkExpectation']) {
    app.server.on(event, (request, response) => app.server.emit('request', request, response))
  }
  return app as unknown as FastifyInstance
}

/** Whether the answer to an earlier request of the connection is under way. Node asks the same way. */
const isAnswering = (socket: Socket & { readonly _httpMessage?: object | null }): boolean =>
  socket._httpMessage !== undefined && socket._httpMessage !== null

async function listenOn(app: FastifyInstance, { host, port }: ListenAddress, scheme: string): Promise<string> {
  await app.listen({ host, port })
  const address = app.server.address() as AddressInfo
  return `${scheme}://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`
}

async function closeWithin(app: FastifyInstance, deadlineMs: number): Promise<boolean> {
  let finished = true
  const deadline = setTimeout(() => {
    finished = false
    app.server.closeAllConnections()
  }, deadlineMs)
  // Connections that were busy when the closing began are closed as they fall idle.
  const idle = setInterval(() => app.server.closeIdleConnections(), 100)
  await app.close()
  clearTimeout(deadline)
  clearInterval(idle)
  return finished
}

const pause = (ms: number): Promise<void> =>
  ms === 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms))
