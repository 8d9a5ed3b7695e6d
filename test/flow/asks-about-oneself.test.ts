/** What is about the caller is answered by the gateway: the backend knows one account behind all, and is not asked. */
import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startBackend } from '../../src/demo/backend/server.ts'
import { paperJudge } from '../../src/judge.ts'
import { startBareGateway } from '../helpers/bare-gateway.ts'
import { defaultTenant, startGateway } from '../helpers/gateway.ts'
import { listId } from '../helpers/rule.ts'

const goTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d*[1-9])?Z$/

describe('GET /api/profile', () => {
  it('shows the caller in the shape of the backend, with roles united and what is granted now', async () => {
    const gateway = await startGateway()
    const ben = await gateway.user('ben', ['reader', 'editor'], ['alpha readers', 'alpha team'])
    const direct = { list: listId(9), get: false, manage: true, until: undefined }
    await gateway.store.grantList({ tenant: defaultTenant, name: 'ben' }, direct, 'test')
    const over = { list: listId(11), get: true, manage: true, until: 1 }
    await gateway.store.grantList({ tenant: defaultTenant, name: 'ben' }, over, 'test')
    const { userRoles } = gateway.policies
    const permissions = [...new Set(['editor', 'reader'].flatMap((name) => userRoles.get(name)?.permissions ?? []))]
    const before = gateway.backend.requests()

    const answer = await gateway.ask(ben, 'GET', '/api/profile')

    expect([answer.status, answer.json]).toEqual([
      200,
      {
        data: {
          id: expect.any(Number),
          created_at: expect.stringMatching(goTime),
          updated_at: expect.stringMatching(goTime),
          username: 'ben',
          password: null,
          password_login: false,
          email: null,
          name: 'ben',
          type: 'api',
          status: 'enabled',
          avatar: null,
          twofa_type: 'none',
          loggedin_at: null,
          user_role: { id: 0, name: 'editor, reader', permissions },
          list_role: {
            id: 0,
            name: 'alpha readers, alpha team, own grant',
            lists: [
              { id: 3, name: '', permissions: ['list:get', 'list:manage'] },
              { id: 9, name: '', permissions: ['list:manage'] },
            ],
          },
        },
      },
    ])
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('x-ratelimit-limit')).not.toBe(null)
    expect(gateway.backend.requests()).toBe(before)
  })

  it('shows no list role to somebody without one, and the permissions that there are', async () => {
    const gateway = await startGateway()
    const nobody = await gateway.user('nobody')

    const { json } = await gateway.ask(nobody, 'GET', '/api/profile')

    expect(json).toMatchObject({ data: { user_role: { id: 0, name: '', permissions: [] }, list_role: null } })
  })

  it('is decided, limited and logged like any other', async () => {
    const gateway = await startGateway()
    const ann = await gateway.user('ann')

    expect((await gateway.ask(undefined, 'GET', '/api/profile')).status).toBe(403)
    expect((await gateway.ask(ann, 'GET', '/api/profile?x=1')).status).toBe(400)
    const { status, headers } = await gateway.ask(ann, 'GET', '/api/profile')

    expect([status, headers.get('x-ratelimit-remaining')]).not.toEqual([200, null])
    expect(gateway.log().at(-1)).toMatchObject({
      route: 'GET /api/profile',
      status: 200,
      user: 'ann',
      decision: 'allow',
      bytes_out: expect.any(Number),
    })
    expect(gateway.log().at(-1)).not.toHaveProperty('upstream_status')
  })

  it('answers HEAD with the same head and no body', async () => {
    const gateway = await startGateway()
    const ann = await gateway.user('ann')

    const [get, head] = [await gateway.ask(ann, 'GET', '/api/profile'), await gateway.ask(ann, 'HEAD', '/api/profile')]

    expect([head.status, head.text]).toEqual([200, ''])
    expect(head.headers.get('content-length')).toBe(String(get.text.length))
    expect(gateway.backend.requests()).toBe(0)
  })

  it('is written as documented under that contract', async () => {
    const gateway = await startGateway({ tenant: { contract: 'documented', timezoneMinutes: 330 } })
    const ann = await gateway.user('ann')

    const { json } = await gateway.ask(ann, 'GET', '/api/profile')

    expect(json).toMatchObject({
      status: 'success',
      data: { username: 'ann', created_at: expect.stringMatching(/^\S{19}\.\d{6}\+05:30$/) },
    })
  })
})

describe('POST /api/logout', () => {
  it('is answered here, and the token stays valid', async () => {
    const gateway = await startGateway()
    const ann = await gateway.user('ann')

    const { status, json } = await gateway.ask(ann, 'POST', '/api/logout')

    expect([status, json]).toEqual([200, { data: true }])
    expect(gateway.backend.requests()).toBe(0)
    expect((await gateway.ask(ann, 'GET', '/api/profile')).status).toBe(200)
  })
})

describe("the gateway's own account", () => {
  it('is never shown or changed by what is about the caller', async () => {
    const gateway = await startGateway()
    const root = await gateway.user('root', ['administrator'])
    const asked = [
      ['GET', '/api/profile'],
      ['PUT', '/api/profile', { name: 'Me', email: 'me@example.org', password: 'longenough1' }],
      ['POST', '/api/logout'],
      ['GET', '/api/users/2/twofa/totp'],
      ['PUT', '/api/users/2/twofa', { type: 'none' }],
      ['DELETE', '/api/users/2/twofa'],
    ] as const

    for (const [method, target, body] of asked) {
      const { text } = await gateway.ask(root, method, target, body)
      expect(text, `${method} ${target}`).not.toContain('super')
    }
    expect(gateway.backend.requests()).toBe(0)
  })

  it('is not asked even where the stage that answers is missing', async () => {
    const backend = await startBackend()
    const bare = await startBareGateway(backend.url, { rule: { own: 'profile' } })
    onTestFinished(async () => {
      await bare.close()
      await backend.close()
    })

    const response = await fetch(`${bare.url}/api/profile`)

    expect([response.status, await response.json()]).toMatchObject([500, { data: { code: 'internal' } }])
    expect(backend.requests()).toBe(0)
  })

  it('is not reached by an upgrade of what is answered here', async () => {
    const gateway = await startGateway()
    const ann = await gateway.user('ann')
    const { port } = new URL(gateway.url)
    const socket = connect(Number(port), '127.0.0.1')
    const lines = [
      'GET /api/profile HTTP/1.1',
      'Host: 127.0.0.1',
      `Authorization: ${ann.authorization}`,
      'Connection: Upgrade, close',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    ]
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    let text = ''
    for await (const chunk of socket) {
      text += String(chunk)
      if (text.includes('\r\n\r\n')) break
    }

    expect(text).not.toMatch(/^HTTP\/1\.1 101/)
    expect(gateway.backend.requests()).toBe(0)
  })

  it('is not in what `explain` and the cases say is sent: nothing is', async () => {
    const { policies } = await startGateway()
    const policy = policies.policies.get('listmonk') ?? expect.unreachable('no policy')
    const own = policy.rules.filter((rule) => rule.own !== undefined)

    expect(own.map(({ id }) => id).toSorted()).toEqual([
      'GET /api/openapi.json',
      'GET /api/profile',
      'POST /api/logout',
    ])
    const none = { permissions: new Map(), admin: new Map(), get: new Map(), manage: new Map() }
    const grants = { ...none, validUntilMs: Infinity }
    for (const { method, path } of own) {
      const judged = paperJudge(policy).judge(grants, { method, target: path })
      expect([judged.failure, judged.outgoing]).toEqual([undefined, undefined])
    }
  })
})
