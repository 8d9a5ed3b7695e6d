/** Nobody gives what they do not hold, by whatever way; and the last administrator cannot lock everybody out. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AdminPermission } from '../../src/model/admin-permission.ts'
import {
  openAdmin,
  otherTenant,
  startAdmin,
  twoTenants,
  type AdminAnswer,
  type AdminWorld,
  type Client,
  type Person,
  type TokenHolder,
} from '../helpers/admin.ts'
import { defaultTenant } from '../helpers/gateway.ts'

const t = '/api/tenants/default'
const manager: readonly AdminPermission[] = [
  ...(['users:get', 'users:manage', 'tokens:manage', 'roles:get', 'roles:manage'] as const),
  ...(['plans:get', 'plans:manage', 'sessions:get', 'sessions:manage'] as const),
]
const y2030 = '2030-01-01T00:00:00.000000+00:00'
const y2031 = '2031-01-01T00:00:00.000000+00:00'

const exceeds = (what: { permissions?: readonly string[]; lists?: readonly number[] }) => ({
  status: 403,
  code: 'grant-exceeds',
  data: { permissions: what.permissions ?? [], lists: what.lists ?? [] },
})

describe('somebody who manages users and roles', () => {
  let world: AdminWorld
  let close: () => Promise<void>
  /** Holds `subscribers:get`, list 3 by `get`, list 5 by `get` until 2030, and manages all of it. */
  let lena: TokenHolder
  let boss: Person

  beforeAll(async () => {
    ;({ world, close } = await openAdmin({ tenants: twoTenants }))
    boss = world.owner
    const make = (kind: string, body: object) => boss.post(`${t}/${kind}`, body)
    await make('list-roles', {
      name: 'five for a while',
      grants: [{ list: 5, get: true, manage: false, until: y2030 }],
    })
    await make('list-roles', { name: 'five for longer', grants: [{ list: 5, get: true, manage: false, until: y2031 }] })
    await make('list-roles', { name: 'five for good', grants: [{ list: 5, get: true, manage: false }] })
    await make('user-roles', { name: 'sees subscribers', permissions: ['subscribers:get'] })
    await make('user-roles', { name: 'keeps subscribers', permissions: ['subscribers:get', 'subscribers:manage'] })
    await make('user-roles', { name: 'sees settings', permissions: [], admin: ['settings:get'] })
    const holding = { admin: manager, permissions: ['subscribers:get'] }
    lena = await world.tokenHolder('lena', { ...holding, listRoles: ['alpha readers', 'five for a while'] })
    await make('users', { name: 'high', kind: 'api', roles: ['keeps subscribers'] })
    await make('users', { name: 'far', kind: 'api', list_roles: ['beta readers'] })
    await make('users', { name: 'long', kind: 'api', list_roles: ['five for longer', 'alpha readers'] })
    await make('users', { name: 'own', kind: 'api' })
    await boss.put(`${t}/users/own/lists/7`, { get: true, manage: false })
    await world.person('chief', { roles: ['keeps subscribers'], email: 'chief@example.org' })
  })
  afterAll(() => close())

  const users = `${t}/users`
  let made = 0
  /** A user who holds nothing. */
  const somebody = async (): Promise<string> => {
    made += 1
    await boss.post(users, { name: `u${made}`, kind: 'api' })
    return `${users}/u${made}`
  }

  it.each<readonly [what: string, held: object]>([
    ['a role with what they hold', { roles: ['sees subscribers'] }],
    ['their own role', { roles: ['what lena may'] }],
    ['a list role with what they hold', { list_roles: ['alpha readers'] }],
    ['a list for as long as they hold it', { list_roles: ['five for a while'] }],
    ['a rate plan: that is no right', { plan: 'trial' }],
  ])('gives %s', async (_what, held) => {
    const path = await somebody()
    expect((await lena.patch(path, held, { etag: '*' })).status).toBe(200)
    made += 1
    expect((await lena.post(users, { name: `u${made}`, kind: 'api', ...held })).status).toBe(201)
  })

  it.each<readonly [what: string, held: object, excess: Parameters<typeof exceeds>[0]]>([
    ['a role with another permission', { roles: ['keeps subscribers'] }, { permissions: ['subscribers:manage'] }],
    [
      'a role of the files with other permissions',
      { roles: ['sender'] },
      { permissions: ['campaigns:get', 'campaigns:send'] },
    ],
    ['a role with another admin permission', { roles: ['sees settings'] }, { permissions: ['settings:get'] }],
    ['a list that they only read, to be managed', { list_roles: ['alpha team'] }, { lists: [3] }],
    ['a list that they do not hold', { list_roles: ['beta readers'] }, { lists: [4] }],
    ['a list for longer than they hold it', { list_roles: ['five for longer'] }, { lists: [5] }],
    ['a list for good that they hold for a while', { list_roles: ['five for good'] }, { lists: [5] }],
    [
      'several at once, of which they hold one',
      { roles: ['sees subscribers', 'sees settings'], list_roles: ['alpha readers', 'beta readers'] },
      { permissions: ['settings:get'], lists: [4] },
    ],
  ])(
    'does not give %s: neither to somebody new, nor to somebody else, nor to themselves',
    async (_what, held, excess) => {
      const path = await somebody()
      expect(await lena.post(users, { name: 'nobody', kind: 'api', ...held })).toMatchObject(exceeds(excess))
      expect(await lena.patch(path, held, { etag: '*' })).toMatchObject(exceeds(excess))
      const own = await boss.get(`${users}/lena`)
      const more = {
        roles: [...own.data.roles, ...((held as { roles?: string[] }).roles ?? [])].filter(unique),
        list_roles: [...own.data.list_roles, ...((held as { list_roles?: string[] }).list_roles ?? [])].filter(unique),
      }
      expect(await lena.patch(`${users}/lena`, more, { etag: '*' })).toMatchObject(exceeds(excess))
      expect((await boss.get(`${users}/nobody`)).status).toBe(404)
      expect((await boss.get(path)).data).toMatchObject({ roles: [], list_roles: [] })
    },
  )

  it('does not become owner', async () => {
    const answer = await lena.patch(`${users}/lena`, { roles: ['owner'] }, { etag: '*' })
    expect(answer).toMatchObject({ status: 403, code: 'grant-exceeds' })
    expect(answer.data.permissions).toContain('tenants:all')
    expect((await lena.post(users, { name: 'x', kind: 'person', roles: ['owner'] })).code).toBe('grant-exceeds')
  })

  it.each<readonly [list: number, grant: object, excess: Parameters<typeof exceeds>[0] | undefined]>([
    [3, { get: true, manage: false }, undefined],
    [3, { get: true, manage: true }, { lists: [3] }],
    [4, { get: true, manage: false }, { lists: [4] }],
    [5, { get: true, manage: false, until: y2030 }, undefined],
    [5, { get: true, manage: false, until: y2031 }, { lists: [5] }],
    [5, { get: true, manage: false }, { lists: [5] }],
  ])('gives list %s to somebody alone, as %j, only so far as they hold it', async (list, grant, excess) => {
    const path = `${await somebody()}/lists/${list}`
    const answer = await lena.put(path, grant)
    if (excess === undefined) expect(answer.status).toBe(200)
    else expect(answer).toMatchObject(exceeds(excess))
  })

  it.each<readonly [what: string, excess: Parameters<typeof exceeds>[0], act: (by: Client) => Promise<AdminAnswer>]>([
    [
      'makes a role with another permission',
      { permissions: ['subscribers:manage'] },
      (by) => by.post(`${t}/user-roles`, { name: 'n', permissions: ['subscribers:get', 'subscribers:manage'] }),
    ],
    [
      'makes a role with another admin permission',
      { permissions: ['tenants:all'] },
      (by) => by.post(`${t}/user-roles`, { name: 'n', permissions: [], admin: ['users:get', 'tenants:all'] }),
    ],
    [
      'makes a list role with another list',
      { lists: [4] },
      (by) =>
        by.post(`${t}/list-roles`, {
          name: 'n',
          grants: [
            { list: 3, get: true, manage: false },
            { list: 4, get: true, manage: false },
          ],
        }),
    ],
    [
      'makes a list role with another kind of access',
      { lists: [3] },
      (by) => by.post(`${t}/list-roles`, { name: 'n', grants: [{ list: 3, get: false, manage: true }] }),
    ],
    [
      'makes a list role for longer',
      { lists: [5] },
      (by) => by.post(`${t}/list-roles`, { name: 'n', grants: [{ list: 5, get: true, manage: false, until: y2031 }] }),
    ],
    ['brings a retired list back', { lists: [4] }, (by) => by.delete(`${t}/retired-lists/4`)],
    ['brings a retired list back that they only read', { lists: [3] }, (by) => by.delete(`${t}/retired-lists/3`)],
  ])('%s: not without holding it', async (_what, excess, act) => {
    expect(await act(lena)).toMatchObject(exceeds(excess))
    expect((await boss.get(`${t}/user-roles/n`)).status).toBe(404)
    expect((await boss.get(`${t}/list-roles/n`)).status).toBe(404)
  })

  describe('changes a role that others hold', () => {
    it('only by what they hold; what was there may stay, and may go', async () => {
      const path = `${t}/user-roles/shared`
      const permissions = ['subscribers:get', 'subscribers:manage', 'campaigns:get']
      await boss.post(`${t}/user-roles`, { name: 'shared', permissions, admin: ['settings:get'] })
      const put = (body: object) => lena.put(path, body, { etag: '*' })

      expect((await put({ description: 'said otherwise', permissions, admin: ['settings:get'] })).status).toBe(200)
      expect(await put({ permissions: [...permissions, 'campaigns:send'] })).toMatchObject(
        exceeds({ permissions: ['campaigns:send'] }),
      )
      expect(await put({ permissions, admin: ['settings:get', 'audit:get'] })).toMatchObject(
        exceeds({ permissions: ['audit:get'] }),
      )
      expect((await put({ permissions: ['subscribers:get'], admin: ['users:get'] })).status).toBe(200)
      // What was given up is not taken back.
      expect(await put({ permissions: ['subscribers:manage'] })).toMatchObject(
        exceeds({ permissions: ['subscribers:manage'] }),
      )
    })

    it('with lists alike: shorter and less is no gift', async () => {
      const path = `${t}/list-roles/shared`
      const both = { list: 4, get: true, manage: true, until: y2031 }
      await boss.post(`${t}/list-roles`, { name: 'shared', grants: [both] })
      const put = (...grants: readonly object[]) => lena.put(path, { grants }, { etag: '*' })

      expect((await put(both)).status).toBe(200)
      expect(await put({ ...both, until: null })).toMatchObject(exceeds({ lists: [4] }))
      expect(await put(both, { list: 7, get: true, manage: false })).toMatchObject(exceeds({ lists: [7] }))
      // A change of any kind was taken for a gift: nobody could shorten what they did not hold.
      expect((await put({ ...both, until: y2030 })).status).toBe(200)
      expect((await put({ ...both, until: y2030, manage: false })).status).toBe(200)
      expect(await put({ ...both, until: y2030 })).toMatchObject(exceeds({ lists: [4] }))
      expect((await put({ list: 3, get: true, manage: false })).status).toBe(200)
    })
  })

  const tokenOf = async (name: string): Promise<number> =>
    (await boss.post(`${users}/${name}/tokens`, {})).data.token.id

  it.each<readonly [who: string, excess: Parameters<typeof exceeds>[0]]>([
    ['high', { permissions: ['subscribers:manage'] }],
    ['far', { lists: [4] }],
    ['own', { lists: [7] }],
    // Held by the list role that ends first: the other one was taken to end with it.
    ['long', { lists: [5] }],
  ])('has no hold over %s, who holds more', async (name, excess) => {
    const path = `${users}/${name}`
    const token = await tokenOf(name)
    const refused = exceeds(excess)

    expect(await lena.post(`${path}/tokens`, {})).toMatchObject(refused)
    expect(await lena.post(`${path}/tokens/${token}/rotation`, {})).toMatchObject(refused)
    for (const change of [
      { status: 'disabled' },
      { status: 'enabled' },
      { note: 'x' },
      { plan: 'trial' },
      { roles: [] },
    ]) {
      expect(await lena.patch(path, change, { etag: '*' })).toMatchObject(refused)
    }
    expect(await lena.put(`${path}/lists/3`, { get: true, manage: false })).toMatchObject(refused)
    expect(await lena.delete(`${path}/lists/7`)).toMatchObject(refused)
    expect(await lena.delete(path, { etag: '*' })).toMatchObject(refused)
    expect((await boss.get(path)).data.status).toBe('enabled')
    // To end a token that got about takes no more than the right to it.
    expect((await lena.patch(`${path}/tokens/${token}`, { label: 'leaked' })).status).toBe(200)
    expect((await lena.delete(`${path}/tokens/${token}`)).status).toBe(200)
  })

  it('has no hold over the sign-in of somebody who holds more', async () => {
    const path = `${users}/chief`
    const refused = exceeds({ permissions: ['subscribers:manage'] })
    const sessions = (await lena.get('/api/sessions')).data.results as { id: number; user: string }[]
    const session = sessions.find(({ user }) => user === 'chief')

    expect(await lena.post(`${path}/link`)).toMatchObject(refused)
    expect(await lena.delete(`${path}/second-factor`)).toMatchObject(refused)
    expect(await lena.delete(`${path}/sessions`)).toMatchObject(refused)
    expect(await lena.delete(`/api/sessions/${String(session?.id)}`)).toMatchObject(refused)
    // With the address goes the sign-in through an identity provider.
    expect(await lena.patch(path, { email: 'lena@example.org' }, { etag: '*' })).toMatchObject(refused)
    expect((await boss.get(path)).data.email).toBe('chief@example.org')
  })

  it('has the same hold over their equals as over themselves', async () => {
    const holding = { admin: manager, permissions: ['subscribers:get'] }
    await world.person('peer', { ...holding, listRoles: ['alpha readers', 'five for a while'] })

    expect((await lena.post(`${users}/peer/link`)).status).toBe(201)
    expect((await lena.patch(`${users}/peer`, { status: 'disabled' }, { etag: '*' })).status).toBe(200)
    expect((await lena.delete(`${users}/peer`, { etag: '*' })).status).toBe(200)
  })

  it('gives any list where they hold the permission that supersedes list roles', async () => {
    const all = await world.tokenHolder('all', { admin: manager, permissions: ['lists:get_all'] })
    const path = await somebody()

    expect((await all.put(`${path}/lists/99`, { get: true, manage: false })).status).toBe(200)
    expect(await all.put(`${path}/lists/99`, { get: false, manage: true })).toMatchObject(exceeds({ lists: [99] }))
  })

  it('gives in another tenant no list by their own list roles: an id means another list there', async () => {
    const admin = [...manager, 'tenants:all'] as const
    const wide = await world.tokenHolder('wide', {
      admin,
      permissions: ['subscribers:get'],
      listRoles: ['alpha readers'],
    })
    const there = '/api/tenants/other'
    await boss.post(`${there}/users`, { name: 'theirs', kind: 'api' })

    expect(await wide.put(`${there}/users/theirs/lists/3`, { get: true, manage: false })).toMatchObject(
      exceeds({ lists: [3] }),
    )
    expect(
      await wide.post(`${there}/list-roles`, { name: 'n', grants: [{ list: 3, get: true, manage: false }] }),
    ).toMatchObject(exceeds({ lists: [3] }))
    expect((await wide.post(`${there}/user-roles`, { name: 'n', permissions: ['subscribers:get'] })).status).toBe(201)
    expect(await wide.post(`${there}/user-roles`, { name: 'm', permissions: ['campaigns:get'] })).toMatchObject(
      exceeds({ permissions: ['campaigns:get'] }),
    )
    expect(
      (await wide.post(`${t}/list-roles`, { name: 'here', grants: [{ list: 3, get: true, manage: false }] })).status,
    ).toBe(201)
  })

  it('of another tenant has no hold here', async () => {
    const theirs = await world.tokenHolder('foreigner', { admin: manager, tenant: otherTenant })
    const hidden = { status: 404, message: 'there is no such thing' }
    expect(await theirs.post(users, { name: 'x', kind: 'api' })).toMatchObject(hidden)
    expect(await theirs.delete(`${users}/own`, { etag: '*' })).toMatchObject(hidden)
    const sessions = (await boss.get('/api/sessions')).data.results as { id: number }[]
    for (const { id } of sessions) expect(await theirs.delete(`/api/sessions/${id}`)).toMatchObject(hidden)
  })
})

