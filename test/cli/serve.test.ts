/** `sallyport serve` as a process: signals, reload, and one sentence for what is wrong. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startBackend } from '../../src/demo/backend/server.ts'
import { packageVersion } from '../../src/cli/version.ts'
import { openStore } from '../../src/store/store.ts'
import { shippedPolicies } from './world.ts'

const main = path.resolve(import.meta.dirname, '../../src/main.ts')

interface Served {
  readonly process: ChildProcess
  readonly url: string
  readonly admin: string
  readonly folder: string
  readonly log: () => readonly Readonly<Record<string, unknown>>[]
  readonly stderr: () => string
}

const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function folderFor(upstream: string): Promise<{ folder: string; port: number; adminPort: number }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sallyport-serve-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await cp(shippedPolicies, path.join(folder, 'policies'), { recursive: true })
  const [port, adminPort] = [await freePort(), await freePort()]
  await writeFile(path.join(folder, 'token'), 'demo', { mode: 0o600 })
  await writeFile(
    path.join(folder, 'sallyport.yaml'),
    `listen: "127.0.0.1:${port}"
admin: { listen: "127.0.0.1:${adminPort}" }
upstream: { url: "${upstream}", credential: { user: super, token_file: token } }
drain: { deadline: 5s }
`,
  )
  return { folder, port, adminPort }
}

async function serve(): Promise<Served> {
  const backend = await startBackend()
  onTestFinished(() => backend.close())
  const { folder, port, adminPort } = await folderFor(backend.url)
  const env = { ...process.env, SUDO_USER: 'eve' }
  const child = spawn(process.execPath, [main, 'serve'], { cwd: folder, env })
  onTestFinished(() => void child.kill('SIGKILL'))
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => (out += String(chunk)))
  child.stderr.on('data', (chunk) => (err += String(chunk)))
  const log = () =>
    out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
  await expect.poll(() => log().some(({ msg }) => msg === 'listening'), { timeout: 15_000 }).toBe(true)
  return {
    process: child,
    url: `http://127.0.0.1:${port}`,
    admin: `http://127.0.0.1:${adminPort}`,
    folder,
    log,
    stderr: () => err,
  }
}

/** Who starts a gateway that nobody administers is told how to begin; the log does not hold the link. */
const setupLine =
  /^Nobody administers this gateway yet\. Open, once and within a day: http:\/\/127\.0\.0\.1:[0-9]+\/link#[A-Za-z0-9_-]{43}\n$/

describe('sallyport serve', () => {
  it('is ready, drains on SIGTERM and exits with 0', async () => {
    const served = await serve()
    expect((await fetch(`${served.admin}/readyz`)).status).toBe(200)
    expect((await fetch(`${served.url}/api/lists`)).status).toBe(403)

    const closed = once(served.process, 'close')
    served.process.kill('SIGTERM')
    expect(await closed).toEqual([0, null])
    expect(served.log().map(({ msg }) => msg)).toEqual(['listening', 'request', 'draining', 'stopped'])
    expect(served.stderr()).toMatch(setupLine)
  })

  it('takes a changed policy on SIGHUP, and keeps the old one when the new one is wrong', async () => {
    const served = await serve()
    const status = async () => (await fetch(`${served.url}/api/health`)).status
    expect(await status()).toBe(403)

    const file = path.join(served.folder, 'policies', 'listmonk.yaml')
    const text = await readFile(file, 'utf8')
    await writeFile(
      file,
      text.replace('GET /api/health: { allow: authenticated', 'GET /api/health: { allow: everybody'),
    )
    served.process.kill('SIGHUP')
    await expect
      .poll(() => served.log().filter(({ msg }) => String(msg).startsWith('configuration not')))
      .toMatchObject([{ level: 'error', problems: [expect.stringMatching(/listmonk\.yaml:\d+: .*`everybody`/)] }])
    expect(await status()).toBe(403)

    await writeFile(file, text.replace('GET /api/health: { allow: authenticated', 'GET /api/health: { allow: public'))
    served.process.kill('SIGHUP')
    await expect.poll(status).not.toBe(403)
  })

  it('writes its start, reloads and drain to the audit trail', async () => {
    const served = await serve()
    const said = (message: string) =>
      expect.poll(() => served.log().some(({ msg }) => String(msg).startsWith(message)), { timeout: 15_000 }).toBe(true)
    served.process.kill('SIGHUP')
    await said('configuration reloaded')
    await writeFile(path.join(served.folder, 'sallyport.yaml'), 'listen: nowhere\nupstraem: {}\n')
    served.process.kill('SIGHUP')
    await said('configuration not reloaded')
    const closed = once(served.process, 'close')
    served.process.kill('SIGTERM')
    await closed

    const clock = { epochMs: () => 0, monotonicMs: () => 0 }
    const store = await openStore({ file: path.join(served.folder, 'sallyport.db'), clock })
    onTestFinished(() => store.close())
    const entries = await store.auditAfter(0, 10)
    expect(entries.map(({ actor, action, subject, details }) => [actor, action, subject, details])).toEqual([
      ['cli:eve', 'gateway.setup-link', 'gateway', {}],
      [
        'cli:eve',
        'gateway.start',
        'gateway',
        { version: packageVersion(), data: served.url, admin: served.admin, tenants: ['default'] },
      ],
      ['cli:eve', 'gateway.reload', 'gateway', { tenants: ['default'] }],
      ['cli:eve', 'gateway.reload-refused', 'gateway', { problems: 3 }],
      ['cli:eve', 'gateway.drain', 'gateway', { signal: 'SIGTERM' }],
    ])
    expect(await store.verifyAudit()).toMatchObject({ kind: 'whole', count: 5 })
  })

  it('says in one sentence that its port is taken, and exits with 1', async () => {
    const { folder, port } = await folderFor('http://127.0.0.1:9')
    const other = createServer()
    await new Promise<void>((resolve) => void other.listen(port, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    const child = spawn(process.execPath, [main, 'serve'], { cwd: folder })
    let err = ''
    child.stderr.on('data', (chunk) => (err += String(chunk)))

    expect((await once(child, 'close'))[0]).toBe(1)
    expect(err).toBe(
      `error: Port ${port} is taken by another program: stop it, or change \`listen\` and \`admin.listen\` in sallyport.yaml.\n`,
    )
  })

  it('exits with 2 and every mistake when the configuration is wrong', async () => {
    const { folder } = await folderFor('http://127.0.0.1:9')
    await writeFile(
      path.join(folder, 'sallyport.yaml'),
      'listen: nowhere\nupstraem: { url: "http://127.0.0.1:9000" }\n',
    )
    const child = spawn(process.execPath, [main, 'serve'], { cwd: folder })
    let err = ''
    child.stderr.on('data', (chunk) => (err += String(chunk)))

    expect((await once(child, 'close'))[0]).toBe(2)
    expect(err.trim().split('\n')).toHaveLength(3)
    expect(err).toMatch(/sallyport\.yaml:1: listen: `nowhere`/)
    expect(err).toMatch(/sallyport\.yaml:2: .*`upstraem`.*`upstream`/)
  })
})
