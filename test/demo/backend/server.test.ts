import { request } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import type { Backend, BackendOptions } from '../../../src/demo/backend/server.ts'
import { startBackend } from '../../../src/demo/backend/server.ts'
import { insertSubscriber, subscribe } from '../../../src/demo/backend/subscriber-changes.ts'

const running: Backend[] = []

async function start(options?: BackendOptions): Promise<Backend> {
  const backend = await startBackend(options)
  running.push(backend)
  return backend
}

afterEach(async () => {
  await Promise.all(running.splice(0).map(async (backend) => backend.close()))
})

const token = { authorization: 'token super:demo' }
const now = '2026-03-02T08:15:30.4512+00:00'

describe('startBackend', () => {
  it('answers with the time it is given, without trailing zeros', async () => {
    const backend = await start({ now: () => Date.UTC(2026, 2, 2, 8, 15, 30, 450) })
    const answer = await fetch(`${backend.url}/api/lists`, {
      method: 'POST',
      headers: { ...token, 'content-type': 'application/json' },
      body: '{"name":"<New>"}',
    })

    expect(answer.status).toBe(200)
    expect(await answer.text()).toMatch(
      /^\{"data":\{"id":12,"created_at":"2026-03-02T08:15:30\.45Z","updated_at":"2026-03-02T08:15:30\.45Z","uuid":"[0-9a-f-]{36}","name":"\\u003cNew\\u003e","type":"private","optin":"single","status":"active","tags":\[\],"description":"","subscriber_count":0,"subscriber_statuses":\{\},"subscription_created_at":null,"subscription_updated_at":null\}\}\n$/,
    )
  })

  it('lets in only the credential it is given, and knows that user as the caller', async () => {
    const backend = await start({ credential: { user: 'ops', secret: 'a:b' } })
    const ask = async (headers: Record<string, string>): Promise<unknown> =>
      (await fetch(`${backend.url}/api/profile`, { headers })).json()

    expect(await ask({ authorization: 'token ops:a:b' })).toMatchObject({ data: { username: 'ops' } })
    expect(await ask(token)).toEqual({ message: 'invalid API credentials' })
    expect(await ask({})).toEqual({ message: 'invalid session' })
    expect(await ask({ authorization: 'token ops:a:b', cookie: 'my_session=x' })).toEqual({
      message: 'invalid session',
    })
  })

  it('goes back to the initial state, and shares it with no other', async () => {
    const [backend, other] = [await start(), await start()]
    await fetch(`${backend.url}/api/subscribers/3`, { method: 'DELETE', headers: token })
    const changed = [backend.world().subscribers.has(3), other.world().subscribers.has(3)]
    backend.reset()

    expect([...changed, backend.world().subscribers.has(3)]).toEqual([false, true, true])
  })

  it('counts every request, refused ones too', async () => {
    const backend = await start()
    await (await fetch(`${backend.url}/health`)).text()
    await (await fetch(`${backend.url}/api/lists`)).text()

    expect(backend.requests()).toBe(2)
  })

  it('streams the export that never ends for as long as the client reads, and then serves the next', async () => {
    const backend = await start()
    const reader = (
      await fetch(`${backend.url}/api/subscribers/export?query=1=0+OR+true`, { headers: token })
    ).body?.getReader()
    let length = 0
    while (length < 3_000_000) length += (await reader?.read())?.value?.length ?? Number.NaN
    await reader?.cancel()

    expect((await fetch(`${backend.url}/health`)).status).toBe(200)
  })

  it('closes while a request hangs', async () => {
    const backend = await startBackend()
    const closed = new Promise((resolve) => {
      request(`${backend.url}/api/events`, { headers: token }).on('error', resolve).end()
    })
    // Asks on until the server counted one request more than were asked here: the one that hangs.
    let asked = 0
    do {
      await (await fetch(`${backend.url}/health`)).text()
      asked++
    } while (backend.requests() === asked)
    await backend.close()

    expect(await closed).toMatchObject({ code: 'ECONNRESET' })
  })

  it('fails to start on a port that is taken', async () => {
    const { port } = await start()

    await expect(startBackend({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  it('answers a listing of many subscribers that a test put into its world', async () => {
    const backend = await start()
    const world = backend.world()
    for (let index = 0; index < 20_000; index++) {
      const row = insertSubscriber(world, { email: `many${index}@example.org`, name: `Many ${index}` }, now)
      subscribe(row, 11, 'confirmed', now)
    }
    const answer = await fetch(`${backend.url}/api/subscribers?list_id=11&per_page=all`, { headers: token })
    const { data } = (await answer.json()) as { data: { total: number; results: { email: string }[] } }

    expect([data.total, data.results.length, data.results[0]?.email]).toEqual([20_000, 20_000, 'many19999@example.org'])
  })

  it('tells the caller of an error of its own and the client nothing', async () => {
    const errors: unknown[] = []
    const backend = await start({ report: (error) => errors.push(error) })
    backend.world().settings.delete('bounce.actions')
    const answer = await fetch(`${backend.url}/webhooks/bounce`, {
      method: 'POST',
      headers: token,
      body: '{"email":"a1@example.org","type":"soft"}',
    })

    expect([answer.status, await answer.text()]).toEqual([500, '{"message":"Internal Server Error"}\n'])
    expect(errors).toEqual([expect.any(TypeError)])
  })
})
