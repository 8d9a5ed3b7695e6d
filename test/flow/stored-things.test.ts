/** What is stored decides: it is looked up before anything is sent, and nothing tells a foreign thing from one that is not there. */
import { describe, expect, it } from 'vitest'
import { type Answer, startGateway } from '../helpers/gateway.ts'
import { answers, http, startUpstream } from '../helpers/upstream.ts'

// Of the demo's subscribers 3 is on Alpha, 18 on Alpha and Epsilon, 12 on Epsilon, 25 on no list; 999 is not there.

describe('a stored subscriber', () => {
  it('shows to who has one of its lists', async () => {
    const { ask, user } = await startGateway()
    const ada = await user('ada', ['reader'], ['alpha readers'])

    expect((await ask(ada, 'GET', '/api/subscribers/18')).json).toMatchObject({ data: { email: 'ae1@example.org' } })
  })

  it('is changed by who manages one of its lists, and stays on the others as it was', async () => {
    const { ask, user, backend } = await startGateway()
    const ada = await user('ada', ['editor'], ['alpha team'])
    const listsOf = (id: number) =>
      [...(backend.world().subscribers.get(id)?.lists ?? [])].map(([list, { status }]) => [list, status])
    const unsubscribed = backend.world().subscribers.get(32)
    const put = async (id: number, body: object) => (await ask(ada, 'PUT', `/api/subscribers/${id}`, body)).status

    expect(await put(18, { email: 'ae1@example.org', name: 'Ada', lists: [3] })).toBe(200)
    expect(listsOf(18)).toEqual([
      [3, 'unconfirmed'],
      [7, 'unconfirmed'],
    ])
    expect(backend.world().subscribers.get(18)?.name).toBe('Ada')

    expect(await put(32, { email: unsubscribed?.email, lists: [3] })).toBe(200)
    expect(listsOf(32)).toEqual([
      [3, 'unsubscribed'],
      [7, 'unsubscribed'],
    ])

    expect(await put(18, { email: 'ae1@example.org' })).toBe(200)
    expect(listsOf(18)).toEqual([[7, 'unconfirmed']])
    expect(await put(18, { email: 'ae1@example.org', lists: [3] })).toBe(403)

    expect((await ask(ada, 'PATCH', '/api/subscribers/32', { lists: [] })).status).toBe(200)
    expect(listsOf(32)).toEqual([[7, 'unsubscribed']])
  })

  it('leaves all of its lists with those of the caller where it is on no others', async () => {
    const { ask, user, backend } = await startGateway()
    const ada = await user('ada', ['editor'], ['alpha team'])
    const listsOf = (id: number) => [...(backend.world().subscribers.get(id)?.lists.keys() ?? [])]

    expect((await ask(ada, 'PUT', '/api/subscribers/3', { email: 'a1@example.org', lists: [] })).status).toBe(200)
    expect((await ask(ada, 'PUT', '/api/subscribers/4', { email: 'a2@example.org' })).status).toBe(200)
    expect((await ask(ada, 'PATCH', '/api/subscribers/5', { lists: [] })).status).toBe(200)
    expect([listsOf(3), listsOf(4), listsOf(5)]).toEqual([[], [], []])
  })

  it('is not deleted, blocklisted or confirmed on lists of others', async () => {
    const { ask, user, backend } = await startGateway()
    const ada = await user('ada', ['editor'], ['alpha team'])
    const before = JSON.stringify(backend.world().subscribers.get(18))
    const body = { email: 'ae1@example.org', lists: [3] }

    const refusals = [
      await ask(ada, 'DELETE', '/api/subscribers/18'),
      await ask(ada, 'DELETE', '/api/subscribers?id=3&id=18'),
      await ask(ada, 'PUT', '/api/subscribers/18/blocklist'),
      await ask(ada, 'PUT', '/api/subscribers/blocklist', { ids: [3, 18] }),
      await ask(ada, 'PUT', '/api/subscribers/18', { ...body, status: 'blocklisted' }),
      await ask(ada, 'PUT', '/api/subscribers/18', { ...body, preconfirm_subscriptions: true }),
    ]
    expect(refusals.map(codeOf)).toEqual(refusals.map(() => [403, 'list-denied']))
    expect(JSON.stringify(backend.world().subscribers.get(18))).toBe(before)
    expect(backend.world().subscribers.get(3)?.status).toBe('enabled')

    expect((await ask(ada, 'DELETE', '/api/subscribers?id=3&id=4')).status).toBe(200)
    expect([3, 4].map((id) => backend.world().subscribers.has(id))).toEqual([false, false])
  })
})

