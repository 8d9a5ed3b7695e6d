/** A whole gateway with an owner who signed in, and callers of its admin API. Every answer is held against `/openapi.json`. */
import { randomBytes, randomUUID } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { makeLink, passwordLinkMs, setupLinkMs } from '../../src/admin/people/one-time-links.ts'
import type { TenantConfig } from '../../src/config/config.ts'
import type { AdminPermission } from '../../src/model/admin-permission.ts'
import type { FieldProblem } from '../../src/model/failure.ts'
import { parseTenantName, type TenantName, type UserId } from '../../src/model/ids.ts'
import { newToken, tokenSha256 } from '../../src/model/token.ts'
import { contractOf, type Contract, type Document } from './admin-contract.ts'
import { defaultTenant, openGateway, systemClock, type Overrides, type Running } from './gateway.ts'
import { send, type Got } from './send.ts'

export interface AskOptions {
  readonly body?: unknown
  /** `If-Match`. */
  readonly etag?: string | undefined
  /** `Idempotency-Key`. */
  readonly once?: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
}

export interface AdminAnswer extends Got {
  readonly json: unknown
  // oxlint-disable-next-line typescript/no-explicit-any -- what it is was checked against the document
  readonly data: any
  readonly code: string | undefined
  readonly message: string | undefined
  readonly fields: readonly FieldProblem[]
  readonly etag: string | undefined
  readonly requestId: string
  /** `name=value` of every cookie that it sets. */
  readonly cookies: readonly string[]
}

export interface Client {
  readonly name: string
  /** What shows who they are. */
  readonly credential: Readonly<Record<string, string>>
  ask(method: string, path: string, options?: AskOptions): Promise<AdminAnswer>
  get(path: string): Promise<AdminAnswer>
  post(path: string, body?: unknown, options?: AskOptions): Promise<AdminAnswer>
  put(path: string, body: unknown, options?: AskOptions): Promise<AdminAnswer>
  patch(path: string, body: unknown, options?: AskOptions): Promise<AdminAnswer>
  delete(path: string, options?: AskOptions): Promise<AdminAnswer>
}

export interface Person extends Client {
  readonly id: UserId
  readonly password: string
  /** The cookie's value. */
  readonly session: string
}

export interface TokenHolder extends Client {
  readonly id: UserId
  readonly token: string
}

/** What somebody is to hold. */
export interface Holding {
  readonly roles?: readonly string[]
  readonly listRoles?: readonly string[]
  /** Admin permissions, through a role made for this. */
  readonly admin?: readonly AdminPermission[]
  /** Permissions of the backend, through that role too. */
  readonly permissions?: readonly string[]
  readonly tenant?: TenantName
  readonly email?: string
}

export interface AdminWorld {
  readonly running: Running
  readonly contract: Contract
  /** The origin of the admin listener. */
  readonly origin: string
  readonly anonymous: Client
  /** Has the role `owner`, and signed in with the set-up link. */
  readonly owner: Person
  person(name: string, holding?: Holding): Promise<Person>
  tokenHolder(name: string, holding?: Holding): Promise<TokenHolder>
  /** Somebody who shows just this. */
  with(name: string, credential: Readonly<Record<string, string>>): Client
  /** Signs in with a password; what the browser held before goes along. */
  signIn(user: string, password: string, more?: SignInMore): Promise<AdminAnswer>
  /** The secret of a new set-up link. */
  setupLink(): Promise<string>
  /** The same caller at another gateway over the same store. */
  at(running: Running, client: Client): Client
}

interface SignInMore {
  readonly tenant?: string
  readonly code?: string
  readonly cookie?: string
}

const password = 'correct horse battery staple'
/** As little as argon2id takes. */
const cheapCost = { memoryKiB: 8, passes: 1, lanes: 1 } as const
/** Beside the default tenant, where a test asks for two. */
export const otherTenant = tenantNamed('other')

function tenantNamed(name: string): TenantName {
  const parsed = parseTenantName(name)
  if (parsed === undefined) throw new Error(name)
  return parsed
}

/** For `tenants`: two of them, each with a host name, before the same backend. */
export const twoTenants = (base: TenantConfig): readonly [TenantConfig, TenantConfig] => [
  { ...base, hosts: ['127.0.0.1', 'default.test'] },
  { ...base, name: otherTenant, hosts: ['other.test'] },
]

/** Starts it on free ports; everything is closed when the test ends. */
export async function startAdmin(overrides: Overrides = {}): Promise<AdminWorld> {
  const { world, close } = await openAdmin(overrides)
  onTestFinished(close)
  return world
}

