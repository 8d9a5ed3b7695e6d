/** The composition root: what a request passes, in order. */
import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { buildAdmin } from './admin/listener.ts'
import type { HashCost } from './admin/people/password-hash.ts'
import { createPeople } from './admin/people/people.ts'
import { identityCache } from './authenticate/identities.ts'
import { authenticate } from './authenticate/plugin.ts'
import { authorize } from './authorize/plugin.ts'
import type { Config, ListenAddress } from './config/config.ts'
import { dataDocuments } from './data-documents.ts'
import { dataListener } from './data-listener.ts'
import { createDirectory } from './directory.ts'
import { systemNames } from './forward/name-sources.ts'
import { forward } from './forward/plugin.ts'
import { createResolver } from './forward/resolver.ts'
import { createLookUps } from './forward/stored-things.ts'
import { createTunnels } from './forward/tunnels.ts'
import { undo } from './forward/undo.ts'
import { createListEffects, grant } from './grant/plugin.ts'
import { boundConnections } from './limit/connections.ts'
import { failureLimit } from './limit/failures.ts'
import { limit } from './limit/plugin.ts'
import { quotaWindows } from './limit/quota-store.ts'
import type { UpstreamHealth } from './model/ports.ts'
import type { Clock } from './model/time.ts'
import { trustedPeers } from './observe/client-address.ts'
import { observe } from './observe/plugin.ts'
import { createTraffic } from './observe/traffic.ts'
import { upstreamLog } from './observe/upstream-log.ts'
import { own } from './own/plugin.ts'
import type { PolicySet } from './policy/rule.ts'
import { answerOwn, answerWith, respond } from './respond/plugin.ts'
import { scope } from './scope/plugin.ts'
import { keepJudging } from './rejudge.ts'
import { screen } from './screen/plugin.ts'
import { type Meter, processMeter } from './shed/meter.ts'
import { shed } from './shed/plugin.ts'
import { createSnapshot, liveSnapshot } from './snapshot.ts'
import type { Store } from './store/store.ts'

export interface GatewayParts {
  readonly policies: PolicySet
  readonly store: Store
  readonly logger: Logger
  readonly clock: Clock
  /** `n` bytes from a cryptographic source. */
  readonly random: (n: number) => Buffer
  /** 32 bytes: seals second factors. */
  readonly key: Buffer
  /** Of this package. */
  readonly version: string
  /** What hashing a password takes; that of today where it is left out. */
  readonly passwordCost?: HashCost | undefined
  /** Reads how the process is; by default this one. */
  readonly meter?: Meter | undefined
}

interface Addresses {
  readonly data: string
  readonly admin: string
}

export interface Gateway {
  /** Starts both listeners; the addresses say which ports they got. */
  listen(): Promise<Addresses>
  /** Everything is built first, then swapped; throws Problems and changes nothing if it cannot be. */
  reload(config: Config, policies: PolicySet): void
  /** How the tenants' backends are now. */
  upstreams(): readonly UpstreamHealth[]
  /** Not ready any more, waits `drain.delay`, finishes what runs within `drain.deadline`. Resolves to whether all of it finished. */
  drain(): Promise<boolean>
}

export async function buildGateway(config: Config, parts: GatewayParts): Promise<Gateway> {
  const { store, logger, clock, random } = parts
  const resolver = createResolver(systemNames(), clock)
  const upstreamParts = { clock, lookup: resolver.lookup, ...upstreamLog(logger) }
  const live = liveSnapshot(createSnapshot(config, parts.policies, upstreamParts))
  const failures = failureLimit(() => live.current().policies.limits.failures, clock)
  const identities = identityCache(store, { clock })
  const peers = trustedPeers(config.trustedProxies)
  const directory = createDirectory({ snapshot: live.current, book: store.managed.book })
  const documents = dataDocuments(directory, parts.version)
  const traffic = createTraffic(clock)
  const windows = quotaWindows()
  const things = createLookUps()
  const tunnels = createTunnels()
  const answer = answerWith(things)
  const effects = createListEffects({
    ledger: store,
    clock,
    newId: randomUUID,
    sharing: (tenant) => live.sharing(tenant),
    undo,
    warn: (facts, message) => logger.warn(facts, message),
  })

  const app = dataListener(config)
  boundConnections(app.server, {
    most: config.server.maxConnectionsPerAddress,
    isExempt: peers.trusts,
    clock,
    warn: (facts, message) => logger.warn(facts, message),
  })
  await app.register(respond)
  await app.register(observe, { logger, clock, peers, traffic })
  await app.register(shed, {
    ...{ rule: config.server.shed, meter: parts.meter ?? processMeter(), clock },
    onChange: (isShedding, { lagMs, heapShare }) => {
      const facts = { lag_ms: Math.round(lagMs), heap_percent: Math.round(heapShare * 100) }
      if (isShedding) logger.warn(facts, 'overloaded: new requests are refused')
      else logger.info(facts, 'no more overloaded')
    },
  })
  await app.register(screen, {
    trusts: peers.trusts,
    minBodyRate: config.server.minBodyRate,
    tenants: () => live.current().table,
    match: (tenant, method, target) => live.current().routesOf(tenant.policy).match(method, target.segments),
  })
  await app.register(authenticate, { identities, failures, clock, touch: store.touch })
  await app.register(authorize, {
    roles: directory.rolesOf,
    retired: store.retired,
    clock,
  })
  await app.register(limit, {
    ...{ windows, clock },
    rate: directory.rateOf,
    mostInFlight: () => live.current().policies.limits.inFlight,
  })
  await app.register(scope, { things })
  await app.register(own, { send: answerOwn, document: documents.of })
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
    current: live.current,
    rolesOf: directory.rolesOf,
    retired: store.retired,
  })

  let draining = false
  let current = config
  let addresses: Addresses | undefined
  const people = createPeople({
    ...{ store, clock, random },
    key: parts.key,
    isTenant: (name) => live.current().tenants.some((tenant) => tenant.config.name === name),
    cost: parts.passwordCost,
  })
  const admin = await buildAdmin(
    { config: config.admin, logger, clock, peers },
    {
      ...{ store, live, directory, documents, identities, failures, traffic, windows, people, clock, random },
      config: () => current,
      version: parts.version,
      dataAddress: () => addresses?.data,
      listensAt: () => addresses?.admin,
      warn: (facts: object, message: string) => logger.warn(facts, message),
    },
    { notReady: () => (draining ? 'draining' : undefined) },
  )

  return {
    async listen() {
      const data = await listenOn(app, config.listen, config.tls === undefined ? 'http' : 'https')
      const adminScheme = config.admin.tls === undefined ? 'http' : 'https'
      addresses = { data, admin: await listenOn(admin, config.admin.listen, adminScheme) }
      return addresses
    },
    reload(nextConfig, policies) {
      live.swap(createSnapshot(nextConfig, policies, upstreamParts, live.current()))
      // What is read at the start only stays as it was.
      current = { ...nextConfig, listen: config.listen, tls: config.tls, admin: config.admin, store: config.store }
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
