/** User roles, list roles and rate plans in the admin API: of files and of the store, changed on condition, deleted with what that means. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { openAdmin, startAdmin, twoTenants, type AdminWorld } from '../helpers/admin.ts'
import { startBeside } from '../helpers/gateway.ts'
import { startUpstream } from '../helpers/upstream.ts'

const t = '/api/tenants/default'
const classes = ['read', 'write', 'heavy', 'public'].map((name) => ({ name, limit: 100, window: '1m' }))

/** The three kinds of thing that have a version of their own. `more`: what a change may say. */
const kinds = [
  { kind: 'user-roles', body: { permissions: ['subscribers:get'], admin: ['users:get'] }, more: { permissions: [] } },
  { kind: 'list-roles', body: { grants: [{ list: 3, get: true, manage: false }] }, more: { grants: [] } },
  { kind: 'plans', body: { classes }, more: { classes } },
] as const

describe.each(kinds)('$kind', ({ kind, body, more }) => {
  let world: AdminWorld
  let close: () => Promise<void>
  beforeAll(async () => ({ world, close } = await openAdmin({ tenants: twoTenants })))
  afterAll(() => close())
  const path = `${t}/${kind}`

  it('are made, read, changed and deleted', async () => {
    const { owner } = world
    const made = await owner.post(path, { name: 'one', description: 'for one', ...body })
    expect([made.status, made.etag]).toEqual([201, '"v1"'])
    expect(made.data).toMatchObject({ name: 'one', description: 'for one', managed_in: 'store', version: 1 })
    expect((await owner.get(`${path}/one`)).json).toEqual(made.json)
    expect((await owner.get(path)).data.results).toContainEqual(made.data)

    const changed = await owner.put(`${path}/one`, { ...more }, { etag: made.etag })
    expect(changed.data).toMatchObject({ name: 'one', description: '', version: 2, ...more })
    expect((await owner.delete(`${path}/one`, { etag: changed.etag })).status).toBe(200)
    expect((await owner.get(`${path}/one`)).status).toBe(404)
    expect((await owner.put(`${path}/one`, { ...more }, { etag: '"v2"' })).status).toBe(404)
  })

  it('are not made twice', async () => {
    await world.owner.post(path, { name: 'twice', ...body })
    const taken = { status: 409, code: 'conflict' }
    expect(await world.owner.post(path, { name: 'twice', ...body })).toMatchObject(taken)
    const inFiles = { 'user-roles': 'reader', 'list-roles': 'alpha team', plans: 'trial' }[kind]
    expect(await world.owner.post(path, { name: inFiles, ...body })).toMatchObject(taken)
  })

  it('of two changes at once one is told what the other left', async () => {
    const { etag } = await world.owner.post(path, { name: 'race', ...body })
    const say = (description: string) => world.owner.put(`${path}/race`, { description, ...more }, { etag })
    const [saved, refused] = (await Promise.all([say('one'), say('other')])).toSorted(
      (one, other) => one.status - other.status,
    )

    expect([saved?.status, refused?.status]).toEqual([200, 412])
    expect(refused?.data.current).toEqual(saved?.data)
    expect(refused?.etag).toBe(saved?.etag)
    const late = await world.owner.delete(`${path}/race`, { etag })
    expect([late.status, late.data.current]).toEqual([412, saved?.data])
    expect((await world.owner.put(`${path}/race`, { ...more })).status).toBe(428)
  })

  it('of another tenant of the same name are others', async () => {
    const other = `/api/tenants/other/${kind}`
    await world.owner.post(path, { name: 'same', description: 'ours', ...body })
    await world.owner.post(other, { name: 'same', description: 'theirs', ...body })
    await world.owner.delete(`${other}/same`, { etag: '*' })

    expect((await world.owner.get(`${path}/same`)).data.description).toBe('ours')
    expect((await world.owner.get(`${other}/same`)).status).toBe(404)
  })

  it('of the files are shown with their place, and are read-only', async () => {
    const [first] = (await world.owner.get(path)).data.results.filter(
      ({ managed_in: where }: { managed_in: string }) => where === 'file',
    )
    const named = `${path}/${encodeURIComponent(first.name)}`
    if (kind !== 'plans') expect(first.at).toMatch(/^policies\/roles\.yaml:\d+$/)
    const refused = { status: 409, code: 'conflict', message: expect.stringContaining('read-only') }

    expect(await world.owner.put(named, { ...more }, { etag: '"v0"' })).toMatchObject(refused)
    expect(await world.owner.delete(named, { etag: '*' })).toMatchObject(refused)
  })

  it('are heard by another process over the same store, and what it changes is heard here', async () => {
    const there = world.at(await startBeside(world.running), world.owner)
    const made = await world.owner.post(path, { name: 'heard', ...body })
    await expect.poll(async () => (await there.get(`${path}/heard`)).status).toBe(200)
    await there.put(`${path}/heard`, { description: 'from there', ...more }, { etag: made.etag })

    await expect.poll(async () => (await world.owner.get(`${path}/heard`)).data.description).toBe('from there')
    // Not yet heard or not, a change of the older version is refused.
    const stale = await world.owner.put(`${path}/heard`, { ...more }, { etag: made.etag })
    expect(stale).toMatchObject({ status: 412, data: { current: { version: 2 } } })
  })
})

