/** Tokens in the admin API: shown once, labelled, valid from and until, rotated with overlap, revoked; and they hold on the data path. */
import { createHash } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { freshKey, startAdmin, twoTenants, type AdminWorld } from '../helpers/admin.ts'
import { startBeside } from '../helpers/gateway.ts'
import { testClock } from '../store/world.ts'

const users = '/api/tenants/default/users'
const tokens = `${users}/ann/tokens`

/** What the data path answers to `ann` with this token. */
async function dataPath({ running }: AdminWorld, token: string): Promise<number> {
  const user = { name: 'ann', token, tokenId: 0 as never, authorization: `token ann:${token}` }
  return (await running.ask(user, 'GET', '/api/lists')).status
}

async function worldWithAnn(overrides: Parameters<typeof startAdmin>[0] = {}) {
  const world = await startAdmin(overrides)
  await world.owner.post(users, { name: 'ann', kind: 'api', roles: ['reader'] })
  return world
}

const instant = (epochMs: number): string => new Date(epochMs).toISOString()

describe('tokens', () => {
  it('are shown once, and work at once', async () => {
    const world = await worldWithAnn()
    const { owner } = world
    const made = await owner.post(tokens, { label: 'the newsletter' })

    expect(made.status).toBe(201)
    expect(made.data.secret).toMatch(/^spt_[A-Za-z0-9]{36}$/)
    expect(made.data.token).toMatchObject({ label: 'the newsletter', user: 'ann', state: 'valid', last_used_at: null })
    expect(await dataPath(world, made.data.secret)).toBe(200)
    const list = await owner.get(tokens)
    expect(list.data.results).toEqual([expect.objectContaining({ id: made.data.token.id })])
    expect(list.text).not.toContain(made.data.secret)
  })

  it('are valid from and until the times that they were made with', async () => {
    const clock = testClock(Date.UTC(2026, 5, 1))
    const world = await worldWithAnn({ clock })
    const now = clock.epochMs()
    const body = { not_before: instant(now + 60_000), expires_at: instant(now + 120_000) }
    const { data } = await world.owner.post(tokens, body)
    const state = async (): Promise<readonly [string, number]> => [
      (await world.owner.get(tokens)).data.results[0].state,
      await dataPath(world, data.secret),
    ]

    expect(await state()).toEqual(['waiting', 403])
    clock.advance(59_999)
    expect(await state()).toEqual(['waiting', 403])
    clock.advance(1)
    expect(await state()).toEqual(['valid', 200])
    clock.advance(59_999)
    expect(await state()).toEqual(['valid', 200])
    clock.advance(1)
    expect(await state()).toEqual(['expired', 403])
  })

  it.each([
    ['an end that is over', { expires_at: '2020-01-01T00:00:00Z' }, 'expires_at'],
    [
      'a beginning after the end',
      { not_before: '2101-01-01T00:00:00Z', expires_at: '2100-01-01T00:00:00Z' },
      'not_before',
    ],
    ['a day that no calendar has', { expires_at: '2100-02-30T00:00:00Z' }, 'expires_at'],
    ['a time without an offset', { expires_at: '2100-01-01T00:00:00' }, 'expires_at'],
    ['a label of two lines', { label: 'a\nb' }, 'label'],
    ['a secret of one’s own', { secret: 'spt_x' }, 'secret'],
  ])('are not made with %s', async (_what, body, path) => {
    const { owner } = await worldWithAnn()

    expect(await owner.post(tokens, body)).toMatchObject({ status: 422, fields: [{ path }] })
    expect((await owner.get(tokens)).data.results).toEqual([])
  })

  it('are for programs: people have none', async () => {
    const { owner } = await worldWithAnn()
    const answer = await owner.post(`${users}/boss/tokens`, {})

    expect(answer).toMatchObject({ status: 409, message: 'boss is a person: people sign in, they have no tokens' })
  })

  it('overlap when they are rotated, and the old one ends after that', async () => {
    const clock = testClock(Date.UTC(2026, 5, 1))
    const world = await worldWithAnn({ clock })
    const old = (await world.owner.post(tokens, { label: 'app' })).data
    const next = (await world.owner.post(`${tokens}/${old.token.id}/rotation`, { overlap: '30m' })).data

    expect(next.token).toMatchObject({ label: 'app', state: 'valid', expires_at: null })
    expect(next.secret).not.toBe(old.secret)
    const [shownNext, shownOld] = (await world.owner.get(tokens)).data.results
    expect([shownNext.id, shownOld.id, shownOld.expires_at]).toEqual([
      next.token.id,
      old.token.id,
      '2026-06-01T00:30:00.000000+00:00',
    ])
    const both = async () => [await dataPath(world, old.secret), await dataPath(world, next.secret)]
    expect(await both()).toEqual([200, 200])
    clock.advance(1_800_000)
    expect(await both()).toEqual([403, 200])
    // What has ended cannot be rotated any more.
    expect(await world.owner.post(`${tokens}/${old.token.id}/rotation`, {})).toMatchObject({ status: 409 })
  })

  it('never live longer by a rotation', async () => {
    const clock = testClock(Date.UTC(2026, 5, 1))
    const { owner } = await worldWithAnn({ clock })
    const end = '2026-06-01T00:10:00.000000+00:00'
    const old = (await owner.post(tokens, { expires_at: end })).data.token
    await owner.post(`${tokens}/${old.id}/rotation`, { overlap: '30d' })

    expect((await owner.get(tokens)).data.results[1].expires_at).toBe(end)
    expect(await owner.post(`${tokens}/${old.id}/rotation`, { overlap: '31d' })).toMatchObject({
      status: 422,
      fields: [{ path: 'overlap', problem: 'is more than 30d' }],
    })
    expect(await owner.post(`${tokens}/${old.id}/rotation`, { overlap: '0h' })).toMatchObject({ status: 422 })
  })

  it('are refused as soon as they are revoked, and stay so', async () => {
    const world = await worldWithAnn()
    const { data } = await world.owner.post(tokens, {})
    const path = `${tokens}/${data.token.id}`
    expect(await dataPath(world, data.secret)).toBe(200)
    const revoked = await world.owner.delete(path)

    expect([revoked.status, revoked.data.state]).toEqual([200, 'revoked'])
    expect(await dataPath(world, data.secret)).toBe(403)
    expect((await world.owner.delete(path)).data.revoked_at).toBe(revoked.data.revoked_at)
    expect(await world.owner.post(`${path}/rotation`, {})).toMatchObject({ status: 409, code: 'conflict' })
  })

  it('are found under their own user only', async () => {
    const world = await worldWithAnn({ tenants: twoTenants })
    const { owner } = world
    await owner.post(users, { name: 'bob', kind: 'api' })
    await owner.post('/api/tenants/other/users', { name: 'ann', kind: 'api' })
    const { id } = (await owner.post(tokens, {})).data.token

    for (const foreign of [`${users}/bob/tokens/${id}`, `/api/tenants/other/users/ann/tokens/${id}`]) {
      const missing = { status: 404, code: 'not-found' }
      expect(await owner.delete(foreign)).toMatchObject(missing)
      expect(await owner.patch(foreign, { label: 'x' })).toMatchObject(missing)
      expect(await owner.post(`${foreign}/rotation`, {})).toMatchObject(missing)
    }
    expect((await owner.patch(`${tokens}/${id}`, { label: 'ours' })).data.label).toBe('ours')
  })

  it('are all there, newest first, however many there were', async () => {
    const world = await worldWithAnn()
    const { store } = world.running
    const tenant = 'default' as never
    const many = Array.from({ length: 1_003 }, (_, i) => ({
      ...{ label: `t${i}`, notBefore: undefined, expiresAt: undefined },
      sha256: createHash('sha256').update(String(i)).digest(),
    }))
    await store.importUsers([{ tenant, name: 'old', kind: 'api', roles: [], listRoles: [], tokens: many }], 'test')
    // The newest was looked for among the first thousand, and not found: 404 for a token that had just been made.
    const made = await world.owner.post(`${users}/old/tokens`, { label: 'newest' })
    expect(made.status).toBe(201)

    const seen: string[] = []
    for (let query = '?limit=200'; query !== '';) {
      const { data } = await world.owner.get(`${users}/old/tokens${query}`)
      seen.push(...data.results.map(({ label }: { label: string }) => label))
      query = data.next === null ? '' : `?limit=200&cursor=${data.next}`
    }
    expect(seen).toEqual(['newest', ...many.map(({ label }) => label).toReversed()])
    expect((await world.owner.delete(`${users}/old/tokens/${made.data.token.id}`)).data.state).toBe('revoked')
  })

  it('that end soon are listed, those of others and those that ended are not', async () => {
    const clock = testClock(Date.UTC(2026, 5, 1))
    const { owner } = await worldWithAnn({ clock, tenants: twoTenants })
    const days = (n: number): string => instant(clock.epochMs() + n * 86_400_000)
    const make = (label: string, end: string, path = tokens) => owner.post(path, { label, expires_at: end })
    await make('soon', days(3))
    await make('later', days(20))
    await make('now', instant(clock.epochMs() + 10))
    const revoked = await make('revoked', days(3))
    await owner.delete(`${tokens}/${revoked.data.token.id}`)
    await owner.post(tokens, { label: 'for good' })
    await owner.post('/api/tenants/other/users', { name: 'ann', kind: 'api' })
    await make('theirs', days(3), '/api/tenants/other/users/ann/tokens')
    clock.advance(20)
    const labels = async (query: string) =>
      (await owner.get(`/api/tenants/default/tokens/expiring${query}`)).data.results.map(
        ({ label }: { label: string }) => label,
      )

    expect(await labels('')).toEqual(['soon'])
    expect(await labels('?within=30d')).toEqual(['soon', 'later'])
    expect(await labels('?within=30d&limit=1')).toEqual(['soon'])
    expect(await owner.get('/api/tenants/default/tokens/expiring?within=30')).toMatchObject({ status: 400 })
  })

  it('tell when they were last used', async () => {
    const world = await worldWithAnn()
    const { data } = await world.owner.post(tokens, {})
    await dataPath(world, data.secret)
    const used = async () => (await world.owner.get(tokens)).data.results[0].last_used_at

    await vi.waitFor(async () => expect(await used()).not.toBe(null), { timeout: 10_000 })
  })
})

