import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { identityCache } from '../../src/authenticate/identities.ts'
import { authenticate } from '../../src/authenticate/plugin.ts'
import type { AuthConfig } from '../../src/config/config.ts'
import type { Gate, Tenant } from '../../src/context.ts'
import { Failure } from '../../src/model/failure.ts'
import type { Identity } from '../../src/model/identity.ts'
import type { Match } from '../../src/policy/routes.ts'
import type { Allow } from '../../src/policy/rule.ts'
import { readHeaders } from '../../src/screen/headers.ts'
import fp from 'fastify-plugin'
import { basic, spring, stoppedClock, storeOf, token, user } from './people.ts'

/** Short, so that the tests tell what happens at each age. */
const ages = { refreshAfterMs: 2000, believedMs: 5000 }

const bob = user('bob')
const defaults: AuthConfig = { unauthenticatedStatus: 403, realm: 'lists', bearer: false, apiKey: false }
const matching = (allow: Allow): Match => ({ kind: 'rule', rule: { allow }, params: {} }) as unknown as Match

let app: FastifyInstance | undefined
afterEach(async () => {
  await app?.close()
  app = undefined
})

interface World {
  readonly users?: readonly Identity[]
  readonly auth?: Partial<AuthConfig>
  readonly match?: Match
  readonly limited?: boolean
}

async function start({
  users = [bob],
  auth = {},
  match = matching({ kind: 'authenticated' }),
  limited = false,
}: World = {}) {
  const clock = stoppedClock()
  const store = storeOf(...users)
  const gates: Gate[] = []
  const tenant = { config: { name: spring, auth: { ...defaults, ...auth } } } as unknown as Tenant
  const screened = fp(
    async (server) => {
      server.decorateRequest('gate')
      server.addHook('onRequest', (request, _reply, done) => {
        const read = readHeaders(request.raw.rawHeaders, request.raw.httpVersion)
        const headers = read.kind === 'headers' ? read.headers : undefined
        request.gate = { headers, tenant, match, clientAddress: request.ip } as Gate
        gates.push(request.gate)
        done()
      })
    },
    { name: 'screen' },
  )
  const server = Fastify()
  app = server
  await server.register(screened)
  await server.register(authenticate, {
    identities: identityCache(store.source, { clock, ages }),
    failures: { isLimited: () => (limited ? { retryAfterSeconds: 9 } : undefined), note: () => {} },
    clock,
    touch: (id, epochMs) => store.source.touch(id, epochMs),
  })
  server.get('/*', (request) => ({
    user: request.gate.principal?.identity.name ?? null,
    claimed: request.gate.claimedName ?? null,
  }))
  server.setErrorHandler((error, _request, reply) => {
    if (!(error instanceof Failure)) throw error
    for (const [index, name] of (error.options.headers ?? []).entries()) {
      if (index % 2 === 0) void reply.header(name, error.options.headers?.[index + 1])
    }
    return reply.code(error.status).send({ code: error.code, message: error.message })
  })
  const get = (headers: Record<string, string> = {}) => server.inject({ url: '/x', headers })
  return { server, store, clock, gates, get }
}

