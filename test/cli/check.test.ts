import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cliWorld, shippedPolicies, twoTenants } from './world.ts'

describe('check', () => {
  it('sums up what is good', async () => {
    const { sallyport } = await cliWorld(twoTenants)
    const { code, out, err } = await sallyport(['check'])

    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(
      /^good: 2 tenants, 1 upstream, 1 policy, \d+ routes, \d+ user roles, \d+ list roles, 2 rate plans\n/,
    )
    expect(out).toContain('  south: south.example.org → http://127.0.0.1:9000, policy listmonk\n')
    const { tenants, ...summary } = JSON.parse((await sallyport(['check', '--output', 'json'])).out)
    expect(tenants.map(({ name }: { name: string }) => name)).toEqual(['north', 'south'])
    expect(summary).toMatchObject({ policies: ['listmonk'], upstreams: 1, plans: ['default', 'trial'] })
  })

  it('prints every mistake of the policies at once, one a line with its place, and exits with 2', async () => {
    const world = await cliWorld('upstream: { url: "http://127.0.0.1:9000" }\n')
    await cp(shippedPolicies, join(world.folder, 'policies'), { recursive: true })
    await writeFile(
      join(world.folder, 'policies', 'roles.yaml'),
      'user_roles:\n  reader: { permissions: [subscribers:gett] }\nlist_rolls: {}\n',
    )
    const { code, out, err } = await world.sallyport(['check'])

    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/^policies\/roles\.yaml:2: .*`subscribers:gett`.* - did you mean `subscribers:get`\?$/m)
    expect(err).toMatch(/^policies\/roles\.yaml:3: .*`list_rolls`.* - did you mean `list_roles`\?$/m)
  })

  it('finds a policy and a plan that no file holds', async () => {
    const { sallyport } = await cliWorld(
      `policy: lismonk\nplan: gold\npolicies: ${JSON.stringify(shippedPolicies)}\nupstream: { url: "http://127.0.0.1:9000" }\n`,
    )
    const { code, err } = await sallyport(['check'])

    expect(code).toBe(2)
    expect(err).toMatch(/policy: .*`lismonk`.* - did you mean `listmonk`\?/)
    expect(err).toMatch(/plan: .*`gold`/)
  })
})