describe('whether a thing exists', () => {
  it('does not show in the answer to anything that is asked of it', async () => {
    const { ask, user } = await startGateway()
    const ada = await user('ada', ['editor', 'sender', 'mailer'], ['alpha team'])
    const asked: [method: string, target: (id: number) => string, body?: (id: number) => unknown][] = [
      ['GET', (id) => `/api/subscribers/${id}`],
      ['GET', (id) => `/api/subscribers/${id}/activity`],
      ['GET', (id) => `/api/subscribers/${id}/export`],
      ['GET', (id) => `/api/subscribers/${id}/bounces`],
      ['PUT', (id) => `/api/subscribers/${id}`, () => ({ email: 'x@example.org', lists: [3] })],
      ['PUT', (id) => `/api/subscribers/${id}`, () => ({ email: 'x@example.org', lists: [7] })],
      ['PATCH', (id) => `/api/subscribers/${id}`, () => ({ name: 'X' })],
      ['DELETE', (id) => `/api/subscribers/${id}`],
      ['DELETE', (id) => `/api/subscribers?id=${id}`],
      ['PUT', (id) => `/api/subscribers/${id}/blocklist`],
      ['PUT', () => '/api/subscribers/blocklist', (id) => ({ ids: [3, id] })],
      ['PUT', () => '/api/subscribers/lists', (id) => ({ ids: [id], action: 'add', target_list_ids: [3] })],
      ['POST', () => '/api/tx', (id) => ({ template_id: 5, subscriber_ids: [id] })],
      [
        'POST',
        () => '/api/tx',
        (id) => ({ template_id: 5, subscriber_email: id === 12 ? 'e1@example.org' : 'no@example.org' }),
      ],
      ['GET', (id) => `/api/campaigns/${id}`],
      ['GET', (id) => `/api/campaigns/${id}/preview`],
      ['GET', (id) => `/api/campaigns/analytics/views?id=${id}&from=2026-03-01&to=2026-03-31`],
      ['PUT', (id) => `/api/campaigns/${id}`, () => ({ name: 'X', lists: [3] })],
      ['PUT', (id) => `/api/campaigns/${id}/status`, () => ({ status: 'running' })],
      ['DELETE', (id) => `/api/campaigns/${id}`],
      ['DELETE', (id) => `/api/campaigns?id=${id}`],
    ]
    for (const [method, target, body] of asked) {
      const foreign = await ask(ada, method, target(12), body?.(12))
      const missing = await ask(ada, method, target(999), body?.(999))
      expect(withoutId(foreign), `${method} ${target(12)}`).toEqual(withoutId(missing))
      expect(foreign.status).toBe(403)
    }
  })

  it('does not show either of a thing on no list', async () => {
    const { ask, user } = await startGateway()
    const ada = await user('ada', ['editor'], ['alpha team'])
    const alone = await ask(ada, 'GET', '/api/subscribers/25')

    expect(alone.status).toBe(403)
    expect(withoutId(alone)).toEqual(withoutId(await ask(ada, 'GET', '/api/subscribers/999')))
  })
})

describe('a stored campaign', () => {
  it('on lists of others too is read and tested, and neither changed nor sent nor deleted', async () => {
    const { ask, user, backend } = await startGateway()
    const ada = await user('ada', ['editor', 'sender'], ['alpha team'])
    const before = JSON.stringify(backend.world().campaigns.get(4))

    expect((await ask(ada, 'GET', '/api/campaigns/4')).status).toBe(200)
    const refusals = [
      await ask(ada, 'PUT', '/api/campaigns/4', { name: 'Mine', lists: [3] }),
      await ask(ada, 'PUT', '/api/campaigns/4/status', { status: 'running' }),
      await ask(ada, 'DELETE', '/api/campaigns/4'),
    ]
    expect(refusals.map(codeOf)).toEqual(refusals.map(() => [403, 'list-denied']))
    expect(JSON.stringify(backend.world().campaigns.get(4))).toBe(before)

    expect((await ask(ada, 'DELETE', '/api/campaigns/2')).status).toBe(200)
    expect(backend.world().campaigns.has(2)).toBe(false)
  })

  it('is tested by e-mail with one’s own subscribers alone', async () => {
    const { ask, user, backend } = await startGateway()
    const ada = await user('ada', ['editor'], ['alpha team'])
    const test = (...subscribers: string[]) =>
      ask(ada, 'POST', '/api/campaigns/2/test', { name: 'x', subject: 'x', lists: [3], subscribers })

    expect(codeOf(await test('a1@example.org', 'e1@example.org'))).toEqual([403, 'list-denied'])
    expect(codeOf(await test("a1@example.org' OR '1'='1"))).toEqual([403, 'scope-unreadable'])
    expect(backend.world().mails).toEqual([])
    expect((await test('A1@Example.org')).status).toBe(200)
    expect(backend.world().mails.map(([to]) => to)).toEqual(['a1@example.org'])
  })
})

