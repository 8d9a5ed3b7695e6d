import { describe, expect, it } from 'vitest'
import { buildProgram } from '../../src/cli/program.ts'
import { cliWorld, shippedPolicies } from './world.ts'

describe('the command line', () => {
  it.each([
    [[], 2],
    [['--help'], 0],
    [['user', '--help'], 0],
    [['help', 'token'], 0],
    [['--version'], 0],
    [['version'], 0],
    [['nope'], 2],
    [['version', '--nope'], 2],
    [['version', 'more'], 2],
    [['user'], 2],
    [['user', 'add'], 2],
    [['user', 'list', '--output', 'xml'], 2],
    [['healthcheck', '--url', 'ftp://127.0.0.1'], 2],
  ])('ends %j with exit code %i', async (args, code) => {
    const { sallyport } = await cliWorld()
    expect(await sallyport(args)).toMatchObject({ code })
  })

  it('suggests the command that was meant, on standard error', async () => {
    const { sallyport } = await cliWorld()
    const { code, out, err } = await sallyport(['usr', 'list'])

    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/Did you mean user\?/)
  })

  it('prints every mistake of the configuration, one a line, for any command that needs it', async () => {
    const { sallyport } = await cliWorld(
      `lissten: 1\nupstream: { url: nonsense }\npolicies: ${JSON.stringify(shippedPolicies)}\n`,
    )
    const { code, out, err } = await sallyport(['user', 'list'])

    expect({ code, out }).toEqual({ code: 2, out: '' })
    const lines = err.trimEnd().split('\n')
    expect(lines).toHaveLength(2)
    for (const line of lines) expect(line).toMatch(/^sallyport\.yaml:[12]: .+ - .+$/)
  })

  it('says what is wrong with the store in one line, with exit code 1', async () => {
    const world = await cliWorld()
    await world.write('sallyport.db', 'dear diary, '.repeat(1000))
    const { code, out, err } = await world.sallyport(['user', 'list'])

    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toBe(
      `error: ${world.folder}/sallyport.db: is not a Sallyport store - name another file in store.file, or put a backup in its place\n`,
    )
  })

  it('takes --config, else SALLYPORT_CONFIG, else ./sallyport.yaml', async () => {
    const world = await cliWorld()
    await world.write('other.yaml', 'upstream: { url: "http://127.0.0.1:9001" }\npolicies: .\n')
    const url = async (args: string[], env = {}): Promise<unknown> => {
      const { out } = await world.sallyport(['config', 'print', '--output', 'json', ...args], { env })
      return JSON.parse(out).tenants[0].upstream.url
    }

    expect(await url([])).toBe('http://127.0.0.1:9000')
    expect(await url([], { SALLYPORT_CONFIG: 'other.yaml' })).toBe('http://127.0.0.1:9001')
    expect(await url(['--config', 'sallyport.yaml'], { SALLYPORT_CONFIG: 'other.yaml' })).toBe('http://127.0.0.1:9000')
  })

  it('colours messages on a terminal, and not with NO_COLOR', async () => {
    const { sallyport } = await cliWorld()
    const escape = '\u001b['
    expect((await sallyport(['user', 'add', ':'])).err).not.toContain(escape)
    expect((await sallyport(['user', 'add', ':'], { terminal: true })).err).toContain(escape)
    expect((await sallyport(['user', 'add', ':'], { terminal: true, env: { NO_COLOR: '1' } })).err).not.toContain(
      escape,
    )
  })

  it('never takes a secret as an argument or an option', async () => {
    const { sallyport } = await cliWorld()
    const { out } = await sallyport(['hash', '--help'])
    expect(out).toMatch(/^Usage: sallyport hash \[options\]$/m)
    expect(await sallyport(['hash', 'spt_x'])).toMatchObject({ code: 2, out: '' })
  })

  it('describes every command and every option', () => {
    const undescribed: string[] = []
    const visit = (command: ReturnType<typeof buildProgram>, path: string): void => {
      if (command.description() === '') undescribed.push(path)
      for (const { long, description } of command.options)
        if (description === '' && !long?.startsWith('--no-')) undescribed.push(`${path} ${long}`)
      for (const child of command.commands) visit(child, `${path} ${child.name()}`)
    }
    visit(buildProgram({} as never), 'sallyport')
    expect(undescribed).toEqual([])
  })
})
