import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hasValidChecksum, tokenSha256 } from '../../src/model/token.ts'
import { openStore } from '../../src/store/store.ts'
import { cliWorld, type CliWorld } from './world.ts'

const day = 86_400_000
const worldWithAnn = async (): Promise<CliWorld> => {
  const world = await cliWorld()
  await world.sallyport(['user', 'add', 'ann'])
  return world
}
const list = async ({ sallyport }: CliWorld, ...args: string[]): Promise<Record<string, unknown>[]> =>
  JSON.parse((await sallyport(['token', 'list', ...args, '--output', 'json'])).out)

describe('token new', () => {
  it('prints the token alone on standard output, and what it is on standard error', async () => {
    const world = await worldWithAnn()
    const { code, out, err } = await world.sallyport(['token', 'new', 'ann', '--expires', '90d', '--label', 'laptop'])
    const token = out.trimEnd()

    expect(code).toBe(0)
    expect(hasValidChecksum(token)).toBe(true)
    expect(err).toMatch(/^Token 1 of ann, tenant default; expires 2026-04-01T00:00:00\.000000\+00:00\./)
    expect(err).not.toContain(token)
    expect(await list(world)).toEqual([
      {
        id: 1,
        tenant: 'default',
        user: 'ann',
        label: 'laptop',
        state: 'valid',
        created_at: '2026-01-01T00:00:00.000000+00:00',
        not_before: null,
        expires_at: '2026-04-01T00:00:00.000000+00:00',
        revoked_at: null,
        last_used_at: null,
      },
    ])
  })

  it('stores the hash and never the token', async () => {
    const world = await worldWithAnn()
    const token = (await world.sallyport(['token', 'new', 'ann'])).out.trimEnd()
    const file = join(world.folder, 'sallyport.db')

    const bytes = await readFile(file)
    expect(bytes.includes(token)).toBe(false)
    expect(bytes.includes(tokenSha256(token))).toBe(true)
  })

  it('is one object with --output json', async () => {
    const world = await worldWithAnn()
    const { out } = await world.sallyport([
      'token',
      'new',
      'ann',
      '--not-before',
      '2026-02-01T09:00:00+01:00',
      '--output',
      'json',
    ])
    const { token, ...rest } = JSON.parse(out)

    expect(hasValidChecksum(token)).toBe(true)
    expect(rest).toEqual({
      id: 1,
      tenant: 'default',
      user: 'ann',
      label: '',
      not_before: '2026-02-01T08:00:00.000000+00:00',
      expires_at: null,
    })
  })

  it.each([
    ['--expires', 'soon'],
    ['--expires', '2025-12-31T23:59:59Z'],
    ['--expires', '2026-02-30T00:00:00Z'],
    ['--expires', '2027-01-01'],
    ['--not-before', '10d', '--expires', '5d'],
    ['--label', 'x'.repeat(201)],
  ])('refuses %j with exit code 2, and makes none', async (...options) => {
    const world = await worldWithAnn()
    expect(await world.sallyport(['token', 'new', 'ann', ...options])).toMatchObject({ code: 2, out: '' })
    expect(await list(world)).toEqual([])
  })

  it('prints no token for a user who is not there', async () => {
    const { sallyport } = await worldWithAnn()
    expect(await sallyport(['token', 'new', 'bob'])).toMatchObject({ code: 1, out: '' })
  })
})

describe('token list', () => {
  it('tells valid from expired, revoked and not yet valid, by the clock', async () => {
    const world = await worldWithAnn()
    for (const options of [['--expires', '5d'], ['--not-before', '3d'], []]) {
      await world.sallyport(['token', 'new', 'ann', ...options])
    }
    await world.sallyport(['token', 'revoke', '3'])
    const states = async (): Promise<unknown[]> => (await list(world)).map(({ state }) => state)

    expect(await states()).toEqual(['valid', 'not yet valid', 'revoked'])
    world.advance(3 * day)
    expect(await states()).toEqual(['valid', 'valid', 'revoked'])
    world.advance(2 * day)
    expect(await states()).toEqual(['expired', 'valid', 'revoked'])
  })

  it('prints a table that a label cannot break', async () => {
    const world = await worldWithAnn()
    await world.sallyport(['token', 'new', 'ann', '--label', 'a\n\u001b[31mb\u0007'])

    expect((await world.sallyport(['token', 'list', 'ann'])).out).toBe(
      'ID  TENANT   USER  LABEL  STATE  EXPIRES  LAST USED\n1   default  ann   a?b?   valid  never    never\n',
    )
    expect(await list(world, 'bob')).toEqual([])
  })

  it('shows when a token was last used', async () => {
    const world = await worldWithAnn()
    await world.sallyport(['token', 'new', 'ann'])
    const clock = { epochMs: () => 0, monotonicMs: () => 0 }
    const store = await openStore({ file: join(world.folder, 'sallyport.db'), clock })
    const [token] = await store.listTokens({ limit: 1 })
    if (token !== undefined) store.touch(token.id, Date.UTC(2026, 0, 1, 12, 30))
    await store.close()

    expect((await world.sallyport(['token', 'list'])).out).toContain('2026-01-01 12:30 +00:00')
  })
})

describe('token revoke', () => {
  it('revokes by id, or every token of a user with a label', async () => {
    const world = await worldWithAnn()
    for (const label of ['ci', 'ci', 'laptop']) await world.sallyport(['token', 'new', 'ann', '--label', label])

    expect(await world.sallyport(['token', 'revoke', '2'])).toEqual({ code: 0, out: 'token 2: revoked\n', err: '' })
    expect(await world.sallyport(['token', 'revoke', '--user', 'ann', '--label', 'ci'])).toEqual({
      code: 0,
      out: 'token 1: revoked\ntoken 2: revoked before\n',
      err: '',
    })
    expect((await list(world)).map(({ state }) => state)).toEqual(['revoked', 'revoked', 'valid'])
  })

  it.each([
    [[], 2],
    [['--user', 'ann'], 2],
    [['1', '--label', 'ci'], 2],
    [['spt_token'], 2],
    [['9'], 1],
    [['--user', 'ann', '--label', 'other'], 1],
  ])('ends %j with exit code %i', async (args, code) => {
    const { sallyport } = await worldWithAnn()
    expect(await sallyport(['token', 'revoke', ...args])).toMatchObject({ code, out: '' })
  })
})