describe('transactional mail', () => {
  it('goes to subscribers within reach, by id or by e-mail, and to nobody else', async () => {
    const { ask, user, backend } = await startGateway()
    const ada = await user('ada', ['mailer'], ['alpha readers'])
    const send = (to: object) => ask(ada, 'POST', '/api/tx', { template_id: 5, ...to })

    expect((await send({ subscriber_ids: [3] })).status).toBe(200)
    expect((await send({ subscriber_email: 'AE1@example.org' })).status).toBe(200)
    const refusals = [
      await send({ subscriber_ids: [12] }),
      await send({ subscriber_email: 'e1@example.org' }),
      await send({ subscriber_emails: ['nobody@example.org'] }),
      await send({}),
    ]
    expect(refusals.map(codeOf)).toEqual(refusals.map(() => [403, 'list-denied']))
    expect(codeOf(await send({ subscriber_email: 'e1@example.org', subscriber_mode: 'external' }))).toEqual([
      403,
      'permission-denied',
    ])
    expect(backend.world().mails.map(([to]) => to)).toEqual(['a1@example.org', 'ae1@example.org'])
  })
})

describe('a look-up that does not tell', () => {
  it.each<[string, number, string, [number, string]]>([
    ['the backend is unavailable', 503, '{"message":"down"}', [503, 'upstream-unavailable']],
    ['the backend fails', 500, '{"message":"pq: row 17"}', [502, 'backend-error']],
    ['the backend refuses the gateway', 403, '{"message":"invalid API credentials"}', [502, 'upstream-credential']],
    ['the backend says something else', 200, '<html>hello', [502, 'upstream-protocol']],
  ])('lets nothing through: %s', async (_, status, body, failure) => {
    const backend = await startUpstream(answers(http(status, body, ['Content-Type: application/json'])))
    const { ask, user } = await startGateway({ upstreamUrl: backend.url })
    const ada = await user('ada', ['editor'], ['alpha team'])
    const answer = await ask(ada, 'DELETE', '/api/subscribers/3')

    expect(codeOf(answer)).toEqual(failure)
    expect(answer.text).not.toContain('pq:')
    expect(backend.requests.map(({ method, target }) => `${method} ${target}`)).toEqual(['GET /api/subscribers/3'])
    await backend.close()
  })
})

describe('what needs no look-up', () => {
  it('is sent or refused without one', async () => {
    const backend = await startUpstream(answers(http(200, '{"data":true}', ['Content-Type: application/json'])))
    const { ask, user } = await startGateway({ upstreamUrl: backend.url })
    const root = await user('root', ['administrator'])
    const nobody = await user('nobody', ['editor'])
    const ada = await user('ada', ['editor'], ['alpha team'])

    expect((await ask(root, 'DELETE', '/api/subscribers/3')).status).toBe(200)
    expect((await ask(nobody, 'DELETE', '/api/subscribers/3')).status).toBe(403)
    expect((await ask(ada, 'PUT', '/api/subscribers/3', { email: 'a@example.org', lists: [7] })).status).toBe(403)
    expect(backend.requests.map(({ method, target }) => `${method} ${target}`)).toEqual(['DELETE /api/subscribers/3'])
    await backend.close()
  })
})

const codeOf = ({ status, json }: Answer): readonly unknown[] => [
  status,
  (json as { data: { code: string } }).data.code,
]

/** All that a caller gets, but for what differs from request to request. */
function withoutId({ status, headers, text, json }: Answer) {
  const id = (json as { data: { request_id: string } }).data.request_id
  const names = /^(?:date|x-request-id|ratelimit|x-ratelimit-.*)$/
  return { status, headers: [...headers].filter(([name]) => !names.test(name)), text: text.replaceAll(id, '…') }
}
