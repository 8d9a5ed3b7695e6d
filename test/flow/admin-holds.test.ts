/** What is changed in the admin API holds on the data path: at once here, within a second in another process over the same store. */
import { describe, expect, it } from 'vitest'
import { startAdmin, type AdminWorld } from '../helpers/admin.ts'
import { startBeside, type Running, type User } from '../helpers/gateway.ts'
import { testClock } from '../store/world.ts'

const t = '/api/tenants/default'

/** A user with a token, made over the admin API. */
async function userWith({ owner }: AdminWorld, name: string, more: object): Promise<User> {
  await owner.post(`${t}/users`, { name, kind: 'api', ...more })
  const { data } = await owner.post(`${t}/users/${name}/tokens`, {})
  return { name, token: data.secret, tokenId: data.token.id, authorization: `token ${name}:${data.secret}` }
}

const holdsWithinMs = 1_000

/** Somebody who may something, the question that shows it, and the act that ends it. `after`: the status from then on. */
interface Case {
  readonly what: string
  readonly user: object
  /** Done first, with what the user is. */
  readonly prepare?: (world: AdminWorld) => Promise<unknown>
  readonly ask: string
  readonly act: (world: AdminWorld, user: User) => Promise<{ readonly status: number }>
  readonly after: number
}

const any = { etag: '*' }
const grants = (...lists: readonly number[]) => lists.map((list) => ({ list, get: true, manage: false }))

const cases: readonly Case[] = [
  {
    what: 'a revoked token',
    user: { roles: ['reader'] },
    ask: '/api/lists',
    act: ({ owner }, { tokenId }) => owner.delete(`${t}/users/ann/tokens/${tokenId}`),
    after: 403,
  },
  {
    what: 'a disabled user',
    user: { roles: ['reader'] },
    ask: '/api/lists',
    act: ({ owner }) => owner.patch(`${t}/users/ann`, { status: 'disabled' }, any),
    after: 403,
  },
  {
    what: 'a deleted user',
    user: { roles: ['reader'] },
    ask: '/api/lists',
    act: ({ owner }) => owner.delete(`${t}/users/ann`, any),
    after: 403,
  },
  {
    what: 'a role that is taken from the user',
    user: { roles: ['content'] },
    ask: '/api/templates',
    act: ({ owner }) => owner.patch(`${t}/users/ann`, { roles: [] }, any),
    after: 403,
  },
  {
    what: 'a role that is changed',
    prepare: ({ owner }) => owner.post(`${t}/user-roles`, { name: 'r', permissions: ['templates:get'] }),
    user: { roles: ['r'] },
    ask: '/api/templates',
    act: ({ owner }) => owner.put(`${t}/user-roles/r`, { permissions: ['media:get'] }, any),
    after: 403,
  },
  {
    what: 'a role that is deleted',
    prepare: ({ owner }) => owner.post(`${t}/user-roles`, { name: 'r', permissions: ['templates:get'] }),
    user: { roles: ['r'] },
    ask: '/api/templates',
    act: ({ owner }) => owner.delete(`${t}/user-roles/r`, any),
    after: 403,
  },
  {
    what: 'a list role that is taken from the user',
    user: { list_roles: ['alpha readers'] },
    ask: '/api/lists/3',
    act: ({ owner }) => owner.patch(`${t}/users/ann`, { list_roles: [] }, any),
    after: 403,
  },
  {
    what: 'a list that a list role loses',
    prepare: ({ owner }) => owner.post(`${t}/list-roles`, { name: 'r', grants: grants(3, 4) }),
    user: { list_roles: ['r'] },
    ask: '/api/lists/3',
    act: ({ owner }) => owner.put(`${t}/list-roles/r`, { grants: grants(4) }, any),
    after: 403,
  },
  {
    what: 'a list role that is deleted',
    prepare: ({ owner }) => owner.post(`${t}/list-roles`, { name: 'r', grants: grants(3) }),
    user: { list_roles: ['r'] },
    ask: '/api/lists/3',
    act: ({ owner }) => owner.delete(`${t}/list-roles/r`, any),
    after: 403,
  },
  {
    what: 'a list that a list role gains',
    prepare: ({ owner }) => owner.post(`${t}/list-roles`, { name: 'r', grants: grants(4) }),
    user: { list_roles: ['r'] },
    ask: '/api/lists/3',
    act: ({ owner }) => owner.put(`${t}/list-roles/r`, { grants: grants(3, 4) }, any),
    after: 200,
  },
  {
    what: 'a list of one’s own that is given',
    user: {},
    ask: '/api/lists/3',
    act: ({ owner }) => owner.put(`${t}/users/ann/lists/3`, { get: true, manage: false }),
    after: 200,
  },
  {
    what: 'a retired list',
    user: { list_roles: ['alpha readers'] },
    ask: '/api/lists/3',
    act: ({ owner }) => owner.put(`${t}/retired-lists/3`, undefined as never),
    after: 403,
  },
]

