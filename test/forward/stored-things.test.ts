import { describe, expect, it } from 'vitest'
import type { UpstreamConfig } from '../../src/config/config.ts'
import type { Tenant } from '../../src/context.ts'
import { createLookUps } from '../../src/forward/stored-things.ts'
import { Failure } from '../../src/model/failure.ts'
import { parseRequestId } from '../../src/model/ids.ts'
import type { Asker, ThingKind, UpstreamRequest, UpstreamSink } from '../../src/model/ports.ts'
import { listScope } from '../helpers/rule.ts'

const subscriber: ThingKind = {
  name: 'subscriber',
  from: '/api/subscribers/{id}',
  key: 'id',
  lists: 'data.lists[].id',
  absent: [400, 404],
}
const byEmail: ThingKind = {
  name: 'subscriber_email',
  from: "/api/subscribers?query=subscribers.email='{email}'&per_page=2",
  key: 'email',
  lists: 'data.results[].lists[].id',
  absent: [],
}

const asker = (over: Partial<Asker> = {}): Asker => ({
  requestId: parseRequestId('req-1') ?? expect.unreachable(),
  traceparent: '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01',
  clientAddress: '192.0.2.1',
  authorization: 'token ada:hers',
  timeoutMs: undefined,
  ...over,
})

interface Asked extends UpstreamRequest {
  answer(status: number, body: unknown): void
  fail(code: 'upstream-reset' | 'upstream-deadline'): void
  isAborted: boolean
}

/** A tenant whose backend answers when told. */
function world(
  url = 'http://backend.test:9000',
  credential: UpstreamConfig['credential'] = service,
): { tenant: Tenant; asked: Asked[] } {
  const asked: Asked[] = []
  const upstream: Tenant['upstream'] = {
    name: 'fake',
    exchange(request, sink) {
      const one = askedOf(request, sink)
      asked.push(one)
      return {
        resume() {},
        abort() {
          one.isAborted = true
        },
      }
    },
    health: () => ({ name: 'fake', inFlight: 0, queued: 0, held: 0, tunnels: 0, members: [] }),
    upgrade: () => () => {},
    close: () => Promise.resolve(),
  }
  const config = { upstream: { urls: [url], credential, host: undefined } }
  const refused = { status: [403], messages: ['invalid API credentials'] }
  const policy = { scope: listScope, credentialRefused: refused }
  return { tenant: { config, policy, upstream } as unknown as Tenant, asked }
}

const service: UpstreamConfig['credential'] = { kind: 'service', scheme: 'token', user: 'gateway', secret: 's3cret' }

function askedOf(request: UpstreamRequest, sink: UpstreamSink): Asked {
  return {
    ...request,
    isAborted: false,
    answer(status, body) {
      sink.head(status, ['Content-Type', 'application/json'])
      const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
      for (let at = 0; at < bytes.length && !this.isAborted; at += 65_536) sink.data(bytes.subarray(at, at + 65_536))
      if (!this.isAborted) sink.end()
    },
    fail: (code) => sink.failed({ code, proxyError: 'connection_terminated', phase: 'wait', cause: undefined }),
  }
}

const on = (...lists: (number | null)[]) => ({ data: { id: 1, lists: lists.map((id) => ({ id, name: 'x' })) } })
const targets = (asked: readonly Asked[]): string[] => asked.map(({ target }) => target)
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function failureOf(looking: Promise<unknown>): Promise<[number, string]> {
  const error = await looking.then(
    () => expect.unreachable('it did not fail'),
    (reason: unknown) => reason,
  )
  return error instanceof Failure ? [error.status, error.code] : expect.unreachable(String(error))
}