/** For tables of what is refused, or made under a name of its own. */
let shared: AdminWorld
let closeShared: () => Promise<void>
beforeAll(async () => ({ world: shared, close: closeShared } = await openAdmin()))
afterAll(() => closeShared())

describe('names of roles', () => {
  it.each([
    'ä ö',
    'a/b',
    'a%2Fb',
    '%',
    '?x=1#y',
    '"',
    "'; drop table users; --",
    '<script>alert(1)</script>',
    '日本語',
    '🦊'.repeat(50),
    'x'.repeat(100),
    'ﷺ',
    '‮evil',
  ])('may be %j, and come back as they went in', async (name) => {
    const { owner } = shared
    const made = await owner.post(`${t}/user-roles`, { name, description: name, permissions: [] })
    const path = `${t}/user-roles/${encodeURIComponent(name)}`

    expect([made.status, made.data?.name, made.data?.description]).toEqual([201, name, name])
    expect((await owner.get(path)).data.name).toBe(name)
    await owner.post(`${t}/users`, { name: 'ann', kind: 'api', roles: [name] })
    expect((await owner.get(`${t}/users?role=${encodeURIComponent(name)}`)).data.total).toBe(1)
    expect((await owner.delete(path, { etag: '*' })).data.holders).toEqual(['ann'])
    await owner.delete(`${t}/users/ann`, { etag: '*' })
  })

  it.each(['', '.', '..', ' ', ' a', 'a ', 'a\nb', 'a\u0000', '\u0085', 'x'.repeat(101), '🦊'.repeat(101)])(
    'may not be %j',
    async (name) => {
      const { owner } = shared

      for (const [kind, body] of [
        ['user-roles', { permissions: [] }],
        ['list-roles', { grants: [] }],
      ] as const) {
        expect(await owner.post(`${t}/${kind}`, { name, ...body })).toMatchObject({
          status: 422,
          fields: [{ path: 'name' }],
        })
      }
    },
  )
})

describe('user roles', () => {
  it('hold permissions that the policy knows, and no others', async () => {
    const { owner } = await startAdmin()
    const answer = await owner.post(`${t}/user-roles`, {
      name: 'r',
      permissions: ['subscribers:get', 'moon:walk'],
      admin: ['users:get'],
    })
    expect(answer).toMatchObject({ status: 422, fields: [{ path: 'permissions[1]' }] })
    const admin = await owner.post(`${t}/user-roles`, { name: 'r', permissions: [], admin: ['users:walk'] })
    expect(admin).toMatchObject({ status: 422, fields: [{ path: 'admin[0]' }] })
  })

  it('are taken from everybody who holds them when they are deleted, and do not come back with their name', async () => {
    const { owner } = await startAdmin()
    await owner.post(`${t}/user-roles`, { name: 'r', permissions: ['subscribers:get'] })
    for (const name of ['ann', 'bob', 'eve']) {
      await owner.post(`${t}/users`, { name, kind: 'api', roles: name === 'eve' ? [] : ['r'] })
    }
    const before = await owner.get(`${t}/users/ann`)
    expect((await owner.get(`${t}/user-roles/r`)).data.holders).toBe(2)
    const deleted = await owner.delete(`${t}/user-roles/r`, { etag: '*' })
    expect(deleted.data.holders).toEqual(['ann', 'bob'])
    await owner.post(`${t}/user-roles`, { name: 'r', permissions: ['subscribers:get'] })

    const after = await owner.get(`${t}/users/ann`)
    expect(after.data.roles).toEqual([])
    expect(after.etag).not.toBe(before.etag)
    expect((await owner.get(`${t}/user-roles/r`)).data.holders).toBe(0)
  })

  it('are there always: the owner’s, which is read-only and cannot be made otherwise', async () => {
    const { owner } = await startAdmin()
    const { data, etag } = await owner.get(`${t}/user-roles/owner`)
    expect(data).toMatchObject({ managed_in: 'built-in', at: null, holders: 1 })
    expect(await owner.post(`${t}/user-roles`, { name: 'owner', permissions: [] })).toMatchObject({ status: 409 })
    expect(await owner.put(`${t}/user-roles/owner`, { permissions: [] }, { etag })).toMatchObject({ status: 409 })
    expect(await owner.delete(`${t}/user-roles/owner`, { etag })).toMatchObject({ status: 409 })
  })
})

