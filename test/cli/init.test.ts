import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { configTemplate } from '../../src/cli/template.ts'
import { loadConfig } from '../../src/config/load.ts'
import { cliWorld } from './world.ts'

describe('init', () => {
  it('writes a configuration and policies that check finds good', async () => {
    const world = await cliWorld(null)
    const made = await world.sallyport(['init'])
    expect(made).toMatchObject({ code: 0, out: 'sallyport.yaml: written\npolicies: written\n' })
    expect(made.err).toMatch(/Next:/)

    expect((await world.sallyport(['check'])).code).toBe(0)
    expect(await readdir(join(world.folder, 'policies'))).toContain('listmonk.yaml')
  })

  it('shows as comments what holds by default: with every comment taken away, the configuration is the same', async () => {
    const world = await cliWorld(null)
    await world.sallyport(['init'])
    const load = (): Promise<unknown> => loadConfig({ env: {}, cwd: world.folder })
    const asWritten = await load()

    // What names files and hosts of somebody's own has no default and stays a comment.
    const own =
      /tls|cert_file|key_file|urls|credential|user:|token|host|ca_file|partial|tenants|name:|trusted_proxies|auth anew|public_url|oidc|issuer|client_|label/
    const lines = configTemplate.split('\n').map((line) => {
      const key = /^( *)# ( *[a-z_]+:.*)$/.exec(line)
      return key === null || own.test(line) || /upstream: \{/.test(line) ? line : `${key[1]}${key[2]}`
    })
    const shown = lines.join('\n')
    expect(Object.keys(parse(shown))).toEqual(expect.arrayContaining(['auth', 'drain', 'server']))
    await writeFile(join(world.folder, 'sallyport.yaml'), shown)

    expect(await load()).toEqual(asWritten)
  })

  it('does not write over a configuration, but with --force; policies that are there stay', async () => {
    const world = await cliWorld('mine: true\n')
    await world.sallyport(['init', '--force'])
    await writeFile(join(world.folder, 'policies', 'roles.yaml'), 'mine')
    await world.write('sallyport.yaml', 'mine: true\n')

    const refused = await world.sallyport(['init'])
    expect(refused).toMatchObject({ code: 2, out: '' })
    expect(refused.err).toMatch(/is there already - use --force/)
    expect(await readFile(join(world.folder, 'sallyport.yaml'), 'utf8')).toBe('mine: true\n')

    const forced = await world.sallyport(['init', '--force'])
    expect(forced).toMatchObject({ code: 0, out: 'sallyport.yaml: written\npolicies: kept\n' })
    expect(await readFile(join(world.folder, 'sallyport.yaml'), 'utf8')).toBe(configTemplate)
    expect(await readFile(join(world.folder, 'policies', 'roles.yaml'), 'utf8')).toBe('mine')
  })

  it('makes the directory that it is told', async () => {
    const world = await cliWorld(null)
    expect(await world.sallyport(['init', '--directory', 'etc/gate'])).toMatchObject({
      code: 0,
      out: 'etc/gate/sallyport.yaml: written\netc/gate/policies: written\n',
    })
    expect((await world.sallyport(['check', '--config', 'etc/gate/sallyport.yaml'])).code).toBe(0)
  })
})