describe('a change in the admin API', () => {
  it.each(cases)('holds: $what', async ({ user, prepare, ask, act, after }) => {
    const world = await startAdmin()
    await prepare?.(world)
    const ann = await userWith(world, 'ann', user)
    const beside = await startBeside(world.running)
    const status = async (at: Running): Promise<number> => (await at.ask(ann, 'GET', ask)).status
    const before = after === 200 ? 403 : 200
    // Known in both processes, and remembered.
    expect([await status(world.running), await status(beside)]).toEqual([before, before])
    expect((await act(world, ann)).status).toBe(200)
    const changedAt = performance.now()

    expect(await status(world.running)).toBe(after)
    await expect.poll(() => status(beside), { interval: 20, timeout: holdsWithinMs }).toBe(after)
    expect(performance.now() - changedAt).toBeLessThan(holdsWithinMs)
  })

  it('lets a list role end on the millisecond that it says', async () => {
    const clock = testClock(Date.UTC(2026, 5, 1))
    const world = await startAdmin({ clock })
    const until = new Date(clock.epochMs() + 5_000).toISOString()
    await world.owner.post(`${t}/list-roles`, { name: 'r', grants: [{ list: 3, get: true, manage: false, until }] })
    const ann = await userWith(world, 'ann', { list_roles: ['r'] })
    const status = async () => (await world.running.ask(ann, 'GET', '/api/lists/3')).status

    expect(await status()).toBe(200)
    clock.advance(4_999)
    expect(await status()).toBe(200)
    clock.advance(1)
    expect(await status()).toBe(403)
    const later = new Date(clock.epochMs() + 5_000).toISOString()
    await world.owner.put(`${t}/list-roles/r`, { grants: [{ list: 3, get: true, manage: false, until: later }] }, any)
    expect(await status()).toBe(200)
  })

  it('lets a list of one’s own end on the millisecond that it says', async () => {
    const clock = testClock(Date.UTC(2026, 5, 1))
    const world = await startAdmin({ clock })
    const ann = await userWith(world, 'ann', {})
    const until = new Date(clock.epochMs() + 5_000).toISOString()
    await world.owner.put(`${t}/users/ann/lists/3`, { get: true, manage: false, until })
    const status = async () => (await world.running.ask(ann, 'GET', '/api/lists/3')).status

    expect(await status()).toBe(200)
    clock.advance(4_999)
    expect(await status()).toBe(200)
    clock.advance(1)
    expect(await status()).toBe(403)
  })

  it('lets an admin permission end in the admin API at once', async () => {
    const world = await startAdmin()
    const seer = await world.tokenHolder('seer', { admin: ['users:get'] })
    expect((await seer.get(`${t}/users`)).status).toBe(200)
    await world.owner.delete(`${t}/user-roles/${encodeURIComponent('what seer may')}`, any)

    expect(await seer.get(`${t}/users`)).toMatchObject({ status: 403, code: 'permission-denied' })
  })
})

const plan = (limit: number, window = '1m') => ({
  classes: ['read', 'write', 'heavy', 'public'].map((name) => ({ name, limit, window })),
})

describe('a rate plan', () => {
  const world = async () => {
    const clock = testClock(Date.UTC(2026, 5, 1))
    const admin = await startAdmin({ clock })
    await admin.owner.post(`${t}/plans`, { name: 'p', ...plan(5) })
    const ann = await userWith(admin, 'ann', { roles: ['reader'], plan: 'p' })
    const ask = async () => {
      const { status, headers } = await admin.running.ask(ann, 'GET', '/api/lists')
      return [status, headers.get('x-ratelimit-remaining')]
    }
    const used = async () => (await admin.owner.get(`${t}/users/ann/use`)).data
    return { ...admin, clock, ask, used }
  }

  it('that is changed holds from the next request, and what was counted stays counted', async () => {
    const { owner, ask, used } = await world()
    for (const left of ['4', '3', '2']) expect(await ask()).toEqual([200, left])
    await owner.put(`${t}/plans/p`, plan(10), any)
    // Neither emptied nor doubled: three of ten are used.
    expect((await used()).classes.find(({ name }: { name: string }) => name === 'read')).toMatchObject({
      used: 3,
      limit: 10,
    })
    expect(await ask()).toEqual([200, '6'])
    await owner.put(`${t}/plans/p`, plan(4), any)
    expect((await ask())[0]).toBe(429)
    expect((await ask())[0]).toBe(429)
    // What was refused is not counted.
    await owner.put(`${t}/plans/p`, plan(5), any)
    expect(await ask()).toEqual([200, '0'])
    expect((await ask())[0]).toBe(429)
  })

  it('with another window keeps what was counted for as long as the new one says', async () => {
    const { owner, clock, ask } = await world()
    for (let i = 0; i < 5; i += 1) await ask()
    await owner.put(`${t}/plans/p`, plan(5, '2m'), any)
    clock.advance(100_000)
    expect((await ask())[0]).toBe(429)
    clock.advance(25_000)
    expect((await ask())[0]).toBe(200)
  })

  it('of a user wins over that of the tenant, and that of the tenant over the one of its configuration', async () => {
    const { owner, ask } = await world()
    const limitNow = async () => Number((await ask())[1])
    await owner.post(`${t}/plans`, { name: 'q', ...plan(50) })
    await ask()
    await owner.put(`${t}/plan`, { plan: 'q' }, any)
    expect(await limitNow()).toBe(3)
    await owner.patch(`${t}/users/ann`, { plan: null }, any)
    expect(await limitNow()).toBe(47)
    await owner.put(`${t}/plan`, { plan: null }, any)
    expect(await limitNow()).toBe(596)
  })

  it('that any other change is made of is not counted anew', async () => {
    const { owner, ask } = await world()
    await ask()
    // All roles and plans are read anew at each of these.
    await owner.post(`${t}/user-roles`, { name: 'r', permissions: [] })
    await owner.post(`${t}/plans`, { name: 'other', ...plan(1) })
    await owner.delete(`${t}/plans/other`, any)
    expect(await ask()).toEqual([200, '3'])
  })

  it('shows who uses it, by the class of a request', async () => {
    const { owner, ask } = await world()
    await ask()
    const { data } = await owner.get(`${t}/use`)
    expect(data.results).toEqual([{ user: 'ann', address: null, plan: 'p', class: 'read', used: 1, limit: 5 }])
  })
})
