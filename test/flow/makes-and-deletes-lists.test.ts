/** Who makes a list may reach it at once; who deletes one takes everybody's access, also to an id that comes again. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { parseTenantName, type TenantName } from '../../src/model/ids.ts'
import type { ListLedger } from '../../src/model/ports.ts'
import { newToken, tokenSha256 } from '../../src/model/token.ts'
import type { PolicySet, Rule } from '../../src/policy/rule.ts'
import { defaultTenant, startGateway, type Running, type User } from '../helpers/gateway.ts'
import { listId } from '../helpers/rule.ts'

/** The shipped policy, but that everybody may make lists. */
const anybodyMakes = (shipped: PolicySet): PolicySet => {
  const change = (rule: Rule): Rule =>
    rule.id === 'POST /api/lists' ? { ...rule, allow: { kind: 'authenticated' } } : rule
  const policies = [...shipped.policies].map(
    ([name, policy]) => [name, { ...policy, rules: policy.rules.map(change) }] as const,
  )
  return { ...shipped, policies: new Map(policies) }
}

const make = (gateway: Running, user: User, name = 'Mine') => gateway.ask(user, 'POST', '/api/lists', { name })
const madeId = (json: unknown): number => (json as { readonly data: { readonly id: number } }).data.id
const statusOf = async (gateway: Running, user: User, target: string, method = 'GET', body?: unknown) =>
  (await gateway.ask(user, method, target, body)).status
const audit = async ({ store }: Running) =>
  (await store.listAudit({ limit: 50 })).map(({ actor, action, subject }) => `${actor} ${action} ${subject}`)

/** What the store does is changed for a while. */
const failing = (gateway: Running, method: keyof ListLedger, error: Error) => {
  const spy = vi.spyOn(gateway.store, method).mockRejectedValue(error)
  onTestFinished(() => spy.mockRestore())
  return spy
}
const away = Object.assign(new Error('the disk is full'), { kind: 'unavailable' })

const names = async (gateway: Running, user: User): Promise<readonly string[]> => {
  const { json: listing } = await gateway.ask(user, 'GET', '/api/lists?per_page=all')
  return (listing as { readonly data: { readonly results: readonly { readonly name: string }[] } }).data.results.map(
    (list) => list.name,
  )
}

/** The ids stand for lists again, as after a backup was put back. */
function comeAgain(gateway: Running, ids: readonly number[]): void {
  const { lists } = gateway.backend.world()
  const [other] = lists.values()
  for (const id of ids) if (other !== undefined) lists.set(id, { ...other, id })
}

type Say = (request: IncomingMessage, response: ServerResponse) => unknown
const json = (response: ServerResponse, status: number, body: object): unknown =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