describe('authenticate', () => {
  it('writes the principal, at once or after a look-up', async () => {
    const { get, gates } = await start()
    const authorization = basic('bob', 'bob-secret')
    const first = await get({ authorization })
    const second = await get({ authorization })

    expect([first.json(), second.json()]).toEqual(Array(2).fill({ user: 'bob', claimed: 'bob' }))
    expect(gates.map((gate) => gate.principal)).toEqual(
      Array(2).fill({ identity: bob, token: bob.tokens[0], method: 'basic' }),
    )
  })

  it('leaves nobody behind where no credential is given: authorize speaks', async () => {
    const { get } = await start()

    expect((await get()).json()).toEqual({ user: null, claimed: null })
  })

  it('looks at no credential on public routes, right or wrong', async () => {
    const { get, store } = await start({ match: matching({ kind: 'public' }) })

    for (const authorization of [basic('bob', 'bob-secret'), basic('bob', 'x'), 'rubbish']) {
      expect((await get({ authorization })).json()).toEqual({ user: null, claimed: null })
    }
    expect(store.asked).toEqual([])
  })

  it.each<[string, Match]>([
    ['unknown routes', { kind: 'unknown' }],
    ['methods that are not taken', { kind: 'method-not-allowed', allow: ['GET'] }],
  ])('refuses a wrong credential on %s as on any other', async (_what, match) => {
    const { get } = await start({ match })
    const response = await get({ authorization: basic('bob', 'x') })

    expect(response.statusCode).toBe(403)
    expect(response.json()).toEqual({ code: 'credentials-invalid', message: 'invalid API credentials' })
  })

  it('answers every wrong credential with the same status, headers and bytes', async () => {
    const users = [
      bob,
      user('off', { status: 'disabled' }),
      user('old', { tokens: [token('old-secret', { expiresAt: 1 })] }),
      user('new', { tokens: [token('new-secret', { notBefore: Number.MAX_SAFE_INTEGER })] }),
      user('gone', { tokens: [token('gone-secret', { revokedAt: 1 })] }),
      user('pat', { kind: 'person' }),
    ]
    const { get, gates } = await start({ users, auth: { unauthenticatedStatus: 401 } })
    const values = [
      basic('bob', 'x'),
      basic('nobody', 'x'),
      basic('off', 'off-secret'),
      basic('old', 'old-secret'),
      basic('new', 'new-secret'),
      basic('gone', 'gone-secret'),
      basic('pat', 'pat-secret'),
      'Bearer bob:bob-secret',
      'Digest x',
      'Basic !',
      'token bob',
    ]
    const answers = new Set<string>()
    for (const authorization of values) {
      const { statusCode, headers, body } = await get({ authorization })
      answers.add(JSON.stringify([statusCode, { ...headers, date: '' }, body]))
    }

    expect([...answers].map((each) => JSON.parse(each) as unknown)).toEqual([
      [
        401,
        expect.objectContaining({ 'www-authenticate': 'Basic realm="lists", charset="UTF-8"' }),
        '{"code":"credentials-invalid","message":"invalid API credentials"}',
      ],
    ])
    expect(gates.map((gate) => gate.claimedName ?? null)).toEqual([
      ...['bob', 'nobody', 'off', 'old', 'new', 'gone', 'pat'],
      ...[null, null, null, null],
    ])
  })

  it('sends no challenge with 403', async () => {
    const { get } = await start()
    const response = await get({ authorization: basic('bob', 'x') })

    expect(response.statusCode).toBe(403)
    expect(response.headers['www-authenticate']).toBeUndefined()
  })

  it('cleans the name for the log, and keeps a token out of it that stands where the name belongs', async () => {
    const { get, gates } = await start()
    await get({ authorization: basic('e\u009bv\u202ee', 'x') })
    await get({ authorization: basic(`spt_${'a'.repeat(36)}`, 'x') })

    expect(gates.map((gate) => gate.claimedName)).toEqual(['eve', 'spt_…'])
  })

  it('answers 429 at an address that failed too often', async () => {
    const { get } = await start({ limited: true })
    const response = await get({ authorization: basic('bob', 'x') })

    expect(response.statusCode).toBe(429)
    expect(response.json()).toMatchObject({ code: 'too-many-failures' })
    expect((await get({ authorization: basic('bob', 'bob-secret') })).statusCode).toBe(200)
  })

  it('answers 503 while the store is away and the caller is not cached', async () => {
    const { get, store, gates } = await start()
    store.become('away')
    const response = await get({ authorization: basic('bob', 'bob-secret') })

    expect(response.statusCode).toBe(503)
    expect(response.json()).toEqual({ code: 'store-unavailable', message: 'identities cannot be read at the moment' })
    expect(gates[0]?.claimedName).toBe('bob')
  })

  it('reads X-API-Key only where the tenant has it switched on', async () => {
    const key = { 'x-api-key': 'bob:bob-secret' }
    expect((await (await start()).get(key)).json()).toEqual({ user: null, claimed: null })
    await app?.close()

    expect((await (await start({ auth: { apiKey: true } })).get(key)).json()).toEqual({ user: 'bob', claimed: 'bob' })
  })
})
