import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/store.ts'
import { cliWorld, twoTenants, type CliWorld } from './world.ts'

const json = async (world: CliWorld, ...args: string[]): Promise<unknown> =>
  JSON.parse((await world.sallyport([...args, '--output', 'json'])).out)

const ann = {
  id: 1,
  tenant: 'default',
  name: 'ann',
  kind: 'api',
  status: 'enabled',
  roles: ['editor', 'reader'],
  list_roles: ['alpha team'],
  created_at: '2026-01-01T00:00:00.000000+00:00',
  updated_at: '2026-01-01T00:00:00.000000+00:00',
}
const addAnn = ['user', 'add', 'ann', '--role', 'reader', '--role', 'editor', '--list-role', 'alpha team']

describe('user', () => {
  it('adds a user with roles, and shows and lists them', async () => {
    const world = await cliWorld()
    const added = await world.sallyport(addAnn)

    expect(added).toMatchObject({ code: 0, out: 'added api user ann to tenant default\n' })
    expect(added.err).toContain('sallyport token new ann')
    expect(await json(world, 'user', 'list')).toEqual([ann])
    expect(await json(world, 'user', 'show', 'ann')).toEqual({ ...ann, list_grants: [], tokens: [] })
    expect((await world.sallyport(['user', 'list'])).out).toBe(
      'TENANT   NAME  KIND  STATUS   ROLES           LIST ROLES\n' +
        'default  ann   api   enabled  editor, reader  alpha team\n',
    )
  })

  it('refuses roles that roles.yaml does not have, says which were meant, and adds nobody', async () => {
    const world = await cliWorld()
    const args = ['user', 'add', 'ann', '--role', 'raeder', '--list-role', 'alpha taem']

    expect(await world.sallyport(args)).toEqual({
      code: 2,
      out: '',
      err:
        'error: there is no user role `raeder` - did you mean `reader`?\n' +
        'error: there is no list role `alpha taem` - did you mean `alpha team`?\n',
    })
    expect(await json(world, 'user', 'list')).toEqual([])
  })

  it.each(['a:b', 'a b', '', 'x'.repeat(201)])('refuses the name %j with exit code 2', async (name) => {
    const { sallyport } = await cliWorld()
    expect(await sallyport(['user', 'add', name])).toMatchObject({ code: 2, out: '' })
  })

  it('fails with exit code 1 when the user is there already, or is not there', async () => {
    const world = await cliWorld()
    await world.sallyport(addAnn)

    expect(await world.sallyport(addAnn)).toMatchObject({ code: 1, out: '' })
    for (const command of ['show', 'enable', 'disable', 'delete']) {
      expect(await world.sallyport(['user', command, 'bob'])).toEqual({
        code: 1,
        out: '',
        err: 'error: there is no user `bob` in tenant `default` - see `sallyport user list`\n',
      })
    }
    // A name that only begins like the one asked for is another one.
    expect(await world.sallyport(['user', 'show', 'an'])).toMatchObject({ code: 1, out: '' })
  })

  it('disables, enables and deletes', async () => {
    const world = await cliWorld()
    await world.sallyport(addAnn)

    expect((await world.sallyport(['user', 'disable', 'ann'])).out).toBe('disabled ann of tenant default\n')
    expect(await json(world, 'user', 'list')).toMatchObject([{ name: 'ann', status: 'disabled' }])
    expect((await world.sallyport(['user', 'enable', 'ann'])).out).toBe('enabled ann of tenant default\n')
    expect(await json(world, 'user', 'list')).toMatchObject([{ name: 'ann', status: 'enabled' }])
    expect((await world.sallyport(['user', 'delete', 'ann'])).out).toBe('deleted ann of tenant default\n')
    expect(await json(world, 'user', 'list')).toEqual([])
  })

  it('replaces the kind of roles that is named, and leaves the other', async () => {
    const world = await cliWorld()
    await world.sallyport(addAnn)
    const set = (...options: string[]): Promise<unknown> => json(world, 'user', 'set-roles', 'ann', ...options)
    const base = { tenant: 'default', name: 'ann' }

    expect(await set('--role', 'sender')).toEqual({ ...base, roles: ['sender'], list_roles: ['alpha team'] })
    expect(await set('--no-list-role')).toEqual({ ...base, roles: ['sender'], list_roles: [] })
    expect(await set('--no-role', '--list-role', 'beta team', '--list-role', 'alpha team')).toEqual({
      ...base,
      roles: [],
      list_roles: ['alpha team', 'beta team'],
    })
    expect(await world.sallyport(['user', 'set-roles', 'ann'])).toMatchObject({ code: 2 })
    expect(await world.sallyport(['user', 'set-roles', 'ann', '--role', 'raeder'])).toMatchObject({ code: 2 })
  })

  it('keeps the users of tenants apart, and asks which tenant where there are several', async () => {
    const world = await cliWorld(twoTenants)
    await world.sallyport(['user', 'add', 'ann', '--tenant', 'north'])
    await world.sallyport(['user', 'add', 'ann', '--tenant', 'south', '--kind', 'person'])

    expect(await json(world, 'user', 'list', '--tenant', 'south')).toMatchObject([{ tenant: 'south', kind: 'person' }])
    expect(await json(world, 'user', 'list')).toHaveLength(2)
    expect(await world.sallyport(['user', 'add', 'bob'])).toMatchObject({
      code: 2,
      err: 'error: there are several tenants - say which with --tenant: `north`, `south`\n',
    })
    expect(await world.sallyport(['user', 'add', 'bob', '--tenant', 'soth'])).toMatchObject({
      code: 2,
      err: 'error: there is no tenant `soth` - did you mean `south`?\n',
    })
  })

  it('writes who did it to the audit log', async () => {
    const world = await cliWorld()
    await world.sallyport(addAnn)
    await world.sallyport(['user', 'disable', 'ann'], { env: { USER: 'root', SUDO_USER: 'bob' } })
    const clock = { epochMs: () => 0, monotonicMs: () => 0 }
    const store = await openStore({ file: join(world.folder, 'sallyport.db'), clock })

    const entries = await store.listAudit({ limit: 10 })
    await store.close()

    expect(entries.map(({ actor, action, subject }) => [actor, action, subject])).toEqual([
      ['cli:bob', 'user.disabled', 'default/ann'],
      ['cli:eve', 'user.create', 'default/ann'],
    ])
  })

  it('grants lists of their own, shows them, and takes them again', async () => {
    const world = await cliWorld()
    await world.sallyport(addAnn)

    expect(await world.sallyport(['user', 'grant', 'ann', '--list', '9', '--get', '--manage'])).toEqual({
      code: 0,
      out: 'ann of tenant default holds list 9: get, manage\n',
      err: '',
    })
    expect(await json(world, 'user', 'grant', 'ann', '--list', '4', '--get', '--until', '1d')).toEqual({
      tenant: 'default',
      name: 'ann',
      list: 4,
      access: ['get'],
      until: '2026-01-02T00:00:00.000000+00:00',
    })
    expect(await json(world, 'user', 'show', 'ann')).toMatchObject({
      list_grants: [
        { list: 4, access: ['get'], until: '2026-01-02T00:00:00.000000+00:00' },
        { list: 9, access: ['get', 'manage'], until: null },
      ],
    })
    expect((await world.sallyport(['user', 'show', 'ann'])).out).toContain(
      '  own lists   4 (get until 2026-01-02T00:00:00.000000+00:00), 9 (get and manage)\n',
    )

    await world.sallyport(['user', 'grant', 'ann', '--list', '9', '--manage'])
    expect((await world.sallyport(['user', 'ungrant', 'ann', '--list', '4'])).out).toBe(
      'ann of tenant default no longer holds list 4 directly\n',
    )
    expect(await json(world, 'user', 'show', 'ann')).toMatchObject({
      list_grants: [{ list: 9, access: ['manage'], until: null }],
    })
  })

  it('refuses a grant of nothing, of no list, of a time that is over, and to nobody', async () => {
    const world = await cliWorld()
    await world.sallyport(addAnn)
    const grant = (...args: string[]) => world.sallyport(['user', 'grant', ...args])

    expect(await grant('ann', '--list', '3')).toMatchObject({
      code: 2,
      err: 'error: nothing is granted - use --get, --manage, or both\n',
    })
    for (const list of ['0', '03', '-1', 'Alpha', '2147483648']) {
      expect(await grant('ann', '--list', list, '--get')).toMatchObject({
        code: 2,
        err: `error: \`${list}\` is no list - use its id, a number from 1 to 2147483647\n`,
      })
    }
    expect(await grant('ann', '--list', '3', '--get', '--until', '2025-12-31T00:00:00Z')).toMatchObject({ code: 2 })
    expect(await grant('bob', '--list', '3', '--get')).toMatchObject({ code: 1 })
    expect(await world.sallyport(['user', 'ungrant', 'ann', '--list', '3'])).toMatchObject({
      code: 1,
      err: 'error: `ann` holds no grant of their own on list 3 - see `sallyport user show ann`; list roles stand in roles.yaml\n',
    })
    expect(await json(world, 'user', 'show', 'ann')).toMatchObject({ list_grants: [] })
  })
})
