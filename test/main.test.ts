import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { cliWorld } from './cli/world.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const main = join(root, 'src', 'main.ts')
const bin = join(root, 'bin', 'sallyport.js')

async function runProcess(
  args: readonly string[],
  cwd: string,
  stdin = '',
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, args, { cwd, env: { PATH: process.env['PATH'] ?? '' }, stdio: 'pipe' })
  const [out, err] = [[] as string[], [] as string[]]
  child.stdout.on('data', (chunk) => out.push(String(chunk)))
  child.stderr.on('data', (chunk) => err.push(String(chunk)))
  child.stdin.on('error', () => undefined).end(stdin)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out: out.join(''), err: err.join('') }
}

describe('the program as a process', () => {
  it('gives its exit code to the shell, results to standard output and messages to standard error', async () => {
    const { folder } = await cliWorld()
    expect(await runProcess([main, 'check'], folder)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^good: /),
      err: '',
    })
    expect(await runProcess([main, 'nope'], folder)).toMatchObject({ code: 2, out: '' })
    expect(await runProcess([main, 'user', 'show', 'ann'], folder)).toMatchObject({ code: 1, out: '' })
  })

  it('writes all of a long result before it ends', async () => {
    const { folder } = await cliWorld()
    const stdin = Array.from({ length: 3000 }, (_, i) => `{"name":"u${i}","new_token":true}\n`).join('')
    const { code, out } = await runProcess([main, 'import', '-'], folder, stdin)

    expect(code).toBe(0)
    expect(out.trimEnd().split('\n')).toHaveLength(3000)
    expect(JSON.parse(out.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ name: 'u2999' })
  })

  it('ends well when its reader has seen enough', async () => {
    const { folder, sallyport } = await cliWorld()
    const users = Array.from({ length: 5000 }, (_, i) => `{"name":"u${i}","roles":["reader"]}\n`).join('')
    await sallyport(['import', '-'], { stdin: users })
    const child = spawn(process.execPath, [main, 'user', 'list'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.destroy()
    const err: string[] = []
    child.stderr.on('data', (chunk) => err.push(String(chunk)))

    expect(await once(child, 'close')).toEqual([0, null])
    expect(err.join('')).toBe('')
  })
})

/** A copy of the launcher in a package of its own; `says` is what this launcher takes the version of its Node for. */
async function launcherCopy(says: string): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'sallyport-bin-')))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const name of ['bin', 'dist']) await mkdir(join(folder, name))
  const text = await readFile(bin, 'utf8')
  await writeFile(join(folder, 'bin', 'sallyport.js'), text.replace('process.versions.node.split', `'${says}'.split`))
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  return folder
}

const printing = 'console.log(JSON.stringify({ argv: process.argv.slice(2) })); process.exitCode = 7\n'

describe('the launcher', () => {
  it('runs the sources where nothing was built', async () => {
    const { folder } = await cliWorld(null)
    const { code, out } = await runProcess([bin, 'version', '--output', 'json'], folder)
    expect({ code, node: JSON.parse(out).node }).toEqual({ code: 0, node: process.versions.node })
  })

  it('runs what was built', async () => {
    const folder = await launcherCopy('24.15.0')
    await writeFile(join(folder, 'dist', 'main.js'), printing)
    expect(await runProcess([join(folder, 'bin', 'sallyport.js'), 'a', '--b'], folder)).toEqual({
      code: 7,
      out: '{"argv":["a","--b"]}\n',
      err: '',
    })
  })

  it('says what is missing, with exit code 2, on an old Node with no other at hand', async () => {
    const folder = await launcherCopy('24.14.9')
    await writeFile(join(folder, 'dist', 'main.js'), printing)
    const { code, out, err } = await runProcess([join(folder, 'bin', 'sallyport.js')], folder)

    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/^sallyport needs Node 24\.15 or newer and this is .+\n$/)
  })

  it('does not run itself in a circle when the Node at hand is the one it runs on', async () => {
    const folder = await launcherCopy('20.0.0')
    await mkdir(join(folder, 'node_modules', '.bin'), { recursive: true })
    await symlink(process.execPath, join(folder, 'node_modules', '.bin', 'node'))
    expect(await runProcess([join(folder, 'bin', 'sallyport.js')], folder)).toMatchObject({ code: 2, out: '' })
  })

  it.skipIf(process.platform === 'win32')(
    'hands over to the Node that npm brought, exit code and signals with it',
    async () => {
      const folder = await launcherCopy('20.0.0')
      await mkdir(join(folder, 'node_modules', '.bin'), { recursive: true })
      // What was brought: a real Node under another name, which does not believe itself to be old.
      const brought = join(folder, 'node_modules', '.bin', 'node')
      await copyFile(bin, join(folder, 'bin', 'true.js'))
      await writeFile(
        brought,
        `#!/bin/sh\nshift\nexec '${process.execPath}' '${join(folder, 'bin', 'true.js')}' "$@"\n`,
        { mode: 0o755 },
      )
      await writeFile(join(folder, 'dist', 'main.js'), printing)
      const launcher = join(folder, 'bin', 'sallyport.js')

      expect(await runProcess([launcher, 'a', 'b c'], folder)).toEqual({
        code: 7,
        out: '{"argv":["a","b c"]}\n',
        err: '',
      })

      await writeFile(
        join(folder, 'dist', 'main.js'),
        `process.on('SIGTERM', () => { console.log('drained'); clearInterval(timer) }); const timer = setInterval(() => {}, 1000); console.log('up')\n`,
      )
      const child = spawn(process.execPath, [launcher], { stdio: ['ignore', 'pipe', 'inherit'] })
      const out: string[] = []
      child.stdout.on('data', (chunk) => {
        out.push(String(chunk))
        if (out.join('') === 'up\n') child.kill('SIGTERM')
      })
      expect(await once(child, 'close')).toEqual([0, null])
      expect(out.join('')).toBe('up\ndrained\n')
    },
  )
})
