/** A store that cannot be read: who is known goes on, everybody else gets 503, and nobody an open door. */
import { rename } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { defaultTenant, startGateway } from '../helpers/gateway.ts'

describe('while the store is away', () => {
  it('serves what is cached, answers 503 for the rest, and comes back by itself', async () => {
    const { ask, user, config, store } = await startGateway()
    const ada = await user('ada', ['reader'], ['alpha readers'])
    const ben = await user('ben', ['reader'], ['alpha readers'])
    expect((await ask(ada, 'GET', '/api/lists/3')).status).toBe(200)

    const { file } = config.store
    await rename(file, `${file}.away`)
    // The store looks at its file several times a second; until then the open one is read.
    const reads = () =>
      store.find(defaultTenant, 'nobody').then(
        () => 'here',
        () => 'away',
      )
    await expect.poll(reads).toBe('away')
    expect((await ask(ada, 'GET', '/api/lists/3')).status).toBe(200)
    for (const unknown of [ben, { ...ben, authorization: 'token ghost:wrong' }]) {
      const refused = await ask(unknown, 'GET', '/api/lists/3')
      expect([refused.status, refused.json]).toMatchObject([503, { data: { code: 'store-unavailable' } }])
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    }
    const wrong = await ask({ ...ada, authorization: 'token ada:wrong' }, 'GET', '/api/lists/3')
    expect([403, 503]).toContain(wrong.status)

    await rename(`${file}.away`, file)
    await expect.poll(async () => (await ask(ben, 'GET', '/api/lists/3')).status, { timeout: 10_000 }).toBe(200)
  })
})
