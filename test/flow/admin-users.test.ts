/** Users in the admin API: made, found page by page, changed on condition, deleted. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAdmin, otherTenant, startAdmin, twoTenants, type AdminWorld } from '../helpers/admin.ts'
import { defaultTenant } from '../helpers/gateway.ts'

const users = '/api/tenants/default/users'

describe('users', () => {
  it('are made, read, changed and deleted, each time as they are then', async () => {
    const { owner } = await startAdmin()
    const made = await owner.post(users, {
      name: 'ann',
      kind: 'api',
      roles: ['reader', 'editor'],
      list_roles: ['alpha team'],
      plan: 'trial',
      note: 'the newsletter’s own',
    })

    expect([made.status, made.etag]).toEqual([201, '"v1"'])
    expect(made.data).toEqual({
      id: expect.any(Number),
      tenant: 'default',
      name: 'ann',
      kind: 'api',
      status: 'enabled',
      roles: ['editor', 'reader'],
      list_roles: ['alpha team'],
      list_grants: [],
      plan: 'trial',
      email: null,
      note: 'the newsletter’s own',
      version: 1,
      created_at: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}\+00:00$/),
      updated_at: made.data.created_at,
    })
    expect((await owner.get(`${users}/ann`)).json).toEqual(made.json)

    const changed = await owner.patch(`${users}/ann`, { roles: ['reader'], plan: null, note: '' }, { etag: made.etag })
    expect(changed.data).toMatchObject({ roles: ['reader'], list_roles: ['alpha team'], plan: null, note: '' })
    expect(changed.data.version).toBeGreaterThan(1)

    expect((await owner.delete(`${users}/ann`, { etag: changed.etag })).json).toEqual({ status: 'success', data: null })
    expect(await owner.get(`${users}/ann`)).toMatchObject({ status: 404, message: 'there is no user ann' })
    expect(await owner.delete(`${users}/ann`, { etag: '*' })).toMatchObject({ status: 404 })
  })

  it('are people with an address that nobody else has, in lower case', async () => {
    const { owner } = await startAdmin()
    const ann = await owner.post(users, { name: 'ann', kind: 'person', email: 'Ann@Example.ORG' })
    const bob = await owner.post(users, { name: 'bob', kind: 'person' })

    expect(ann.data.email).toBe('ann@example.org')
    const taken = { status: 409, code: 'conflict', message: 'somebody else has this e-mail address' }
    expect(await owner.post(users, { name: 'eve', kind: 'person', email: 'ann@EXAMPLE.org' })).toMatchObject(taken)
    const again = await owner.patch(`${users}/bob`, { email: 'ann@example.org' }, { etag: bob.etag })
    expect(again).toMatchObject(taken)
    expect((await owner.patch(`${users}/ann`, { email: null }, { etag: ann.etag })).data.email).toBe(null)
    expect((await owner.patch(`${users}/bob`, { email: 'ann@example.org' }, { etag: bob.etag })).status).toBe(200)
  })

  it.each([
    ['a role that nothing defines', { roles: ['reader', 'nothing'] }, 'roles[1]'],
    ['a list role that nothing defines', { list_roles: ['nothing'] }, 'list_roles[0]'],
    ['a rate plan that nothing defines', { plan: 'nothing' }, 'plan'],
    ['an address of an API user', { email: 'ann@example.org' }, 'email'],
    ['a role twice', { roles: ['reader', 'reader'] }, 'roles'],
    ['a note of two lines', { note: 'a\nb' }, 'note'],
  ])('are not made with %s', async (_what, wrong, path) => {
    const { owner } = await startAdmin()
    const answer = await owner.post(users, { name: 'ann', kind: 'api', ...wrong })

    expect(answer).toMatchObject({ status: 422, code: 'body-invalid', fields: [{ path }] })
    expect((await owner.get(users)).data.total).toBe(1)
  })

  it.each(['.', '..', '', 'a b', 'a:b', 'a/b', 'ä', 'x'.repeat(201)])('are not named %j', async (name) => {
    const { owner } = await startAdmin()

    expect(await owner.post(users, { name, kind: 'api' })).toMatchObject({ status: 422, fields: [{ path: 'name' }] })
  })

  // The pattern was written so that no name of one or two characters passed.
  it.each(['a', 'al', '...', '-', 'A_1@x.y', 'x'.repeat(200)])('may be named %j', async (name) => {
    const { owner } = await startAdmin()
    const made = await owner.post(users, { name, kind: 'api' })

    expect(made.status).toBe(201)
    expect((await owner.get(`${users}/${name}`)).data.name).toBe(name)
  })

  it('of two who save at once one is told what the other left, and nothing is lost silently', async () => {
    const { owner } = await startAdmin()
    const { etag } = await owner.post(users, { name: 'ann', kind: 'api' })
    const answers = await Promise.all(['one', 'other'].map((note) => owner.patch(`${users}/ann`, { note }, { etag })))
    const [saved, refused] = answers.toSorted((one, other) => one.status - other.status)

    expect([saved?.status, refused?.status, refused?.code]).toEqual([200, 412, 'precondition-failed'])
    expect(refused?.data.current).toEqual(saved?.data)
    expect(refused?.etag).toBe(saved?.etag)
    const again = await owner.patch(`${users}/ann`, { note: 'both' }, { etag: refused?.etag })
    expect([again.status, again.data.note]).toEqual([200, 'both'])
  })

  it('are changed on condition only', async () => {
    const { owner } = await startAdmin()
    const { etag } = await owner.post(users, { name: 'ann', kind: 'api' })
    const refused = { status: 428, code: 'precondition-required' }

    expect(await owner.patch(`${users}/ann`, { note: 'x' })).toMatchObject(refused)
    expect(await owner.delete(`${users}/ann`)).toMatchObject(refused)
    for (const unknown of ['"v9"', 'v1', 'W/"v1"', '"V1"', '""', 'x']) {
      const answer = await owner.patch(`${users}/ann`, { note: 'x' }, { etag: unknown })
      expect([unknown, answer.status, answer.data.current?.version, answer.etag]).toEqual([unknown, 412, 1, etag])
    }
    expect((await owner.patch(`${users}/ann`, { note: 'whatever it was' }, { etag: '*' })).status).toBe(200)
    // What is gone cannot be shown.
    expect(await owner.patch(`${users}/nobody`, { note: 'x' }, { etag: '"v1"' })).toMatchObject({ status: 404 })
  })

  it('have another version when a list of their own is given or taken, by whoever does it', async () => {
    const { owner, running } = await startAdmin()
    const { etag } = await owner.post(users, { name: 'ann', kind: 'api' })
    const grant = { get: true, manage: false }
    await owner.put(`${users}/ann/lists/3`, grant)
    const granted = await owner.get(`${users}/ann`)

    expect(granted.data.list_grants).toEqual([{ list: 3, get: true, manage: false, until: null }])
    expect(granted.etag).not.toBe(etag)
    // Whoever says what they saw is told when it is not so any more.
    const stale = await owner.put(`${users}/ann/lists/4`, grant, { etag })
    expect(stale).toMatchObject({ status: 412, data: { current: granted.data } })
    expect(await owner.delete(`${users}/ann/lists/3`, { etag })).toMatchObject({ status: 412 })
    expect((await owner.put(`${users}/ann/lists/4`, grant, { etag: granted.etag })).status).toBe(200)
    const before = await owner.get(`${users}/ann`)
    await running.store.retireList(defaultTenant, 4 as never, 'test')
    const after = await owner.get(`${users}/ann`)
    expect(after.data.list_grants.map(({ list }: { list: number }) => list)).toEqual([3])
    expect(after.etag).not.toBe(before.etag)
  })

  it('of one tenant are not those of another of the same name', async () => {
    const { owner } = await startAdmin({ tenants: twoTenants })
    await owner.post(users, { name: 'ann', kind: 'api', note: 'ours' })
    await owner.post('/api/tenants/other/users', { name: 'ann', kind: 'api', note: 'theirs' })

    expect((await owner.get('/api/tenants/other/users/ann')).data).toMatchObject({ tenant: 'other', note: 'theirs' })
    expect((await owner.get(`${users}/ann`)).data).toMatchObject({ tenant: 'default', note: 'ours' })
    await owner.delete('/api/tenants/other/users/ann', { etag: '*' })
    expect((await owner.get(`${users}/ann`)).status).toBe(200)
    expect(await owner.get('/api/tenants/nowhere/users')).toMatchObject({ status: 404, code: 'not-found' })
  })

  it('show what they may do, and where it comes from', async () => {
    const { owner, running } = await startAdmin()
    const until = Date.parse('2100-01-01T00:00:00Z')
    await owner.post(users, { name: 'ann', kind: 'api', roles: ['reader'], list_roles: ['alpha team', 'summer help'] })
    await owner.put(`${users}/ann/lists/7`, { get: true, manage: false, until: '2100-01-01T00:00:00Z' })
    await running.store.setRoles(defaultTenant, 'ann', { roles: ['reader', 'gone'], listRoles: undefined }, 'test')
    await running.store.retireList(defaultTenant, 3 as never, 'test')
    const { data } = await owner.get(`${users}/ann/rights`)

    expect(data.permissions).toContainEqual({ permission: 'subscribers:get', role: 'reader' })
    expect(data.every_list).toEqual({ get: null, manage: null })
    expect(data.lists).toContainEqual({ list: 3, get: null, manage: null, retired: true })
    expect(data.lists).toContainEqual({ list: 7, get: 'own grant', manage: null, retired: false })
    expect(data.missing_roles).toEqual(['gone'])
    expect(Date.parse(data.changes_at)).toBeLessThanOrEqual(until)
  })
})

/** Everything that `next` leads to. */
async function walk(world: AdminWorld, query: string, from = ''): Promise<readonly string[]> {
  const seen: string[] = []
  for (let cursor: string | null = from; cursor !== null;) {
    const { data } = await world.owner.get(`${users}?${query}${cursor === '' ? '' : `&cursor=${cursor}`}`)
    seen.push(...data.results.map(({ name }: { name: string }) => name))
    cursor = data.next
  }
  return seen
}

