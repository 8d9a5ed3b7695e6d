/** A whole gateway over real sockets: shipped policies, a real SQLite file, and a backend of the test's choice. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import { onTestFinished } from 'vitest'
import type { HashCost } from '../../src/admin/people/password-hash.ts'
import { buildGateway, type Gateway } from '../../src/app.ts'
import type { Config, TenantConfig } from '../../src/config/config.ts'
import { loadConfig } from '../../src/config/load.ts'
import { startBackend, type Backend } from '../../src/demo/backend/server.ts'
import { shippedPolicies } from '../../src/demo/setting.ts'
import { parseTenantName, type TenantName, type TokenId } from '../../src/model/ids.ts'
import { newToken, tokenSha256 } from '../../src/model/token.ts'
import { createLog } from '../../src/observe/logger.ts'
import { loadPolicies } from '../../src/policy/load.ts'
import type { Clock } from '../../src/model/time.ts'
import type { PolicySet } from '../../src/policy/rule.ts'
import type { Meter } from '../../src/shed/meter.ts'
import { openStore, type Store } from '../../src/store/store.ts'

export interface User {
  readonly name: string
  readonly token: string
  readonly tokenId: TokenId
  /** `token name:token` */
  readonly authorization: string
}

export interface Running {
  readonly url: string
  readonly admin: string
  readonly gateway: Gateway
  readonly backend: Backend
  readonly store: Store
  readonly config: Config
  readonly policies: PolicySet
  readonly world: World
  /** The log so far, parsed. */
  readonly log: () => readonly Readonly<Record<string, unknown>>[]
  user(name: string, roles?: readonly string[], listRoles?: readonly string[], lifetime?: Lifetime): Promise<User>
  /** A request as a user (or nobody). */
  ask(
    user: User | undefined,
    method: string,
    target: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>
}

interface Lifetime {
  readonly notBefore?: number
  readonly expiresAt?: number
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: unknown
}

export interface Overrides {
  readonly tenant?: Partial<TenantConfig>
  readonly config?: Partial<Config>
  readonly admin?: Partial<Config['admin']>
  /** Made of the one that there is otherwise. */
  readonly tenants?: (base: TenantConfig) => Config['tenants']
  /** Of passwords; cheap, so that tests are about something else. */
  readonly passwordCost?: HashCost
  /** Seals second factors; where a test must know it. */
  readonly key?: Buffer
  /** The backend's address, where it is not the demo's. */
  readonly upstreamUrl?: string
  readonly policies?: (shipped: PolicySet) => PolicySet
  readonly clock?: Clock
  readonly meter?: Meter
}

export const systemClock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() }
export const defaultTenant: TenantName = tenantNamed('default')

function tenantNamed(name: string): TenantName {
  const parsed = parseTenantName(name)
  if (parsed === undefined) throw new Error(name)
  return parsed
}

/** Starts it on free ports; everything is closed when the test ends. */
export async function startGateway(overrides: Overrides = {}): Promise<Running> {
  const { running, close } = await openGateway(overrides)
  onTestFinished(close)
  return running
}

export interface Opened {
  readonly running: Running
  close(): Promise<void>
}

/** The same for several tests in turn: who opens it closes it. */
export async function openGateway(overrides: Overrides = {}): Promise<Opened> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sallyport-test-'))
  const backend = await startBackend()
  const config = await configFor(overrides.upstreamUrl ?? backend.url, folder, overrides)
  const shipped = await loadPolicies(shippedPolicies)
  const policies = overrides.policies?.(shipped) ?? shipped
  const { clock = systemClock, key = randomBytes(32), passwordCost, meter } = overrides
  const { running, close } = await run({ config, policies, backend, clock, key, passwordCost, meter }, 50)
  return {
    running,
    close: async () => {
      await close()
      await backend.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Another process, as it were, over the same file: with a store, caches and counters of its own, that looks as often as `serve` does. */
export async function startBeside({ config, policies, backend, world }: Running): Promise<Running> {
  const { running, close } = await run({ config, policies, backend, ...world })
  onTestFinished(close)
  return running
}

/** What gateways over one file have in common. */
export interface World {
  readonly clock: Clock
  readonly key: Buffer
  readonly passwordCost: HashCost | undefined
  readonly meter: Meter | undefined
}

type Made = Pick<Running, 'config' | 'policies' | 'backend'> & World

async function run(
  { config, policies, backend, clock, key, passwordCost, meter }: Made,
  pollMs?: number,
): Promise<Opened> {
  const store = await openStore({ file: config.store.file, clock, ...(pollMs === undefined ? {} : { pollMs }) })
  const lines: Readonly<Record<string, unknown>>[] = []
  const { logger } = createLog('debug', collecting(lines))
  const parts = { policies, store, logger, clock, key, passwordCost, random: randomBytes, version: 'test', meter }
  const gateway = await buildGateway(config, parts)
  const { data, admin } = await gateway.listen()
  const running: Running = {
    ...{ gateway, backend, store, config, policies, admin },
    url: data,
    world: { clock, key, passwordCost, meter },
    log: () => lines,
    user: (name, roles = [], listRoles = [], lifetime = {}) => addUser(store, name, roles, listRoles, lifetime),
    ask: (user, method, target, body, headers) => ask(data, user, method, target, body, headers),
  }
  return {
    running,
    close: async () => {
      await gateway.drain()
      await store.close()
    },
  }
}

async function configFor(upstreamUrl: string, folder: string, overrides: Overrides): Promise<Config> {
  const env = {
    SALLYPORT_UPSTREAM_URL: upstreamUrl,
    SALLYPORT_UPSTREAM_CREDENTIAL_USER: 'super',
    SALLYPORT_UPSTREAM_CREDENTIAL_TOKEN: 'demo',
    SALLYPORT_POLICIES: shippedPolicies,
    SALLYPORT_STORE_FILE: path.join(folder, 'store.db'),
  }
  const base = await loadConfig({ env, cwd: folder })
  const free = { host: '127.0.0.1', port: 0 }
  const tenant = { ...base.tenants[0], ...overrides.tenant }
  return {
    ...base,
    listen: free,
    admin: { ...base.admin, listen: free, ...overrides.admin },
    drain: { delayMs: 0, deadlineMs: 2_000 },
    ...overrides.config,
    tenants: overrides.config?.tenants ?? overrides.tenants?.(tenant) ?? [tenant],
  }
}

const collecting = (lines: Readonly<Record<string, unknown>>[]): Writable =>
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Readonly<Record<string, unknown>>)
      done()
    },
  })

async function addUser(
  store: Store,
  name: string,
  roles: readonly string[],
  listRoles: readonly string[],
  { notBefore, expiresAt }: Lifetime,
): Promise<User> {
  const token = newToken(randomBytes)
  await store.createUser({ tenant: defaultTenant, name, kind: 'api', roles, listRoles }, 'test')
  const made = { sha256: tokenSha256(token), label: '', notBefore, expiresAt }
  const tokenId = await store.createToken(defaultTenant, name, made, 'test')
  return { name, token, tokenId, authorization: `token ${name}:${token}` }
}

async function ask(
  url: string,
  user: User | undefined,
  method: string,
  target: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${url}${target}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(user === undefined ? {} : { authorization: user.authorization }),
      ...(body === undefined || typeof body === 'string' ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: parsed(text) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
