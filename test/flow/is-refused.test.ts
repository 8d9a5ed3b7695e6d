/** Nothing that is not granted passes, and every refusal is one envelope that says why. */
import { describe, expect, it } from 'vitest'
import { defaultTenant, startGateway } from '../helpers/gateway.ts'

const failure = (json: unknown): unknown => (json as { data: { code: string } }).data.code

describe('a request that is not granted', () => {
  it('is refused with the list, and never reaches the backend', async () => {
    const { ask, user, backend } = await startGateway()
    const ada = await user('ada', ['reader'], ['alpha readers'])
    const before = backend.requests()
    const answer = await ask(ada, 'GET', '/api/lists/4')

    expect(answer.status).toBe(403)
    expect(answer.json).toEqual({
      message: 'permission denied: lists 4 (list:get)',
      data: {
        code: 'list-denied',
        request_id: answer.headers.get('x-request-id'),
        permissions: ['lists:get_all'],
        lists: [4],
      },
    })
    expect(backend.requests()).toBe(before)
  })

  it('is refused with the permission', async () => {
    const { ask, user } = await startGateway()
    const answer = await ask(await user('ada', ['reader']), 'DELETE', '/api/templates/1')

    expect(answer.json).toMatchObject({ data: { code: 'permission-denied', permissions: ['templates:manage'] } })
  })

  it('learns nothing about routes, tokens or users without valid credentials', async () => {
    const { ask, user } = await startGateway()
    const ada = await user('ada', ['reader'])
    const late = await user('late', ['reader'], [], { expiresAt: Date.now() - 1 })
    const early = await user('early', ['reader'], [], { notBefore: Date.now() + 60_000 })
    const withoutId = (text: string) => text.replace(/"request_id":"[^"]+"/, '')

    const nobody = await Promise.all(
      ['/api/lists/3', '/api/none', '/nothing'].map(async (target) =>
        withoutId((await ask(undefined, 'GET', target)).text),
      ),
    )
    expect(new Set(nobody).size).toBe(1)
    expect(nobody[0]).toContain('invalid session')

    const wrong = [
      { ...ada, authorization: 'token ada:wrong' },
      { ...ada, authorization: `token ghost:${ada.token}` },
      { ...ada, authorization: 'Basic !!!' },
      { ...ada, authorization: 'Digest x' },
      { ...ada, authorization: 'token ada' },
      late,
      early,
    ]
    const answers = await Promise.all(wrong.map((each) => ask(each, 'GET', '/api/lists/3')))
    expect(new Set(answers.map(({ text }) => withoutId(text))).size).toBe(1)
    expect(answers.map(({ status }) => status)).toEqual(wrong.map(() => 403))
    const names = (headers: Headers) => [...headers.keys()].toSorted().join()
    expect(new Set(answers.map(({ headers }) => names(headers))).size).toBe(1)
    expect(failure(answers[0]?.json)).toBe('credentials-invalid')
  })

  it('knows 404, 405 with Allow, and 410', async () => {
    const { ask, user } = await startGateway({
      policies: (shipped) => {
        const [policy] = shipped.policies.values()
        if (policy === undefined) throw new Error('no policy')
        const rules = policy.rules.map((each) =>
          each.id === 'GET /api/about' ? { ...each, gone: 'ask /api/health' } : each,
        )
        return { ...shipped, policies: new Map([[policy.name, { ...policy, rules }]]) }
      },
    })
    const root = await user('root', ['administrator'])

    expect(failure((await ask(root, 'GET', '/api/none')).json)).toBe('route-unknown')
    const wrongMethod = await ask(root, 'PATCH', '/api/lists')
    expect([wrongMethod.status, wrongMethod.headers.get('allow')]).toEqual([405, 'DELETE, GET, HEAD, POST'])
    const gone = await ask(root, 'GET', '/api/about')
    expect([gone.status, gone.json]).toMatchObject([410, { message: 'ask /api/health', data: { code: 'gone' } }])
  })

  it('can be answered with 401 and a challenge', async () => {
    const running = await startGateway()
    const [tenant] = running.config.tenants
    const auth = { ...tenant.auth, unauthenticatedStatus: 401, realm: 'lists' } as const
    running.gateway.reload({ ...running.config, tenants: [{ ...tenant, auth }] }, running.policies)
    const answer = await running.ask(undefined, 'GET', '/api/lists')

    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
      401,
      'Basic realm="lists", charset="UTF-8"',
    ])
  })
})

describe('a token', () => {
  it('is refused at once after it was revoked, and after its user was disabled', async () => {
    const { ask, user, store } = await startGateway()
    const ada = await user('ada', ['reader'], ['alpha readers'])
    const ben = await user('ben', ['reader'], ['alpha readers'])
    expect((await ask(ada, 'GET', '/api/lists/3')).status).toBe(200)
    expect((await ask(ben, 'GET', '/api/lists/3')).status).toBe(200)

    await store.revokeToken(ada.tokenId, 'test')
    await store.setUserStatus(defaultTenant, 'ben', 'disabled', 'test')

    expect((await ask(ada, 'GET', '/api/lists/3')).status).toBe(403)
    expect((await ask(ben, 'GET', '/api/lists/3')).status).toBe(403)
  })

  it('loses a list role as soon as it is taken away', async () => {
    const { ask, user, store } = await startGateway()
    const ada = await user('ada', ['reader'], ['alpha readers'])
    expect((await ask(ada, 'GET', '/api/lists/3')).status).toBe(200)
    await store.setRoles(defaultTenant, 'ada', { roles: undefined, listRoles: [] }, 'test')

    expect((await ask(ada, 'GET', '/api/lists/3')).json).toMatchObject({ data: { code: 'list-denied', lists: [3] } })
  })
})
