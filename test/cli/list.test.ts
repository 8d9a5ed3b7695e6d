import { describe, expect, it } from 'vitest'
import { cliWorld, twoTenants, type CliWorld } from './world.ts'

const json = async (world: CliWorld, ...args: string[]): Promise<unknown> =>
  JSON.parse((await world.sallyport([...args, '--output', 'json'])).out)

describe('what is asked on paper', () => {
  it("knows lists of one's own, and lists that were deleted", async () => {
    const world = await cliWorld()
    const asks = async (): Promise<unknown> => {
      const { effect, role } = (await json(world, 'explain', 'GET', '/api/lists/9', '--as', 'ann')) as Record<
        string,
        unknown
      >
      const { counts } = (await json(world, 'who-can', 'GET', '/api/lists/9')) as { counts: Record<string, number> }
      return [effect, role, counts['may']]
    }
    await world.sallyport(['user', 'add', 'ann'])
    expect(await asks()).toEqual(['deny', undefined, 0])
    await world.sallyport(['user', 'grant', 'ann', '--list', '9', '--get'])
    expect(await asks()).toEqual(['allow', 'own grant', 1])
    await world.sallyport(['list', 'retire', '9'])
    expect(await asks()).toEqual(['deny', undefined, 0])

    await world.sallyport(['user', 'set-roles', 'ann', '--list-role', 'alpha readers'])
    const alpha = (): Promise<unknown> => json(world, 'explain', 'GET', '/api/lists/3', '--as', 'ann')
    expect(await alpha()).toMatchObject({ effect: 'allow', role: 'alpha readers' })
    await world.sallyport(['list', 'retire', '3'])
    expect(await alpha()).toMatchObject({ effect: 'deny', reason: 'list-not-granted' })
  })
})

describe('list', () => {
  it('retires, shows and takes back; what users held of the list directly goes for good', async () => {
    const world = await cliWorld()
    await world.sallyport(['user', 'add', 'ann'])
    await world.sallyport(['user', 'grant', 'ann', '--list', '3', '--get'])

    expect(await world.sallyport(['list', 'retire', '3'])).toEqual({
      code: 0,
      out: 'retired list 3 of tenant default\n',
      err: '',
    })
    expect(await json(world, 'list', 'retired')).toEqual([
      { tenant: 'default', list: 3, state: 'gone', at: '2026-01-01T00:00:00.000000+00:00' },
    ])
    expect((await world.sallyport(['list', 'retired'])).out).toBe(
      'TENANT   LIST  STATE  AT\ndefault  3     gone   2026-01-01T00:00:00.000000+00:00\n',
    )
    expect((await world.sallyport(['list', 'unretire', '3'])).out).toBe('unretired list 3 of tenant default\n')
    expect(await json(world, 'list', 'retired')).toEqual([])
    expect(await json(world, 'user', 'show', 'ann')).toMatchObject({ list_grants: [] })
  })

  it('fails with exit code 1 for a list that is not retired, and 2 for what is no list', async () => {
    const world = await cliWorld()

    expect(await world.sallyport(['list', 'unretire', '3'])).toEqual({
      code: 1,
      out: '',
      err: 'error: the list 3 is not retired in tenant `default` - see `sallyport list retired`\n',
    })
    expect(await world.sallyport(['list', 'retire', 'Alpha'])).toMatchObject({ code: 2, out: '' })
  })

  it('keeps the lists of tenants apart', async () => {
    const world = await cliWorld(twoTenants)
    await world.sallyport(['list', 'retire', '3', '--tenant', 'north'])

    expect(await json(world, 'list', 'retired', '--tenant', 'north')).toMatchObject([{ list: 3 }])
    expect(await json(world, 'list', 'retired', '--tenant', 'south')).toEqual([])
    expect(await world.sallyport(['list', 'unretire', '3', '--tenant', 'south'])).toMatchObject({ code: 1 })
    expect(await world.sallyport(['list', 'unretire', '3'])).toMatchObject({ code: 2 })
  })
})