describe('lists of users', () => {
  let world: AdminWorld
  let close: () => Promise<void>
  beforeAll(async () => {
    ;({ world, close } = await openAdmin({ tenants: twoTenants }))
    const make = (name: string, more: object = {}) => world.owner.post(users, { name, kind: 'api', ...more })
    // Many of the same moment: only the id tells their order.
    await Promise.all(Array.from({ length: 23 }, (_, i) => make(`u${i}`, i % 3 === 0 ? { note: 'third' } : {})))
    await make('ANN', { roles: ['reader'], list_roles: ['alpha team'], plan: 'trial', note: 'Été 100% _x' })
    await make('ann', { note: 'ÉTÉ' })
    await world.owner.post(users, { name: 'pat', kind: 'person', email: 'pat@example.org' })
    await world.owner.patch(`${users}/u5`, { status: 'disabled' }, { etag: '*' })
    await world.owner.post('/api/tenants/other/users', { name: 'elsewhere', kind: 'api' })
  })
  afterAll(() => close())

  it.each(['name', '-name', 'created_at', '-created_at', 'updated_at', '-updated_at'])(
    'by %s have no gap and no repetition, whatever a page holds',
    async (sort) => {
      const whole = await walk(world, `sort=${sort}&limit=200`)
      expect([whole.length, new Set(whole).size]).toEqual([27, 27])
      for (const limit of [1, 4, 13, 26, 27]) expect(await walk(world, `sort=${sort}&limit=${limit}`)).toEqual(whole)
      if (sort.endsWith('name')) {
        const byCode = whole.toSorted((one, other) => (one < other ? -1 : 1))
        expect(whole).toEqual(sort === 'name' ? byCode : byCode.toReversed())
      }
      expect(whole).not.toContain('elsewhere')
    },
  )

  it.each<readonly [query: string, names: readonly string[]]>([
    ['kind=person', ['boss', 'pat']],
    ['status=disabled', ['u5']],
    ['role=reader', ['ANN']],
    ['list_role=alpha%20team', ['ANN']],
    ['plan=trial', ['ANN']],
    ['search=AnN', ['ANN', 'ann']],
    ['search=pat@EXAMPLE', ['pat']],
    // SQLite's `lower` knows ASCII only: a search for what stands there must find it.
    ['search=%C3%89T%C3%89', ['ann']],
    ['search=%C3%89t%C3%A9', ['ANN']],
    ['search=100%25', ['ANN']],
    ['search=_x', ['ANN']],
    ['search=%25', ['ANN']],
    ["search='", []],
    ['search=third&kind=api&limit=3', ['u0', 'u12', 'u15', 'u18', 'u21', 'u3', 'u6', 'u9']],
    ['role=nothing', []],
  ])('with %s hold exactly who fits, counted', async (query, names) => {
    expect(await walk(world, query)).toEqual(names)
    expect((await world.owner.get(`${users}?${query}`)).data.total).toBe(names.length)
  })

  it('take no cursor but their own', async () => {
    const { next } = (await world.owner.get(`${users}?limit=1`)).data
    const sessions = (await world.owner.get('/api/sessions?limit=1')).data.next
    const audit = (await world.owner.get('/api/audit?limit=1')).data.next
    const refused = { status: 400, code: 'query-invalid', fields: [{ path: 'cursor' }] }
    const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const wrong = [
      sessions,
      audit,
      `${next}A`,
      next.slice(1),
      'AAAA',
      encoded([]),
      encoded({}),
      encoded(null),
      encoded(['users name']),
      encoded(['users name', 'a']),
      encoded(['users name', 1, 1]),
      encoded(['users name', 'a', '1']),
      encoded(['users name', 'a', 1.5]),
      encoded(['users name', 'a', 1, 1]),
      encoded(['users name', 'a', 2 ** 60]),
    ]

    for (const cursor of wrong) expect(await world.owner.get(`${users}?cursor=${cursor}`)).toMatchObject(refused)
    // Nor one of another order, which would leave some out.
    expect(await world.owner.get(`${users}?sort=-name&cursor=${next}`)).toMatchObject(refused)
    const byTime = (await world.owner.get(`${users}?sort=created_at&limit=1`)).data.next
    expect(await world.owner.get(`${users}?sort=updated_at&cursor=${byTime}`)).toMatchObject(refused)
    expect(await world.owner.get(`/api/audit?cursor=${sessions}`)).toMatchObject(refused)
    expect(await world.owner.get(`/api/sessions?cursor=${audit}`)).toMatchObject(refused)
    expect(await world.owner.get(`${users}?cursor=`)).toMatchObject({ status: 400 })
  })

  it('that change while they are walked still show everybody who was there all the time', async () => {
    const first = (await world.owner.get(`${users}?limit=10`)).data
    await world.owner.post(users, { name: 'aaa', kind: 'api' })
    await world.owner.delete(`${users}/u9`, { etag: '*' })
    const rest = await walk(world, 'limit=10', first.next)
    const names = [...first.results.map(({ name }: { name: string }) => name), ...rest]

    expect(new Set(names).size).toBe(names.length)
    expect(names.filter((name) => /^u[0-8]$/.test(name))).toHaveLength(9)
    await world.owner.delete(`${users}/aaa`, { etag: '*' })
    await world.owner.post(users, { name: 'u9', kind: 'api', note: 'third' })
  })

  it('of one tenant are not shown to another', async () => {
    const stranger = await world.tokenHolder('stranger', { admin: ['users:get'], tenant: otherTenant })

    expect(await stranger.get(users)).toMatchObject({ status: 404, message: 'there is no such thing' })
    expect((await stranger.get('/api/tenants')).data.results).toEqual([
      expect.objectContaining({ name: 'other', upstream: null, users: 2 }),
    ])
  })

  it('hold no more of a tenant than whoever asks may know: a bare token does not learn where its backend stands', async () => {
    const bare = await world.tokenHolder('bare')
    const seer = await world.tokenHolder('seer', { admin: ['overview:get', 'users:get'] })

    expect((await bare.get('/api/tenants/default')).data).toMatchObject({ upstream: null, users: null })
    expect((await seer.get('/api/tenants/default')).data).toMatchObject({
      upstream: world.running.config.tenants[0]?.upstream.urls,
      users: expect.any(Number),
    })
  })
})