describe('a look-up', () => {
  it('asks the backend as the gateway, with nothing of the caller but their request', async () => {
    const { tenant, asked } = world()
    const looking = createLookUps().listsOf(tenant, subscriber, ['18'], asker({ timeoutMs: 700 }))
    asked[0]?.answer(200, on(3, 7))

    expect(await looking).toEqual(new Map([['18', [3, 7]]]))
    const [{ method, target, headers, body, deadlineMs } = expect.unreachable()] = asked
    expect({ method, target, headers, body, deadlineMs }).toEqual({
      method: 'GET',
      target: '/api/subscribers/18',
      headers: [
        ...['Host', 'backend.test:9000', 'Accept', 'application/json', 'Authorization', 'token gateway:s3cret'],
        ...['Accept-Encoding', 'identity', 'X-Forwarded-For', '192.0.2.1', 'X-Forwarded-Proto', 'http'],
        ...['Via', '1.1 sallyport', 'X-Request-Id', 'req-1', 'traceparent', asker().traceparent],
      ],
      body: undefined,
      deadlineMs: 700,
    })
  })

  it('leaves the time to the upstream where the route has none, or no end', async () => {
    const { tenant, asked } = world()
    const things = createLookUps()
    void things.listsOf(tenant, subscriber, ['1'], asker({ timeoutMs: undefined }))
    void things.listsOf(tenant, subscriber, ['2'], asker({ timeoutMs: 0 }))

    expect(asked.map(({ deadlineMs }) => deadlineMs)).toEqual([undefined, undefined])
  })

  it('writes an address so that it cannot leave its place in the query', async () => {
    const { tenant, asked } = world()
    const looking = createLookUps().listsOf(tenant, byEmail, ['a&b=c#+d@example.org'], asker())
    asked[0]?.answer(200, { data: { results: [{ lists: [{ id: 3 }] }] } })

    expect(await looking).toEqual(new Map([['a&b=c#+d@example.org', [3]]]))
    expect(targets(asked)).toEqual([
      '/api/subscribers?query=subscribers.email%3D%27a%26b%3Dc%23%2Bd%40example.org%27&per_page=2',
    ])
  })

  it.each([
    ['a thing on some lists', subscriber, 200, on(3, 7, 3), [3, 7]],
    ['a thing on no list', subscriber, 200, on(), []],
    ['lists that are null', subscriber, 200, { data: { lists: null } }, []],
    ['a list that was deleted', subscriber, 200, on(3, null), [3]],
    ['a status that means no such thing', subscriber, 404, { message: 'Subscriber not found' }, undefined],
    ['an address that nobody has', byEmail, 200, { data: { results: [] } }, undefined],
    ['an address', byEmail, 200, { data: { results: [{ lists: [{ id: 4 }, { id: 5 }] }] } }, [4, 5]],
  ])('reads %s', async (_, kind, status, body, lists) => {
    const { tenant, asked } = world()
    const looking = createLookUps().listsOf(tenant, kind, ['18'], asker())
    asked[0]?.answer(status, body)

    expect(await looking).toEqual(new Map([['18', lists]]))
  })

  it.each<[string, ThingKind, number, unknown, [number, string]]>([
    ['a page', subscriber, 200, '<html>', [502, 'upstream-protocol']],
    ['no lists', subscriber, 200, { data: {} }, [502, 'upstream-protocol']],
    ['lists that are something else', subscriber, 200, { data: { lists: { id: 3 } } }, [502, 'upstream-protocol']],
    ['an item without an id', subscriber, 200, { data: { lists: [{}] } }, [502, 'upstream-protocol']],
    ['an id that is a text', subscriber, 200, { data: { lists: [{ id: '3' }] } }, [502, 'upstream-protocol']],
    ['lists twice', subscriber, 200, '{"data":{"lists":[],"lists":[{"id":3}]}}', [502, 'upstream-protocol']],
    ['two things', byEmail, 200, { data: { results: [{ lists: [] }, { lists: [] }] } }, [502, 'upstream-protocol']],
    [
      'more than a mebibyte of something else',
      subscriber,
      400,
      `"${'x'.repeat(1024 * 1024)}"`,
      [502, 'upstream-protocol'],
    ],
    ['nothing that was asked for', subscriber, 204, '', [502, 'backend-error']],
    ['somewhere else', subscriber, 302, '', [502, 'backend-error']],
    ['an error of its own', subscriber, 500, { message: 'pq: secret row' }, [502, 'backend-error']],
    ['a bad request where that says nothing', byEmail, 400, { message: 'pq: syntax' }, [502, 'backend-error']],
    ['unavailable', subscriber, 503, '', [503, 'upstream-unavailable']],
    ['too many', subscriber, 429, '', [503, 'upstream-unavailable']],
    ['a gateway that waited', subscriber, 504, '', [504, 'upstream-unavailable']],
    ['not allowed', subscriber, 403, { message: 'permission denied' }, [502, 'upstream-credential']],
    ['who are you', subscriber, 401, '', [502, 'upstream-credential']],
  ])('fails and finds nothing when the answer is %s', async (_, kind, status, body, failure) => {
    const { tenant, asked } = world()
    const looking = createLookUps().listsOf(tenant, kind, ['18'], asker())
    asked[0]?.answer(status, body)

    expect(await failureOf(looking)).toEqual(failure)
  })

  // Attributes come by import, unread; a campaign's other texts may be long. One tenant's kept all others from the thing.
  it.each([
    ['an integer that is not exact', '{"n":12345678901234567890}'],
    ['a number that is not finite', '{"n":1e400}'],
    ['a name that objects have', '{"__proto__":{"lists":[{"id":7}]}}'],
    ['a lone surrogate', '"\\ud800"'],
    ['lists of its own', '{"lists":[{"id":7}],"lists":[{"id":8}],"data":{"lists":[{"id":9}]}}'],
    ['many keys', JSON.stringify(Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`k${at}`, at])))],
    ['ten thousand levels', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
    ['three megabytes', `"${'x'.repeat(3_000_000)}"`],
  ])('reads the lists whatever else is stored: %s', async (_, attribs) => {
    const { tenant, asked } = world()
    const looking = createLookUps().listsOf(tenant, subscriber, ['18'], asker())
    asked[0]?.answer(
      200,
      `{"data":{"attribs":${attribs},"lists":[{"x":${attribs},"id":3},{"id":null}],"more":${attribs}}}`,
    )

    expect(await looking).toEqual(new Map([['18', [3]]]))
  })

  it('says that the backend refuses the gateway, also where that status means no such thing', async () => {
    const { tenant, asked } = world()
    const looking = createLookUps().listsOf(tenant, { ...subscriber, absent: [403] }, ['18'], asker())
    asked[0]?.answer(403, { message: 'invalid API credentials' })

    expect(await failureOf(looking)).toEqual([502, 'upstream-credential'])
  })

  it('fails as the exchange fails', async () => {
    const { tenant, asked } = world()
    const looking = createLookUps().listsOf(tenant, subscriber, ['18'], asker())
    asked[0]?.fail('upstream-deadline')

    expect(await failureOf(looking)).toEqual([504, 'upstream-deadline'])
  })

  it.each([
    [400, 2],
    [200, 65],
  ])('gives an answer of status %d up at the first byte too many', async (status, mebibytes) => {
    const { tenant, asked } = world()
    const looking = createLookUps().listsOf(tenant, subscriber, ['18'], asker())
    asked[0]?.answer(status, `"${'x'.repeat(mebibytes * 1024 * 1024)}"`)

    await expect(looking).rejects.toThrow()
    expect(asked[0]?.isAborted).toBe(true)
  })

  it('goes with the caller’s own credential where the backend judges callers, whose 403 is out of reach', async () => {
    const { tenant, asked } = world('http://backend.test:9000', { kind: 'caller' })
    const looking = createLookUps().listsOf(tenant, subscriber, ['18'], asker())
    asked[0]?.answer(403, { message: 'Permission denied: subscriber: 18' })

    expect(await looking).toEqual(new Map([['18', undefined]]))
    expect(asked[0]?.headers).toContain('token ada:hers')
  })
})

