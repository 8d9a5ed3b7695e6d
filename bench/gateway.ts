/**
 * The whole gateway, measured: what `sallyport serve` runs, over the store and the policies that seed.ts wrote. A third argument
 * sets limits of connections, as JSON.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { buildGateway } from '../src/app.ts'
import type { Config } from '../src/config/config.ts'
import { compactHeap } from '../src/model/garbage.ts'
import { parseTenantName } from '../src/model/ids.ts'
import { createLog } from '../src/observe/logger.ts'
import { loadPolicies } from '../src/policy/load.ts'
import { openStore } from '../src/store/store.ts'
import { measured } from './child.ts'

const [origin = '', folder = '', limits = '{}'] = process.argv.slice(2)
const tenant = parseTenantName('default')
if (origin === '' || folder === '' || tenant === undefined) throw new Error('usage: gateway.ts ORIGIN FOLDER')

const anyPort = { host: '127.0.0.1', port: 0 }
const config: Config = {
  file: undefined,
  listen: anyPort,
  tls: undefined,
  admin: {
    listen: anyPort,
    tls: undefined,
    publicUrl: undefined,
    keyFile: join(folder, 'sallyport.key'),
    sessionLifetimeMs: 3_600_000,
    oidc: undefined,
  },
  policies: folder,
  store: { file: join(folder, 'sallyport.db') },
  tenants: [
    {
      name: tenant,
      hosts: [],
      upstream: {
        urls: [origin],
        credential: { kind: 'service', scheme: 'token', user: 'gateway', secret: 'bench' },
        host: undefined,
        caFile: undefined,
        verifyTls: true,
        connections: 32,
        inFlight: 256,
        queue: { size: 256, waitMs: 1_000 },
        connectTimeoutMs: 5_000,
        headersTimeoutMs: 30_000,
        bodyTimeoutMs: 60_000,
        totalTimeoutMs: 0,
        idleTimeoutMs: 120_000,
        retry: { budgetPercent: 10, waitMs: 2_500, held: 1_024 },
        breaker: { connectFailures: 5, failurePercent: 50, minRequests: 20, windowMs: 10_000, openMs: 1_000 },
        probe: undefined,
      },
      policy: 'listmonk',
      partial: undefined,
      plan: 'default',
      contract: 'backend',
      timezoneMinutes: 0,
      auth: { unauthenticatedStatus: 403, realm: 'bench', bearer: false, apiKey: false },
    },
  ],
  trustedProxies: [],
  log: { level: 'info' },
  drain: { delayMs: 0, deadlineMs: 5_000 },
  server: {
    headersTimeoutMs: 10_000,
    requestTimeoutMs: 60_000,
    keepAliveTimeoutMs: 120_000,
    idleTimeoutMs: 120_000,
    maxRequestsPerSocket: 0,
    maxConnections: 10_000,
    maxConnectionsPerAddress: 10_000,
    minBodyRate: 1,
    ...(JSON.parse(limits) as Partial<Config['server']>),
    shed: { lagMs: 200, heapPercent: 85, afterMs: 1_000 },
  },
}

const clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() }
const [policies, store] = await Promise.all([loadPolicies(folder), openStore({ file: config.store.file, clock })])
const gateway = await buildGateway(config, {
  policies,
  store,
  logger: createLog('info').logger,
  clock,
  random: randomBytes,
  key: randomBytes(32),
  version: 'bench',
})
compactHeap()
const { data } = await gateway.listen()
measured(Number(new URL(data).port))
