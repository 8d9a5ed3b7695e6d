import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cliWorld, shippedPolicies, type CliWorld } from './world.ts'

/** The shipped policies in `old`, and in `new` with one text of one file replaced. */
async function twoFolders(file: string, text: string, instead: string): Promise<CliWorld> {
  const world = await cliWorld(null)
  for (const name of ['old', 'new']) await cp(shippedPolicies, join(world.folder, name), { recursive: true })
  const path = join(world.folder, 'new', file)
  const before = await readFile(path, 'utf8')
  expect(before).toContain(text)
  await writeFile(path, before.replace(text, instead))
  return world
}

describe('diff', () => {
  it('exits with 0 and counts what was judged when nothing differs', async () => {
    const { sallyport } = await twoFolders('roles.yaml', 'user_roles:', 'user_roles: # the same')
    const { code, out, err } = await sallyport(['diff', 'old', 'new'])

    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^no decision changes; \d{5,} judged on \d{3} routes\n$/)
  })

  it('says who gains what where, and exits with 1', async () => {
    const { sallyport } = await twoFolders(
      'roles.yaml',
      'mailer: { permissions: [tx:send] }',
      'mailer: { permissions: [tx:send, media:get] }',
    )
    const { code, out, err } = await sallyport(['diff', 'old', 'new'])

    expect({ code, err }).toEqual({ code: 1, err: 'error: new is not the same as old.\n' })
    expect(out.replaceAll(/yaml:\d+/g, 'yaml:N').replace(/\d+ judged on \d+/, 'N judged on N')).toBe(`user roles
  mailer
    + media:get

GET /api/media (old/listmonk.yaml:N → new/listmonk.yaml:N)
  deny (permission-missing, permission-denied) → allow (permission) (6 times)
    mailer

GET /api/media/:id (old/listmonk.yaml:N → new/listmonk.yaml:N)
  deny (permission-missing, permission-denied) → allow (permission) (6 times)
    mailer

12 decisions change: 12 opened, 0 closed, 0 otherwise; N judged on N routes
`)
  })

  it('gives all of it as JSON', async () => {
    const { sallyport } = await twoFolders('limits.yaml', 'limit: 600', 'limit: 601')
    const { code, out } = await sallyport(['diff', 'old', 'new', '--output', 'json'])
    const { counts, ...diff } = JSON.parse(out)

    expect(code).toBe(1)
    expect(diff).toEqual({
      same: false,
      user_roles: [],
      list_roles: [],
      limits: [{ key: 'plans.default.read.limit', before: '600', after: '601' }],
      settings: [],
      routes: [],
    })
    expect(counts).toMatchObject({ opened: 0, closed: 0, different: 0 })
  })

  it('prints the mistakes of a folder that cannot be read, and exits with 2', async () => {
    const { sallyport } = await twoFolders('roles.yaml', 'tx:send', 'tx:sent')
    const broken = await sallyport(['diff', 'old', 'new'])
    const missing = await sallyport(['diff', 'old', 'nowhere'])

    expect({ code: broken.code, out: broken.out }).toEqual({ code: 2, out: '' })
    expect(broken.err).toMatch(/^new\/roles\.yaml:\d+: .*`tx:sent`/m)
    expect(missing).toMatchObject({ code: 2, out: '' })
    expect(missing.err).toContain('nowhere')
  })
})
