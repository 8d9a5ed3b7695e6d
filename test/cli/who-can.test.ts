import { describe, expect, it } from 'vitest'
import { cliWorld, oneTenant, twoTenants, type CliWorld } from './world.ts'

async function add(world: CliWorld, name: string, role: string, ...others: string[]): Promise<void> {
  expect(await world.sallyport(['user', 'add', name, '--role', role, ...others])).toMatchObject({ code: 0 })
}

describe('who-can', () => {
  it('lists who may, who may partly and for whom it depends, with roles and counts', async () => {
    const world = await cliWorld(oneTenant)
    await add(world, 'ann', 'reader', '--list-role', 'alpha readers')
    await add(world, 'ben', 'editor', '--list-role', 'alpha team')
    await add(world, 'root', 'administrator')
    await add(world, 'gone', 'administrator')
    await world.sallyport(['user', 'disable', 'gone'])

    expect(await world.sallyport(['who-can', 'get', '/api/lists/3'])).toEqual({
      code: 0,
      err: '',
      out: `GET /api/lists/3 (tenant default)

may
  1 with role reader, list role alpha readers: lists-granted; lists by alpha readers
    ann
  1 with role editor, list role alpha team: lists-granted; lists by alpha team
    ben
  1 with role administrator, no list role: every-list; lists by administrator
    root

3 may, 0 partly, 0 depend on the stored thing, 0 may not; 1 disabled
`,
    })
    expect((await world.sallyport(['who-can', 'DELETE', '/api/subscribers/18'])).out).toBe(
      `DELETE /api/subscribers/18 (tenant default)

may
  1 with role administrator, no list role: every-list; subscribers:manage of administrator; lists by administrator
    root

depends on the stored thing
  1 with role editor, list role alpha team: the lists of subscriber 18; subscribers:manage of editor
    ben

may not
  1 with role reader, list role alpha readers: permission-denied; permission-missing
    ann

1 may, 0 partly, 1 depend on the stored thing, 1 may not; 1 disabled
`,
    )
  })

  it('judges a body, and gives JSON with as many names as asked for', async () => {
    const world = await cliWorld(oneTenant)
    for (const name of ['a', 'b', 'c']) await add(world, name, 'editor', '--list-role', 'alpha team')
    await world.write('body.json', '{"email":"x@example.org","lists":[3]}')
    const { code, out } = await world.sallyport([
      'who-can',
      'POST',
      '/api/subscribers',
      '--body',
      'body.json',
      '--limit',
      '2',
      '--output',
      'json',
    ])

    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual({
      method: 'POST',
      target: '/api/subscribers',
      tenant: 'default',
      counts: { may: 3, partly: 0, depends: 0, may_not: 0, disabled: 0 },
      anonymous: 'may-not',
      groups: [
        {
          verdict: 'may',
          reason: 'lists-granted',
          permission: 'subscribers:manage',
          role: 'editor',
          by: 'alpha team',
          things: [],
          roles: ['editor'],
          list_roles: ['alpha team'],
          count: 3,
          users: ['a', 'b'],
        },
      ],
    })
  })

  it('pages through all users of one tenant', async () => {
    const world = await cliWorld(twoTenants)
    const users = Array.from(
      { length: 2500 },
      (_, index) => `{"name":"u${index}","tenant":"north","roles":["reader"]}\n`,
    )
    await world.write('users.jsonl', users.join(''))
    expect(await world.sallyport(['import', 'users.jsonl'])).toMatchObject({ code: 0 })
    await add(world, 'other', 'reader', '--tenant', 'south')
    const counted = async (tenant: string): Promise<unknown> =>
      JSON.parse((await world.sallyport(['who-can', 'GET', '/api/health', '--tenant', tenant, '--output', 'json'])).out)
        .counts

    expect(await counted('north')).toMatchObject({ may: 2500 })
    expect(await counted('south')).toMatchObject({ may: 1 })
  })

  it('says that no credentials are needed', async () => {
    const { sallyport } = await cliWorld(oneTenant)

    expect((await sallyport(['who-can', 'GET', '/api/public/lists'])).out).toContain(
      'anybody may, also without credentials\n',
    )
  })

  it.each([
    [['who-can', 'GET', '/', '--limit', 'all'], '--limit: `all` is no number'],
    [['who-can', 'GET', '/', '--tenant', 'nobody'], 'there is no tenant `nobody`'],
  ])('refuses %j', async (args, message) => {
    const { sallyport } = await cliWorld(oneTenant)
    const { code, out, err } = await sallyport(args)

    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(message)
  })
})