describe('list roles', () => {
  it.each([
    [
      'a list twice',
      [
        { list: 3, get: true, manage: false },
        { list: 3, get: false, manage: true },
      ],
      'grants[1].list',
    ],
    ['a list for nothing', [{ list: 3, get: false, manage: false }], 'grants[0]'],
    [
      'a day that no calendar has',
      [{ list: 3, get: true, manage: false, until: '2027-02-30T00:00:00Z' }],
      'grants[0].until',
    ],
    ['list 0', [{ list: 0, get: true, manage: false }], 'grants[0].list'],
    ['a list beyond 2^31', [{ list: 2 ** 31, get: true, manage: false }], 'grants[0].list'],
  ])('do not hold %s', async (_what, grants, path) => {
    const { owner } = shared
    expect(await owner.post(`${t}/list-roles`, { name: 'r', grants })).toMatchObject({
      status: 422,
      fields: [{ path }],
    })
  })

  it('show their lists in order, and until when, in one form whatever it was given in', async () => {
    const { owner } = await startAdmin()
    const until = '2099-01-31T09:00:00.5+05:30'
    const grants = [
      { list: 7, get: true, manage: false, until },
      { list: 4, get: false, manage: true },
    ]
    const { data } = await owner.post(`${t}/list-roles`, { name: 'r', grants })

    expect(data.grants).toEqual([
      { list: 4, get: false, manage: true, until: null },
      { list: 7, get: true, manage: false, until: '2099-01-31T03:30:00.500000+00:00' },
    ])
  })

  it('name lists of the backend by id and name, those that only roles know, and those that are retired', async () => {
    const { owner } = await startAdmin()
    await owner.post(`${t}/list-roles`, { name: 'r', grants: [{ list: 777, get: true, manage: false }] })
    await owner.put(`${t}/retired-lists/778`, undefined as never)
    const { data } = await owner.get(`${t}/lists`)

    expect(data.named).toBe(true)
    expect(data.results).toContainEqual({
      id: 3,
      name: 'Alpha',
      retired: null,
      roles: ['alpha team', 'alpha readers', 'press office'],
    })
    expect(data.results).toContainEqual({ id: 777, name: null, retired: null, roles: ['r'] })
    expect(data.results).toContainEqual({ id: 778, name: null, retired: 'gone', roles: [] })
    expect((await owner.get(`${t}/retired-lists`)).data.results).toEqual([
      { list: 778, state: 'gone', at: expect.any(String) },
    ])
    expect((await owner.delete(`${t}/retired-lists/778`)).status).toBe(200)
    expect((await owner.delete(`${t}/retired-lists/778`)).status).toBe(404)
  })

  it('say that the backend is away, in the envelope', async () => {
    const { owner, running } = await startAdmin()
    await running.backend.close()

    expect(await owner.get(`${t}/lists`)).toMatchObject({ status: 502, code: 'upstream-refused' })
  })

  it.each([
    ['is no JSON', 200, '<html>'],
    ['is of another shape', 200, '{"data":{"results":5}}'],
    ['does not accept the gateway', 403, '{}'],
    ['fails', 500, '{"message":"pq: secret"}'],
  ])('say that a backend that %s is not understood', async (_what, status, body) => {
    const head = `HTTP/1.1 ${status} X\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
    const backend = await startUpstream((wire) => wire.write(head + body))
    onTestFinished(() => backend.close())
    const { owner } = await startAdmin({ upstreamUrl: backend.url })
    const answer = await owner.get(`${t}/lists`)

    expect(answer).toMatchObject({ status: 502, code: status === 403 ? 'upstream-credential' : 'upstream-protocol' })
    expect(answer.text).not.toContain('pq')
  })
})

describe('rate plans', () => {
  it.each([
    ['too few classes', classes.slice(1), 'classes'],
    ['a class that no route has', [...classes, { name: 'more', limit: 1, window: '1m' }], 'classes[4].name'],
    ['a class twice', [...classes, classes[0]], 'classes[4].name'],
    ['a window that is too long', classes.map((each) => ({ ...each, window: '8d' })), 'classes[0].window'],
    ['a window without a unit', classes.map((each) => ({ ...each, window: '8' })), 'classes[0].window'],
    ['no limit at all', classes.map((each) => ({ ...each, limit: 0 })), 'classes[0].limit'],
    ['half a request', classes.map((each) => ({ ...each, limit: 1.5 })), 'classes[0].limit'],
  ])('do not have %s', async (_what, wrong, path) => {
    const { owner } = shared
    const answer = await owner.post(`${t}/plans`, { name: 'p', classes: wrong })

    expect(answer).toMatchObject({ status: 422 })
    expect(answer.fields.map((field) => field.path)).toContain(path)
  })

  it('are kept while somebody has them', async () => {
    const { owner } = await startAdmin()
    await owner.post(`${t}/plans`, { name: 'p', classes })
    const ann = await owner.post(`${t}/users`, { name: 'ann', kind: 'api', plan: 'p' })
    const inUse = { status: 409, code: 'conflict' }
    expect((await owner.get(`${t}/plans/p`)).data.users).toBe(1)
    expect(await owner.delete(`${t}/plans/p`, { etag: '*' })).toMatchObject({
      ...inUse,
      message: 'the user ann has the rate plan p: give another one first',
    })
    await owner.patch(`${t}/users/ann`, { plan: null }, { etag: ann.etag })
    await owner.put(`${t}/plan`, { plan: 'p' }, { etag: '*' })
    expect(await owner.delete(`${t}/plans/p`, { etag: '*' })).toMatchObject(inUse)
    await owner.put(`${t}/plan`, { plan: null }, { etag: '*' })
    expect((await owner.delete(`${t}/plans/p`, { etag: '*' })).status).toBe(200)
  })

  it('of a tenant are given on condition', async () => {
    const { owner } = await startAdmin()
    const before = await owner.get(t)
    const given = await owner.put(`${t}/plan`, { plan: 'trial' }, { etag: before.etag })
    expect(given.data).toMatchObject({ plan: 'trial', plan_of: 'store', configured_plan: 'default', version: 1 })
    const stale = await owner.put(`${t}/plan`, { plan: null }, { etag: before.etag })
    expect([stale.status, stale.data.current]).toEqual([412, given.data])
    expect((await owner.put(`${t}/plan`, { plan: null }, { etag: given.etag })).data).toMatchObject({
      plan: 'default',
      plan_of: 'configuration',
    })
    expect(await owner.put(`${t}/plan`, { plan: 'nothing' }, { etag: '*' })).toMatchObject({
      status: 422,
      fields: [{ path: 'plan' }],
    })
  })
})

describe('what can be given', () => {
  it('is every permission, with the routes that it opens', async () => {
    const { owner } = await startAdmin()
    const { data } = await owner.get(`${t}/permissions`)
    const all = data.groups.flatMap(({ permissions }: { permissions: object[] }) => permissions)

    expect(all).toContainEqual(expect.objectContaining({ permission: 'lists:get_all', supersedes: 'get' }))
    expect(all.find(({ permission }: { permission: string }) => permission === 'subscribers:import').opens).toContain(
      'POST /api/import/subscribers',
    )
    expect(data.admin).toHaveLength(14)
  })
})