describe('several look-ups', () => {
  it('run eight at a time, each key once', async () => {
    const { tenant, asked } = world()
    const keys = Array.from({ length: 20 }, (_, index) => String(index + 1))
    const looking = createLookUps().listsOf(tenant, subscriber, [...keys, ...keys], asker())

    let most = 0
    for (let done = 0; done < 20; done++) {
      most = Math.max(most, asked.length - done)
      asked[done]?.answer(200, on(3))
      await settled()
    }
    expect((await looking).size).toBe(20)
    expect(most).toBe(8)
    expect(targets(asked)).toEqual(keys.map((key) => `/api/subscribers/${key}`))
  })

  it('begin no more once one has failed', async () => {
    const { tenant, asked } = world()
    const keys = Array.from({ length: 20 }, (_, index) => String(index + 1))
    const looking = createLookUps().listsOf(tenant, subscriber, keys, asker())
    const failure = failureOf(looking)
    asked[0]?.fail('upstream-reset')
    expect(await failure).toEqual([502, 'upstream-reset'])
    for (const one of asked.slice(1)) one.answer(200, on(3))
    await settled()

    expect(asked.length).toBe(8)
  })

  it('for one thing are shared while one is under way, and never after', async () => {
    const { tenant, asked } = world()
    const things = createLookUps()
    const both = [1, 2].map(() => things.listsOf(tenant, subscriber, ['18'], asker()))
    asked[0]?.answer(200, on(3))
    expect(await Promise.all(both)).toEqual([new Map([['18', [3]]]), new Map([['18', [3]]])])
    expect(asked.length).toBe(1)

    void things.listsOf(tenant, subscriber, ['18'], asker())
    expect(asked.length).toBe(2)
  })

  it('that fail are shared as well, and asked anew afterwards', async () => {
    const { tenant, asked } = world()
    const things = createLookUps()
    const both = [1, 2].map(() => failureOf(things.listsOf(tenant, subscriber, ['18'], asker())))
    asked[0]?.fail('upstream-reset')
    expect(await Promise.all(both)).toEqual([
      [502, 'upstream-reset'],
      [502, 'upstream-reset'],
    ])

    const again = things.listsOf(tenant, subscriber, ['18'], asker())
    asked[1]?.answer(200, on(3))
    expect(await again).toEqual(new Map([['18', [3]]]))
  })

  it('begun before a write are not joined after it, whichever of them ends first', async () => {
    const { tenant, asked } = world()
    const things = createLookUps()
    const before = things.listsOf(tenant, subscriber, ['18'], asker())
    things.noteWrite(tenant)
    const after = things.listsOf(tenant, subscriber, ['18'], asker())
    expect(asked.length).toBe(2)
    asked[0]?.answer(200, on(3))
    expect(await before).toEqual(new Map([['18', [3]]]))

    // The older one has ended, and the newer one is still there to be shared.
    const joined = things.listsOf(tenant, subscriber, ['18'], asker())
    expect(asked.length).toBe(2)
    asked[1]?.answer(200, on(7))
    expect(await Promise.all([after, joined])).toEqual([new Map([['18', [7]]]), new Map([['18', [7]]])])
  })

  it('begun before a write through another tenant of the same backend are not joined after it', () => {
    const { tenant, asked } = world()
    const things = createLookUps()
    void things.listsOf(tenant, subscriber, ['18'], asker())
    things.noteWrite(world('http://elsewhere.test').tenant)
    void things.listsOf(tenant, subscriber, ['18'], asker())
    expect(asked.length).toBe(1)

    things.noteWrite(world().tenant)
    void things.listsOf(tenant, subscriber, ['18'], asker())
    expect(asked.length).toBe(2)
  })

  it('through two tenants, of two kinds, or by two callers that the backend judges are never one', async () => {
    const one = world()
    const other = world()
    const things = createLookUps()
    void things.listsOf(one.tenant, subscriber, ['18'], asker())
    void things.listsOf(other.tenant, subscriber, ['18'], asker())
    void things.listsOf(one.tenant, { ...subscriber, from: '/api/campaigns/{id}' }, ['18'], asker())
    expect([targets(one.asked), targets(other.asked)]).toEqual([
      ['/api/subscribers/18', '/api/campaigns/18'],
      ['/api/subscribers/18'],
    ])

    const judged = world('http://backend.test:9000', { kind: 'caller' })
    for (const authorization of ['token ada:hers', 'token bob:his', 'token ada:hers'])
      void things.listsOf(judged.tenant, subscriber, ['18'], asker({ authorization }))
    expect(judged.asked.length).toBe(2)
  })
})