describe('a request with an idempotency key', () => {
  it('is carried out once, and its secret is the same while it is remembered', async () => {
    const { owner } = await worldWithAnn()
    const once = freshKey()
    const first = await owner.post(tokens, { label: 'a' }, { once })
    const again = await owner.post(tokens, { label: 'a' }, { once })

    expect([first.status, again.status]).toEqual([201, 201])
    expect(again.json).toEqual(first.json)
    expect([first.headers['idempotent-replayed'], again.headers['idempotent-replayed']]).toEqual([undefined, 'true'])
    expect((await owner.get(tokens)).data.results).toHaveLength(1)
  })

  it('sent many times at once makes one token, and every answer holds its secret', async () => {
    const { owner } = await worldWithAnn()
    const once = freshKey()
    const answers = await Promise.all(Array.from({ length: 12 }, () => owner.post(tokens, {}, { once })))

    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(answers[0]?.data.secret).toMatch(/^spt_/)
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1)
    expect((await owner.get(tokens)).data.results).toHaveLength(1)
  })

  it('with another body is another request, and refused', async () => {
    const { owner } = await worldWithAnn()
    const once = freshKey()
    await owner.post(tokens, { label: 'a' }, { once })
    const other = await owner.post(tokens, { label: 'b' }, { once })

    expect(other).toMatchObject({ status: 409, code: 'key-reused' })
    expect(other.text).not.toContain('spt_')
    expect((await owner.get(tokens)).data.results).toHaveLength(1)
  })

  it('of another caller, or to another place, is another request', async () => {
    const world = await worldWithAnn()
    const { owner } = world
    await owner.post(users, { name: 'bob', kind: 'api' })
    const other = await world.tokenHolder('other', {
      admin: ['tokens:manage'],
      permissions: ['subscribers:get', 'campaigns:get', 'campaigns:get_analytics', 'bounces:get'],
    })
    const once = freshKey()
    const secrets = [
      (await owner.post(tokens, {}, { once })).data.secret,
      (await other.post(tokens, {}, { once })).data.secret,
      (await owner.post(`${users}/bob/tokens`, {}, { once })).data.secret,
    ]

    expect(new Set(secrets).size).toBe(3)
    expect((await owner.get(tokens)).data.results).toHaveLength(2)
  })

  it('of somebody who bears the name of who asked first is another request', async () => {
    const world = await worldWithAnn()
    const first = await world.tokenHolder('maker', { roles: ['owner'] })
    const once = freshKey()
    const made = await first.post(tokens, {}, { once })
    await world.owner.delete(`${users}/maker`, { etag: '*' })
    const second = await world.tokenHolder('maker', { roles: ['owner'] })

    expect((await second.post(tokens, {}, { once })).data.secret).not.toBe(made.data.secret)
  })

  it('has no secret where that is not remembered: it is kept in memory alone, for ten minutes', async () => {
    const world = await worldWithAnn()
    const once = freshKey()
    const first = await world.owner.post(tokens, {}, { once })
    const other = world.at(await startBeside(world.running), world.owner)
    const again = await other.post(tokens, {}, { once })

    expect(again.headers['idempotent-replayed']).toBe('true')
    expect(again.data).toEqual({ token: first.data.token, secret: null })
    expect((await world.owner.post(tokens, {}, { once })).data.secret).toBe(first.data.secret)
  })

  it('is remembered for a day', async () => {
    const clock = testClock(Date.UTC(2026, 5, 1))
    const world = await startAdmin({ clock })
    const roles = '/api/tenants/default/user-roles'
    const once = freshKey()
    const body = { name: 'r', permissions: [] }
    const holder = await world.tokenHolder('maker', { roles: ['owner'] })
    await holder.post(roles, body, { once })
    clock.advance(86_399_999)
    expect((await holder.post(roles, body, { once })).headers['idempotent-replayed']).toBe('true')
    clock.advance(1)
    expect(await holder.post(roles, body, { once })).toMatchObject({ status: 409, code: 'conflict' })
  })

  it('makes nothing anew when what it made is gone, and says that it is', async () => {
    const { owner } = await worldWithAnn()
    const [a, b] = [freshKey(), freshKey()]
    await owner.post(users, { name: 'tmp', kind: 'api' }, { once: a })
    await owner.delete(`${users}/tmp`, { etag: '*' })
    const again = await owner.post(users, { name: 'tmp', kind: 'api' }, { once: a })
    expect(again).toMatchObject({ status: 404, message: 'there is no user tmp' })

    const role = { name: 'r', permissions: [] }
    await owner.post('/api/tenants/default/user-roles', role, { once: b })
    await owner.delete('/api/tenants/default/user-roles/r', { etag: '*' })
    expect(await owner.post('/api/tenants/default/user-roles', role, { once: b })).toMatchObject({ status: 404 })
  })

  it('that failed is carried out when it is sent again', async () => {
    const { owner } = await worldWithAnn()
    const once = freshKey()
    const body = { name: 'bob', kind: 'api', plan: 'later' }
    expect(await owner.post(users, body, { once })).toMatchObject({ status: 422 })
    const classes = ['read', 'write', 'heavy', 'public'].map((name) => ({ name, limit: 1, window: '1m' }))
    await owner.post('/api/tenants/default/plans', { name: 'later', classes })

    expect((await owner.post(users, body, { once })).status).toBe(201)
  })

  it('that is the same for its rotation does not rotate twice', async () => {
    const { owner } = await worldWithAnn()
    const { id } = (await owner.post(tokens, {})).data.token
    const once = freshKey()
    const first = await owner.post(`${tokens}/${id}/rotation`, { overlap: '1h' }, { once })
    const again = await owner.post(`${tokens}/${id}/rotation`, { overlap: '1h' }, { once })

    expect(again.json).toEqual(first.json)
    expect((await owner.get(tokens)).data.results).toHaveLength(2)
  })

  it.each(['', ' ', 'a b', 'ä', 'x'.repeat(129)])('that is %j is 400', async (once) => {
    const { owner } = await worldWithAnn()

    expect(
      await owner.post(tokens, {}, { headers: { 'idempotency-key': Buffer.from(once).toString('latin1') } }),
    ).toMatchObject({
      status: 400,
      code: 'header-invalid',
    })
  })
})
