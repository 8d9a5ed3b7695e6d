/** The demo as a stranger meets it: a real process, its screen, and its commands pasted into a shell. */
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
const run = promisify(execFile)
const hasCurl = spawnSync('curl', ['--version']).status === 0

interface Demo {
  readonly process: ChildProcess
  readonly screen: string
}

/** Starts it and waits for its screen. */
async function startDemo(...args: string[]): Promise<Demo> {
  const child = spawn(process.execPath, ['src/main.ts', 'demo', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let screen = ''
  for await (const chunk of child.stdout) {
    screen += String(chunk)
    if (screen.includes('Ctrl-C ends it')) break
  }
  return { process: child, screen }
}

/** The command that stands under the comment which says `shows`. */
function commandFor(screen: string, shows: string): string {
  const lines = screen.split('\n')
  const at = lines.findIndex((line) => line.trimStart().startsWith('#') && line.includes(shows))
  const command = lines[at + 1]
  if (at === -1 || command === undefined) throw new Error(`the screen has nothing about ${shows}`)
  return command.trim()
}

async function paste(command: string): Promise<string> {
  const { stdout } = await run('bash', ['-c', command.replaceAll('curl ', 'curl --silent ')])
  return stdout
}

describe('sallyport demo', () => {
  it.skipIf(!hasCurl)('prints commands that answer as it says (skipped where there is no curl)', async () => {
    const { screen } = await startDemo('--port', '0', '--admin-port', '0')
    const answers = async (shows: string) => paste(commandFor(screen, shows))

    expect(await answers('200, list 3')).toMatch(/^HTTP\/1\.1 200 [\s\S]*"name":"Alpha"/)
    const own = await answers('only the subscribers of list 3')
    expect(own).toMatch(/^HTTP\/1\.1 200 [\s\S]*a1@example\.org/)
    expect(own).not.toContain(',b1@example.org')
    expect(await answers('403 list-denied')).toMatch(/^HTTP\/1\.1 403 [\s\S]*"code":"list-denied"[\s\S]*"lists":\[4\]/)
    expect(await answers('403 permission-denied')).toMatch(/^HTTP\/1\.1 403 [\s\S]*"code":"permission-denied"/)
    expect((await answers('429 rate-limited')).trim().split(' ')).toEqual([
      ...Array.from({ length: 20 }, () => '200'),
      '429',
      '429',
    ])
    expect(await answers('502 upstream-refused')).toMatch(/^HTTP\/1\.1 502 [\s\S]*"code":"upstream-refused"/)
    expect(await answers('504 upstream-timeout')).toMatch(/^HTTP\/1\.1 504 [\s\S]*"code":"upstream-timeout"/)
  })

  it('says in one sentence that a port is taken, and what to do', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => void other.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    const { port } = other.address() as AddressInfo
    const child = spawn(process.execPath, ['src/main.ts', 'demo', '--port', String(port), '--admin-port', '0'], {
      cwd: root,
    })
    let told = ''
    child.stderr.on('data', (chunk) => (told += String(chunk)))
    const [code] = (await once(child, 'close')) as [number]

    expect(told.trim().split('\n')).toEqual([
      `error: Port ${port} is taken by another program: stop it, or run the demo elsewhere: npm run demo -- --port 9080 --admin-port 9081.`,
    ])
    expect(code).toBe(1)
  })

  it('ends cleanly with Ctrl-C', async () => {
    const demo = await startDemo('--port', '0', '--admin-port', '0')
    const closed = once(demo.process, 'close')
    demo.process.kill('SIGINT')
    const [code, signal] = (await closed) as [number | null, string | null]

    expect([code, signal]).toEqual([0, null])
  })
})
