import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hasValidChecksum, tokenSha256 } from '../../src/model/token.ts'
import { parseTenantName, type TenantName } from '../../src/model/ids.ts'
import { openStore } from '../../src/store/store.ts'
import type { Identity } from '../../src/model/identity.ts'
import { cliWorld, twoTenants, type CliWorld } from './world.ts'

const find = async ({ folder }: CliWorld, tenant: string, name: string): Promise<Identity | undefined> => {
  const clock = { epochMs: () => 0, monotonicMs: () => 0 }
  const store = await openStore({ file: join(folder, 'sallyport.db'), clock })
  const found = await store.find(parseTenantName(tenant) as TenantName, name)
  await store.close()
  return found
}
const names = async ({ sallyport }: CliWorld): Promise<string[]> =>
  JSON.parse((await sallyport(['user', 'list', '--output', 'json'])).out).map(({ name }: { name: string }) => name)
const lines = (...objects: readonly object[]): string => objects.map((object) => `${JSON.stringify(object)}\n`).join('')

describe('import', () => {
  it('imports users with roles and tokens from a file, and prints new tokens', async () => {
    const world = await cliWorld()
    await world.write(
      'users.jsonl',
      lines(
        { name: 'ann', roles: ['reader'], list_roles: ['alpha team'], new_token: true },
        { name: 'bob', kind: 'person', token_sha256: 'AB'.repeat(32) },
        {
          name: 'cy',
          tokens: [
            {
              sha256: '01'.repeat(32),
              label: 'ci',
              not_before: '2026-01-02T00:00:00Z',
              expires_at: '2027-01-01T00:00:00+01:00',
            },
          ],
        },
      ),
    )
    const { code, out, err } = await world.sallyport(['import', 'users.jsonl'])

    expect(code).toBe(0)
    expect(err).toBe('imported 3 users; new tokens (1) are shown only this once\n')
    const { name, token } = JSON.parse(out)
    expect(name).toBe('ann')
    expect(hasValidChecksum(token)).toBe(true)
    expect(await find(world, 'default', 'ann')).toMatchObject({
      kind: 'api',
      roles: ['reader'],
      listRoles: ['alpha team'],
      tokens: [{ sha256: tokenSha256(token), label: '' }],
    })
    expect(await find(world, 'default', 'bob')).toMatchObject({
      kind: 'person',
      tokens: [{ sha256: Buffer.alloc(32, 0xab) }],
    })
    expect((await find(world, 'default', 'cy'))?.tokens).toMatchObject([
      { label: 'ci', notBefore: Date.UTC(2026, 0, 2), expiresAt: Date.UTC(2026, 11, 31, 23) },
    ])
  })

  it('reads standard input, Windows line ends, empty lines and a last line without an end', async () => {
    const world = await cliWorld()
    const { code } = await world.sallyport(['import', '-'], { stdin: '{"name":"ann"}\r\n\r\n  \n{"name":"bob"}' })

    expect(code).toBe(0)
    expect(await names(world)).toEqual(['ann', 'bob'])
  })

  it('reports every mistake with its line, and imports nothing', async () => {
    const world = await cliWorld()
    const stdin = [
      '{"name":"good"}',
      '{"name":"a:b","roles":["raeder"]}',
      'not json',
      '{"name":"twice","name":"twice"}',
      '[]',
      '{"name":"good"}',
      '{"name":"c","colour":"red","kind":"robot","new_token":"yes","roles":"reader"}',
      '{"name":"d","token_sha256":"secret"}',
      '{"name":"e","tokens":[{"sha256":"zz","lable":"x"},7,{"sha256":"' +
        '00'.repeat(32) +
        '","expires_at":"tomorrow"}]}',
      '{"name":"f","tenant":"other"}',
      '{"name":"g","token_sha256":"' + '00'.repeat(32) + '","tokens":[{"sha256":"' + '00'.repeat(32) + '"}]}',
    ].join('\n')
    const { code, out, err } = await world.sallyport(['import', '-'], { stdin })

    expect({ code, out }).toEqual({ code: 2, out: '' })
    const said = err
      .trimEnd()
      .split('\n')
      .map((line) => line.replace('error: standard input:', ''))
    expect(said).toEqual([
      '2: name: `a:b` is no user name - use 1 to 200 of the characters A-Z a-z 0-9 _ . @ -',
      '2: there is no user role `raeder` - did you mean `reader`?',
      expect.stringMatching(/^3: .+ - write one JSON object a line$/),
      expect.stringMatching(/^4: .+ - write one JSON object a line$/),
      '5: is no JSON object - write one JSON object a line',
      '6: name: `good` stands on line 1 too - a user is one line',
      expect.stringMatching(/^7: `colour` is not a known key - /),
      '7: kind: `robot` is not known - use `api` or `person`',
      '7: roles: is no list of texts - write ["reader"]',
      '7: new_token: `yes` is not `true` or `false`',
      '8: token_sha256: is no SHA-256 - write 64 hex digits, as `sallyport hash` prints them',
      '9: tokens[0]: `lable` is not a known key - did you mean `label`?',
      '9: tokens[0].sha256: is no SHA-256 - write 64 hex digits, as `sallyport hash` prints them',
      '9: tokens[1]: is no object - write {"sha256": "…", "label": "…"}',
      '9: tokens[2].expires_at: `tomorrow` is no time - write `2027-01-31T09:00:00+01:00`',
      expect.stringMatching(/^10: tenant: there is no tenant `other` - /),
      '11: the same token stands twice',
      'error: nothing was imported',
    ])
    expect(err).not.toContain('secret')
    expect(await names(world)).toEqual([])
  })

  it('shows a hundred mistakes and counts the rest', async () => {
    const { sallyport } = await cliWorld()
    const { code, err } = await sallyport(['import', '-'], { stdin: '{"name":":"}\n'.repeat(250) })

    const said = err.trimEnd().split('\n')
    expect(code).toBe(2)
    expect(said).toHaveLength(102)
    expect(said.slice(-3)).toEqual([
      expect.stringMatching(/^error: standard input:100: /),
      'error: … and 150 more',
      'error: nothing was imported',
    ])
  })

  it('names the lines of users that exist already, with exit code 1, and prints no token', async () => {
    const world = await cliWorld()
    await world.sallyport(['user', 'add', 'bob'])
    const stdin = lines({ name: 'ann', new_token: true }, { name: 'bob', new_token: true })

    expect(await world.sallyport(['import', '-'], { stdin })).toEqual({
      code: 1,
      out: '',
      err:
        'error: standard input:2: name: `bob` exists already in tenant `default` - take the line out, or delete the user first\n' +
        'error: nothing was imported\n',
    })
    expect(await names(world)).toEqual(['bob'])
  })

  it('puts users into the tenants that they name, and says whose token it is', async () => {
    const world = await cliWorld(twoTenants)
    const stdin = lines({ name: 'ann', tenant: 'north', new_token: true }, { name: 'ann', tenant: 'south' })
    const { code, out } = await world.sallyport(['import', '-'], { stdin })

    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ tenant: 'north', name: 'ann' })
    expect(await find(world, 'south', 'ann')).toMatchObject({ tenant: 'south', tokens: [] })
    const unnamed = await world.sallyport(['import', '-'], { stdin: '{"name":"bob"}' })
    expect(unnamed).toMatchObject({ code: 2, out: '' })
    expect(unnamed.err).toContain(
      'standard input:1: tenant: is not named, and there are several - known here: `north`, `south`',
    )
  })

  it('draws a bar on a terminal, and takes it away', async () => {
    const { sallyport } = await cliWorld()
    const stdin = Array.from({ length: 600 }, (_, i) => `{"name":"u${i}"}\n`).join('')
    const { code, out, err } = await sallyport(['import', '-'], { stdin, terminal: true })

    expect({ code, out }).toEqual({ code: 0, out: '' })
    expect(err).toBe(
      `\r[${'#'.repeat(25)}${'-'.repeat(5)}] 500 of 600 users\r[${'#'.repeat(30)}] 600 of 600 users\r\u001b[Kimported 600 users\n`,
    )
  })

  it('fails as a bad command line does when the file cannot be read', async () => {
    const { sallyport } = await cliWorld()
    const result = await sallyport(['import', 'nowhere.jsonl'])
    expect(result).toEqual({ code: 2, out: '', err: 'error: nowhere.jsonl cannot be read (ENOENT)\n' })
  })
})