const unique = (each: string, at: number, all: readonly string[]): boolean => all.indexOf(each) === at

describe('the last administrator', () => {
  const gone = { status: 409, code: 'last-administrator' }

  it('is not disabled, not deleted, and does not give the role up', async () => {
    const { owner } = await startAdmin()
    const path = `${t}/users/boss`
    const before = await owner.get(path)

    expect(await owner.patch(path, { status: 'disabled' }, { etag: '*' })).toMatchObject(gone)
    expect(await owner.patch(path, { roles: [] }, { etag: '*' })).toMatchObject(gone)
    expect(await owner.patch(path, { roles: ['administrator'] }, { etag: '*' })).toMatchObject(gone)
    expect(await owner.delete(path, { etag: '*' })).toMatchObject(gone)
    expect((await owner.get(path)).json).toEqual(before.json)
    // None of it happened, so none of it is told.
    expect(
      (await owner.get('/api/audit?subject=default/boss')).data.results.map(({ action }: { action: string }) => action),
    ).toEqual(['session.start', 'person.password', 'user.create'])
    expect((await owner.patch(path, { note: 'still here' }, { etag: '*' })).status).toBe(200)
  })

  it.each([
    ['an API user with the role', (world: AdminWorld) => world.tokenHolder('other', { roles: ['owner'] })],
    [
      'a person who has not set a password yet',
      (world: AdminWorld) =>
        world.running.store.createUser(
          { tenant: defaultTenant, name: 'other', kind: 'person', roles: ['owner'], listRoles: [] },
          'test',
        ),
    ],
    [
      'a person who lacks one of the permissions',
      (world: AdminWorld) => world.person('other', { admin: ['users:manage', 'roles:manage', 'users:get'] }),
    ],
    [
      'a disabled person',
      async (world: AdminWorld) => {
        await world.person('other', { roles: ['owner'] })
        await world.running.store.setUserStatus(defaultTenant, 'other', 'disabled', 'test')
      },
    ],
  ])('has no stand-in in %s', async (_what, make) => {
    const world = await startAdmin()
    await make(world)

    expect(await world.owner.patch(`${t}/users/boss`, { status: 'disabled' }, { etag: '*' })).toMatchObject(gone)
  })

  it('has no stand-in in a person of a tenant that is configured no more', async () => {
    const world = await startAdmin({ tenants: twoTenants })
    await world.person('other', { roles: ['owner'], tenant: otherTenant })
    const [first] = world.running.config.tenants
    world.running.gateway.reload({ ...world.running.config, tenants: [first] }, world.running.policies)

    expect(await world.owner.patch(`${t}/users/boss`, { roles: [] }, { etag: '*' })).toMatchObject(gone)
  })

  it('may go where somebody else can do it all, in whatever tenant', async () => {
    const world = await startAdmin({ tenants: twoTenants })
    await world.person('other', { roles: ['owner'], tenant: otherTenant })

    expect((await world.owner.patch(`${t}/users/boss`, { roles: [] }, { etag: '*' })).status).toBe(200)
  })

  it('does not lose it with a role of the store: not by its change, not by its deletion', async () => {
    const world = await startAdmin()
    const role = `${t}/user-roles/admins`
    const admin = ['users:get', 'users:manage', 'roles:get', 'roles:manage', 'tenants:all']
    await world.owner.post(`${t}/user-roles`, { name: 'admins', permissions: [], admin })
    const ada = await world.person('ada', { roles: ['admins'] })
    expect((await world.owner.patch(`${t}/users/boss`, { roles: [] }, { etag: '*' })).status).toBe(200)

    for (const each of ['users:manage', 'roles:manage', 'tenants:all']) {
      const less = { permissions: [], admin: admin.filter((permission) => permission !== each) }
      expect(await ada.put(role, less, { etag: '*' })).toMatchObject(gone)
    }
    expect(await ada.delete(role, { etag: '*' })).toMatchObject(gone)
    expect(
      (await ada.put(role, { permissions: [], admin: admin.filter((each) => each !== 'users:get') }, { etag: '*' }))
        .status,
    ).toBe(200)
  })

  it.each([
    ['disable', (path: string, by: Client) => by.patch(path, { status: 'disabled' }, { etag: '*' })],
    ['delete', (path: string, by: Client) => by.delete(path, { etag: '*' })],
    ['take the role from', (path: string, by: Client) => by.patch(path, { roles: [] }, { etag: '*' })],
  ])('is one of two who %s each other at the same moment', async (_what, act) => {
    const world = await startAdmin()
    const ada = await world.person('ada', { roles: ['owner'] })
    const answers = await Promise.all([act(`${t}/users/ada`, world.owner), act(`${t}/users/boss`, ada)])
    const statuses = answers.map(({ status }) => status).toSorted((one, other) => one - other)

    // The second either comes too late to be known, or is held back.
    expect(statuses[0]).toBe(200)
    expect([401, 403, 409]).toContain(statuses[1])
    const left = await world.running.store.people.administration()
    expect(left.people.filter(({ roles }) => roles.includes('owner'))).toHaveLength(1)
  })
})