/** A backend that says what the test says; `seen` are the requests in order. */
async function scripted(say: Say): Promise<{ readonly url: string; readonly seen: readonly string[] }> {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    request.resume()
    void say(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

const tenantNamed = (name: string): TenantName => parseTenantName(name) ?? expect.unreachable(name)

/** The status of `DELETE /api/lists/3` under another host name, by a new administrator of that tenant. */
async function deleteIn(gateway: Running, tenant: TenantName): Promise<number | undefined> {
  const token = newToken(randomBytes)
  await gateway.store.createUser({ tenant, name: 'root', kind: 'api', roles: ['administrator'], listRoles: [] }, 'test')
  const made = { sha256: tokenSha256(token), label: '', notBefore: undefined, expiresAt: undefined }
  await gateway.store.createToken(tenant, 'root', made, 'test')
  const headers = { host: `${tenant}.localhost`, authorization: `token root:${token}` }
  const asking = httpRequest(`${gateway.url}/api/lists/3`, { method: 'DELETE', headers }).end()
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  response.resume()
  return response.statusCode
}

describe('making a list', () => {
  it('lets who made it read and manage it at once, and nobody else', async () => {
    const gateway = await startGateway({ policies: anybodyMakes })
    const ann = await gateway.user('ann')
    const bob = await gateway.user('bob', [], ['alpha team'])
    expect(await statusOf(gateway, ann, '/api/lists/3')).toBe(403)

    const made = await make(gateway, ann)
    const id = madeId(made.json)

    expect(made.status).toBe(200)
    expect(await statusOf(gateway, ann, `/api/lists/${id}`)).toBe(200)
    expect(await statusOf(gateway, ann, `/api/lists/${id}`, 'PUT', { name: 'Other' })).toBe(200)
    expect(await statusOf(gateway, bob, `/api/lists/${id}`)).toBe(403)
    expect((await gateway.store.find(defaultTenant, 'ann'))?.listGrants).toEqual([
      { list: id, get: true, manage: true, until: undefined },
    ])
    expect(await audit(gateway)).toContain('user:ann list.grant default/ann')
  })

  it('grants also who needs no grant at the moment', async () => {
    const gateway = await startGateway()
    const root = await gateway.user('root', ['administrator'])

    const id = madeId((await make(gateway, root)).json)
    await gateway.store.setRoles(defaultTenant, 'root', { roles: [], listRoles: undefined }, 'test')

    expect(await statusOf(gateway, root, `/api/lists/${id}`)).toBe(200)
    expect(await statusOf(gateway, root, '/api/lists/3')).toBe(403)
  })

  it('passes what the backend says against it, and grants nothing', async () => {
    const gateway = await startGateway({ policies: anybodyMakes })
    const ann = await gateway.user('ann')

    const refused = await make(gateway, ann, '')

    expect([refused.status, refused.json]).toEqual([400, { message: 'Invalid name' }])
    expect((await gateway.store.find(defaultTenant, 'ann'))?.listGrants).toEqual([])
  })

  it('undoes the list when the grant cannot be written, and says so', async () => {
    const gateway = await startGateway({ policies: anybodyMakes })
    const [ann, root] = [await gateway.user('ann'), await gateway.user('root', ['administrator'])]
    failing(gateway, 'grantList', away)

    const made = await make(gateway, ann)

    expect(made.status).toBe(503)
    expect(made.headers.get('retry-after')).toBe('1')
    expect(made.json).toEqual({
      message: 'the list was made and deleted again: that it is yours could not be written',
      data: { code: 'store-unavailable', request_id: expect.any(String) },
    })
    expect(await names(gateway, root)).not.toContain('Mine')
  })

  it('says which list is left over when it cannot be undone either', async () => {
    const backend = await scripted((request, response) => {
      if (request.method === 'DELETE') response.destroy()
      else json(response, 200, { data: { id: 77 } })
    })
    const gateway = await startGateway({ policies: anybodyMakes, upstreamUrl: backend.url })
    const ann = await gateway.user('ann')
    failing(gateway, 'grantList', away)

    const made = await make(gateway, ann)

    expect([made.status, made.json]).toEqual([
      500,
      {
        message: 'the list 77 was made, but nobody was granted it: ask the administrator',
        data: { code: 'internal', request_id: expect.any(String), lists: [77] },
      },
    ])
    expect(backend.seen).toEqual(['POST /api/lists', 'DELETE /api/lists/77'])
  })

  it("undoes with the credential of the gateway, never the caller's", async () => {
    const shown: (string | undefined)[] = []
    const backend = await scripted((request, response) => {
      shown.push(request.headers.authorization)
      json(response, 200, { data: { id: 77 } })
    })
    const gateway = await startGateway({ policies: anybodyMakes, upstreamUrl: backend.url })
    failing(gateway, 'grantList', away)

    await make(gateway, await gateway.user('ann'))

    expect(shown).toEqual(['token super:demo', 'token super:demo'])
  })

  it.each([
    ['no id', '{"data":{"name":"x"}}'],
    ['two ids', '{"data":{"id":3,"id":12}}'],
    ['an id that is a text', '{"data":{"id":"12"}}'],
    ['an id out of range', '{"data":{"id":4294967299}}'],
    ['an id with a fraction', '{"data":{"id":3.0}}'],
    ['no JSON', '<html>3</html>'],
    ['nothing', ''],
    ['more than a mebibyte', `{"data":{"id":12,"name":"${'x'.repeat(1024 * 1024)}"}}`],
  ])('grants nothing where the answer holds %s', async (_, body) => {
    const backend = await scripted((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(body)
    })
    const gateway = await startGateway({ policies: anybodyMakes, upstreamUrl: backend.url })
    const ann = await gateway.user('ann')

    const made = await make(gateway, ann)

    expect([made.status, made.json]).toEqual([
      502,
      {
        message: 'the backend did not say what it made: nobody was granted it',
        data: { code: 'upstream-protocol', request_id: expect.any(String) },
      },
    ])
    expect((await gateway.store.find(defaultTenant, 'ann'))?.listGrants).toEqual([])
    expect(backend.seen).toEqual(['POST /api/lists'])
  })

  it('is granted also when the caller has left before the answer', async () => {
    const release = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    const backend = await scripted(async (_request, response) => {
      asked.resolve()
      await release.promise
      json(response, 200, { data: { id: 77 } })
    })
    const gateway = await startGateway({ policies: anybodyMakes, upstreamUrl: backend.url })
    const ann = await gateway.user('ann')
    const leaving = new AbortController()
    const asking = fetch(`${gateway.url}/api/lists`, {
      method: 'POST',
      body: '{"name":"x"}',
      headers: { authorization: ann.authorization, 'content-type': 'application/json' },
      signal: leaving.signal,
    })
    await asked.promise
    leaving.abort()
    await expect(asking).rejects.toThrow()
    release.resolve()

    await vi.waitFor(async () =>
      expect((await gateway.store.find(defaultTenant, 'ann'))?.listGrants).toMatchObject([{ list: 77 }]),
    )
  })
})

describe('deleting a list', () => {
  it('takes every grant on it: an id that comes again grants nothing', async () => {
    const gateway = await startGateway({ policies: anybodyMakes })
    const [ann, ben] = [await gateway.user('ann'), await gateway.user('ben', ['editor'], ['alpha team'])]
    const id = madeId((await make(gateway, ann)).json)

    expect(await statusOf(gateway, ann, `/api/lists/${id}`, 'DELETE')).toBe(200)
    expect(await statusOf(gateway, ben, '/api/lists?id=3', 'DELETE')).toBe(200)
    comeAgain(gateway, [3, id])

    expect(await statusOf(gateway, ann, `/api/lists/${id}`)).toBe(403)
    expect(await statusOf(gateway, ben, '/api/lists/3')).toBe(403)
    expect(await gateway.store.listRetired()).toEqual([
      { tenant: 'default', list: 3, at: expect.any(Number), state: 'gone' },
      { tenant: 'default', list: id, at: expect.any(Number), state: 'gone' },
    ])
    expect((await gateway.store.find(defaultTenant, 'ann'))?.listGrants).toEqual([])
  })

  it('lets who makes a list of that id anew reach it, but not who reached the old one by a list role', async () => {
    const gateway = await startGateway({ policies: anybodyMakes })
    const [ann, ben] = [await gateway.user('ann'), await gateway.user('ben', ['editor'], ['alpha team'])]
    await gateway.ask(ben, 'DELETE', '/api/lists/3')
    gateway.backend.world().next.lists = 3

    expect(madeId((await make(gateway, ann)).json)).toBe(3)

    expect(await statusOf(gateway, ann, '/api/lists/3')).toBe(200)
    expect(await statusOf(gateway, ben, '/api/lists/3')).toBe(403)
    await gateway.store.unretireList(defaultTenant, listId(3), 'test')
    expect(await statusOf(gateway, ben, '/api/lists/3')).toBe(200)
  })

  it('is not sent while the store cannot write it down', async () => {
    const gateway = await startGateway()
    const ben = await gateway.user('ben', ['editor'], ['alpha team'])
    failing(gateway, 'beginRetirement', away)

    const answer = await gateway.ask(ben, 'DELETE', '/api/lists/3')

    expect([answer.status, answer.json]).toMatchObject([503, { data: { code: 'store-unavailable' } }])
    expect(await statusOf(gateway, ben, '/api/lists/3')).toBe(200)
  })

  it('leaves the grants withheld when the end cannot be written: the list is gone, and nothing is granted on its id', async () => {
    const gateway = await startGateway()
    const ben = await gateway.user('ben', ['editor'], ['alpha team'])
    failing(gateway, 'endRetirement', away)

    expect(await statusOf(gateway, ben, '/api/lists/3', 'DELETE')).toBe(200)
    comeAgain(gateway, [3])

    expect(await statusOf(gateway, ben, '/api/lists/3')).toBe(403)
    expect(await gateway.store.listRetired()).toMatchObject([{ list: 3, state: 'unsure' }])
    expect(gateway.log().map(({ msg }) => msg)).toContain('lists stay withheld: see `sallyport list retired`')
  })

  it.each([
    ['is reset', (_: IncomingMessage, response: ServerResponse) => response.destroy(), 502],
    ['is cut in its head', (_: IncomingMessage, response: ServerResponse) => response.socket?.end('HTTP/1.1 20'), 502],
    ['is 500', (_: IncomingMessage, response: ServerResponse) => json(response, 500, { message: 'pq' }), 500],
    ['is 404', (_: IncomingMessage, response: ServerResponse) => json(response, 404, { message: 'no' }), 404],
  ])(
    'withholds every grant when the answer %s, until an administrator says that the list is there',
    async (_, say, status) => {
      const backend = await scripted((request, response) => {
        if (request.method === 'DELETE') say(request, response)
        else json(response, 200, { data: { id: 3 } })
      })
      const gateway = await startGateway({ policies: anybodyMakes, upstreamUrl: backend.url })
      const [ann, ben] = [await gateway.user('ann'), await gateway.user('ben', ['editor'], ['alpha team'])]
      const direct = { list: listId(3), get: true, manage: false, until: undefined }
      await gateway.store.grantList({ tenant: defaultTenant, name: 'ann' }, direct, 'test')
      expect(await statusOf(gateway, ann, '/api/lists/3')).toBe(200)

      expect(await statusOf(gateway, ben, '/api/lists/3', 'DELETE')).toBe(status)

      expect(await statusOf(gateway, ann, '/api/lists/3')).toBe(403)
      expect(await statusOf(gateway, ben, '/api/lists/3')).toBe(403)
      expect(await gateway.store.listRetired()).toMatchObject([{ list: 3, state: 'unsure' }])

      await gateway.store.unretireList(defaultTenant, listId(3), 'test')
      expect(await statusOf(gateway, ann, '/api/lists/3')).toBe(200)
      expect(await statusOf(gateway, ben, '/api/lists/3')).toBe(200)
    },
  )

  it.each([
    ['the backend refuses it', (response: ServerResponse) => json(response, 400, { message: 'no' }), 400],
    ['the backend takes no connection', undefined, 502],
  ])('changes nothing when %s', async (_, say, status) => {
    const backend = await scripted((request, response) => {
      if (request.method === 'DELETE') say?.(response)
      else json(response, 200, { data: { id: 3 } })
    })
    const gateway = await startGateway({ upstreamUrl: say === undefined ? 'http://127.0.0.1:1' : backend.url })
    const ben = await gateway.user('ben', ['editor'], ['alpha team'])
    const direct = { list: listId(3), get: true, manage: true, until: undefined }
    await gateway.store.grantList({ tenant: defaultTenant, name: 'ben' }, direct, 'test')

    expect(await statusOf(gateway, ben, '/api/lists/3', 'DELETE')).toBe(status)

    expect(await gateway.store.listRetired()).toEqual([])
    expect((await gateway.store.find(defaultTenant, 'ben'))?.listGrants).toEqual([direct])
  })

  it('changes nothing when the request is given up before it is sent', async () => {
    const gateway = await startGateway()
    const ben = await gateway.user('ben', ['editor'], ['alpha team'])
    const passedHere = { via: '1.1 sallyport' }

    expect((await gateway.ask(ben, 'DELETE', '/api/lists/3', undefined, passedHere)).status).toBe(502)

    await vi.waitFor(async () => expect(await gateway.store.listRetired()).toEqual([]))
    expect(await audit(gateway)).toContain('user:ben list.keep default/list 3')
    expect(await statusOf(gateway, ben, '/api/lists/3')).toBe(200)
  })

  it('changes nothing when the caller may not delete it', async () => {
    const gateway = await startGateway()
    const ada = await gateway.user('ada', ['reader'], ['alpha readers'])

    expect(await statusOf(gateway, ada, '/api/lists/3', 'DELETE')).toBe(403)

    expect(await gateway.store.listRetired()).toEqual([])
    expect(await statusOf(gateway, ada, '/api/lists/3')).toBe(200)
  })

  it('is written down to the end when the caller has left', async () => {
    const release = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    const backend = await scripted(async (_request, response) => {
      asked.resolve()
      await release.promise
      json(response, 200, { data: true })
    })
    const gateway = await startGateway({ upstreamUrl: backend.url })
    const ben = await gateway.user('ben', ['editor'], ['alpha team'])
    const leaving = new AbortController()
    const headers = { authorization: ben.authorization }
    const asking = fetch(`${gateway.url}/api/lists/3`, { method: 'DELETE', headers, signal: leaving.signal })
    await asked.promise
    leaving.abort()
    await expect(asking).rejects.toThrow()
    release.resolve()

    await vi.waitFor(async () => expect(await gateway.store.listRetired()).toMatchObject([{ list: 3, state: 'gone' }]))
  })

  it('takes the grants of every tenant behind which the same backend stands, and of no other', async () => {
    const { tenants } = (await startGateway()).config
    const named = (name: typeof defaultTenant, url: string) => ({
      ...tenants[0],
      name,
      hosts: [`${name}.localhost`],
      upstream: { ...tenants[0].upstream, urls: [url] as const },
    })
    const backend = await scripted((_request, response) => json(response, 200, { data: true }))
    const [north, south] = [tenantNamed('north'), tenantNamed('south')]
    const far = named(tenantNamed('far'), 'http://127.0.0.1:1')
    const other = named(tenantNamed('other'), backend.url)
    const gateway = await startGateway({
      config: {
        tenants: [
          named(north, backend.url),
          named(south, backend.url),
          far,
          { ...other, upstream: { ...other.upstream, host: 'other.internal' } },
        ],
      },
    })

    expect(await deleteIn(gateway, north)).toBe(200)
    expect((await gateway.store.listRetired()).map(({ tenant, list }) => [tenant, list])).toEqual([
      ['north', 3],
      ['south', 3],
    ])
  })
})