/** The same for several tests in turn: who opens it closes it. */
export async function openAdmin(overrides: Overrides = {}): Promise<{ world: AdminWorld; close(): Promise<void> }> {
  const { running, close } = await openGateway({ passwordCost: cheapCost, ...overrides })
  const { admin: origin, store } = running
  const clock = overrides.clock ?? systemClock
  const contract = contractOf(
    JSON.parse((await send({ method: 'GET', url: `${origin}/openapi.json` })).text) as Document,
  )

  const clientOf = (name: string, credential: Readonly<Record<string, string>>): Client =>
    client(name, credential, origin, contract)
  const anonymous = clientOf('anonymous', { origin })

  const rolesFor = async (
    name: string,
    { roles = [], admin = [], permissions = [], tenant = defaultTenant }: Holding,
  ) => {
    if (admin.length + permissions.length === 0) return roles
    const role = `what ${name} may`
    const words = { permissions, admin }
    await store.managed.createRole({ tenant, kind: 'user', name: role }, { description: '', words }, 'test')
    return [...roles, role]
  }

  const signedIn = async (name: string, id: UserId, secret: string, body: object): Promise<Person> => {
    const used = await anonymous.post('/api/link', { secret, password, ...body })
    const cookie = used.cookies.find((each) => each.includes('sallyport_session='))
    if (cookie === undefined) throw new Error(`${name} is not signed in: ${used.text}`)
    const session = cookie.slice(cookie.indexOf('=') + 1)
    return { ...clientOf(name, { cookie: used.cookies.join('; '), origin }), id, password, session }
  }

  const link = (lifetimeMs: number) => makeLink(origin, lifetimeMs, clock.epochMs(), randomBytes)
  const secretOf = ({ url }: { readonly url: string }): string => url.split('#')[1] ?? ''
  const setupLink = async (): Promise<string> => {
    const made = link(setupLinkMs)
    await store.people.writeSetupLink(made, 'test')
    return secretOf(made)
  }
  const boss = await signedIn('boss', 0 as UserId, await setupLink(), { user: 'boss' })
  const me = await boss.get('/api/me')

  const world: AdminWorld = {
    running,
    contract,
    origin,
    anonymous,
    owner: { ...boss, id: me.data.id },
    person: async (name, holding = {}) => {
      const { listRoles = [], tenant = defaultTenant, email } = holding
      const roles = await rolesFor(name, holding)
      const id = await store.createUser({ tenant, name, kind: 'person', roles, listRoles, email }, 'test')
      const made = link(passwordLinkMs)
      await store.people.writePasswordLink(id, made, 'test')
      return signedIn(name, id, secretOf(made), {})
    },
    tokenHolder: async (name, holding = {}) => {
      const { listRoles = [], tenant = defaultTenant } = holding
      const roles = await rolesFor(name, holding)
      const id = await store.createUser({ tenant, name, kind: 'api', roles, listRoles }, 'test')
      const token = newToken(randomBytes)
      const stored = { sha256: tokenSha256(token), label: '', notBefore: undefined, expiresAt: undefined }
      await store.createToken(tenant, name, stored, 'test')
      return { ...clientOf(name, { authorization: `token ${tenant}/${name}:${token}` }), id, token }
    },
    with: clientOf,
    signIn: (user, secret, { cookie, ...more } = {}) =>
      anonymous.post(
        '/api/session',
        { user, password: secret, ...more },
        cookie === undefined ? {} : { headers: { cookie } },
      ),
    setupLink,
    at: ({ admin }, { name, credential }) =>
      client(name, 'origin' in credential ? { ...credential, origin: admin } : credential, admin, contract),
  }
  return { world, close }
}

/** A key that nobody gave before. */
export const freshKey = (): string => randomUUID()

function client(
  name: string,
  credential: Readonly<Record<string, string>>,
  origin: string,
  contract: Contract,
): Client {
  const ask: Client['ask'] = async (method, path, { body, etag, once, headers = {} } = {}) => {
    const text = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
    const got = await send({
      method,
      url: `${origin}${path}`,
      headers: {
        ...credential,
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
        ...(etag === undefined ? {} : { 'if-match': etag }),
        ...(once === undefined ? {} : { 'idempotency-key': once }),
        ...headers,
      },
      ...(text === undefined ? {} : { body: text }),
    })
    contract.hold(method, path, got)
    return answerOf(got)
  }
  return {
    name,
    credential,
    ask,
    get: (path) => ask('GET', path),
    post: (path, body, options) => ask('POST', path, { ...options, body }),
    put: (path, body, options) => ask('PUT', path, { ...options, body }),
    patch: (path, body, options) => ask('PATCH', path, { ...options, body }),
    delete: (path, options) => ask('DELETE', path, options),
  }
}

interface Envelope {
  readonly message?: string
  readonly data?: { readonly code?: string; readonly fields?: readonly FieldProblem[] }
}

function answerOf(got: Got): AdminAnswer {
  const isJson = got.headers['content-type']?.startsWith('application/json') === true && got.text !== ''
  const json: unknown = isJson ? JSON.parse(got.text) : undefined
  const { message, data } = (json ?? {}) as Envelope
  const isFailure = got.status >= 400
  return {
    ...got,
    json,
    data,
    code: isFailure ? data?.code : undefined,
    message,
    fields: (isFailure ? data?.fields : undefined) ?? [],
    etag: got.headers.etag,
    requestId: String(got.headers['x-request-id']),
    cookies: (got.headers['set-cookie'] ?? []).map((each) => each.split(';')[0] ?? ''),
  }
}
