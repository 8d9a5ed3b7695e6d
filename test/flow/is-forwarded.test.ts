/** What is judged is what is sent, and what comes back goes out. */
import { describe, expect, it } from 'vitest'
import { startGateway } from '../helpers/gateway.ts'

describe('a request that is allowed', () => {
  it('reaches the backend and comes back as the backend sent it, with an id, with both ways to sign in', async () => {
    const { ask, user, url } = await startGateway()
    const ada = await user('ada', ['reader'], ['alpha readers'])

    const answer = await ask(ada, 'GET', '/api/lists/3')
    expect(answer.status).toBe(200)
    expect(answer.json).toMatchObject({ data: { id: 3, name: 'Alpha' } })
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)

    const basic = Buffer.from(`ada:${ada.token}`).toString('base64')
    const again = await fetch(`${url}/api/lists/3`, { headers: { authorization: `bAsIc ${basic}` } })
    expect(await again.json()).toMatchObject({ data: { id: 3 } })
  })

  it('is filled with the caller’s lists where it names none', async () => {
    const { ask, user } = await startGateway()
    const ada = await user('ada', ['reader'], ['alpha readers'])
    const root = await user('root', ['administrator'])

    const own = await ask(ada, 'GET', '/api/subscribers/export')
    const everybody = await ask(root, 'GET', '/api/subscribers/export')
    expect(own.text.split('\n').length).toBeLessThan(everybody.text.split('\n').length)
    expect(own.text).toContain('a1@example.org')
    expect(own.text).not.toContain(',b1@example.org')
    expect(everybody.text).toContain(',b1@example.org')
  })

  it('shows the quota', async () => {
    const { ask, user } = await startGateway()
    const answer = await ask(await user('ada', ['reader'], ['alpha readers']), 'GET', '/api/lists/3')

    expect(answer.headers.get('ratelimit-policy')).toBe('"read";q=600;w=60')
    expect(answer.headers.get('ratelimit')).toMatch(/^"read";r=599;t=6[01]$/)
    expect(answer.headers.get('x-ratelimit-remaining')).toBe('599')
  })

  it('writes: an allowed list passes, and the backend holds the effect', async () => {
    const { ask, user, backend } = await startGateway()
    const root = await user('root', ['administrator'])
    const answer = await ask(root, 'POST', '/api/subscribers', { email: 'new@example.org', name: 'New', lists: [3] })

    expect(answer.status).toBe(200)
    expect([...backend.world().subscribers.values()].map(({ email }) => email)).toContain('new@example.org')
  })

  it('is logged in one line without any credential', async () => {
    const { ask, user, log } = await startGateway()
    const ada = await user('ada', ['reader'], ['alpha readers'])
    await ask(ada, 'GET', '/api/lists/3?minimal=true')
    await ask(ada, 'GET', '/api/lists/3')
    await expect.poll(() => log().filter(({ msg }) => msg === 'request').length).toBe(2)

    const line = log().findLast(({ msg }) => msg === 'request')
    expect(line).toMatchObject({
      level: 'info',
      method: 'GET',
      path: '/api/lists/3',
      route: 'GET /api/lists/:id',
      status: 200,
      user: 'ada',
      auth_method: 'token',
      decision: 'allow',
      reason: 'lists-granted',
      lists: [3],
      upstream_status: 200,
      rate_limit: { policy: 'read' },
    })
    expect(line?.['rule']).toMatch(/listmonk\.yaml:\d+$/)
    const everything = JSON.stringify(log())
    expect(everything).not.toContain(ada.token)
    expect(everything).not.toContain('demo')
  })
})
