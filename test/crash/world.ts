/** `sallyport serve` as a process on a store of its own, and what befalls it. */
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { newToken, tokenSha256 } from '../../src/model/token.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { shippedPolicies } from '../cli/world.ts'
import { defaultTenant, systemClock } from '../helpers/gateway.ts'
import { startUpstream } from '../helpers/upstream.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const child = (name: string): string => fileURLToPath(new URL(`children/${name}.ts`, import.meta.url))

export async function folder(): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), 'sallyport-crash-'))
  onTestFinished(() => rm(made, { recursive: true, force: true }))
  return made
}

/** A store that is closed when the test ends. */
export async function storeAt(file: string, clock = systemClock): Promise<Store> {
  const store = await openStore({ file, clock, pollMs: 50 })
  onTestFinished(() => store.close())
  return store
}

export interface Person {
  readonly name: string
  readonly tokenId: Awaited<ReturnType<Store['createToken']>>
  readonly authorization: string
}

export async function person(store: Store, name: string, expiresAt?: number): Promise<Person> {
  const token = newToken(randomBytes)
  const user = { tenant: defaultTenant, name, kind: 'api', roles: ['administrator'], listRoles: [] } as const
  await store.createUser(user, 'test')
  const made = { sha256: tokenSha256(token), label: '', notBefore: undefined, expiresAt }
  return {
    name,
    tokenId: await store.createToken(defaultTenant, name, made, 'test'),
    authorization: `token ${name}:${token}`,
  }
}

export type Line = Readonly<Record<string, unknown>>

export interface Serving {
  readonly startedInMs: number
  log(): readonly Line[]
  /** Status and failure code of a request. */
  ask(who: Person | undefined, method?: string, target?: string): Promise<string>
  /** The exit code. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>
}

export interface Refused {
  readonly code: number | null
  readonly err: string
}

/** Writes the configuration into `home`, beside `sallyport.db`. */
export async function configure(home: string): Promise<void> {
  const backend = await startUpstream((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"data":true}')
  })
  onTestFinished(() => backend.close())
  const lines = [
    'listen: "127.0.0.1:0"',
    'admin: { listen: "127.0.0.1:0" }',
    `policies: ${JSON.stringify(shippedPolicies)}`,
    `upstream: { url: ${JSON.stringify(backend.url)}, credential: none }`,
  ]
  await writeFile(path.join(home, 'sallyport.yaml'), `${lines.join('\n')}\n`)
}

export async function serve(home: string): Promise<Serving | Refused> {
  const beganAt = performance.now()
  const running = spawn(process.execPath, [main, 'serve'], { cwd: home, stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = once(running, 'close') as Promise<[number | null]>
  onTestFinished(async () => {
    running.kill('SIGKILL')
    await closed
  })
  const lines: Line[] = []
  let err = ''
  running.stderr.on('data', (chunk) => (err += String(chunk)))
  const listening = new Promise<string | undefined>((resolve) => {
    void closed.then(() => resolve(undefined))
    createInterface({ input: running.stdout }).on('line', (line) => {
      const said = JSON.parse(line) as Line
      lines.push(said)
      if (said['msg'] === 'listening') resolve(String(said['data']))
    })
  })
  const url = await listening
  if (url === undefined) return { code: (await closed)[0], err }
  return {
    startedInMs: performance.now() - beganAt,
    log: () => lines,
    async ask(who, method = 'GET', target = '/api/lists/3') {
      const headers = who === undefined ? {} : { authorization: who.authorization }
      const response = await fetch(`${url}${target}`, { method, headers })
      const text = await response.text()
      const [, code = ''] = /"code":"([a-z-]+)"/.exec(text) ?? []
      return `${response.status} ${code}`.trim()
    },
    async end(signal) {
      running.kill(signal)
      return (await closed)[0]
    },
  }
}

export async function served(home: string): Promise<Serving> {
  const started = await serve(home)
  if ('err' in started) throw new Error(`it ended with ${started.code}: ${started.err}`)
  return started
}

export async function sallyport(home: string, ...args: readonly string[]): Promise<Refused> {
  const running = spawn(process.execPath, [main, ...args], { cwd: home, stdio: ['ignore', 'ignore', 'pipe'] })
  let err = ''
  running.stderr.on('data', (chunk) => (err += String(chunk)))
  const [code] = (await once(running, 'close')) as [number | null]
  return { code, err }
}

/** Holds the lock of the store until the function that it gives is called. */
export async function lock(file: string, how = ''): Promise<() => Promise<void>> {
  const holder = spawn(process.execPath, [child('lock'), file, how], { stdio: ['pipe', 'pipe', 'inherit'] })
  const closed = once(holder, 'close')
  onTestFinished(() => void holder.kill('SIGKILL'))
  await once(holder.stdout, 'data')
  return async () => {
    holder.stdin.end()
    await closed
  }
}

/** Runs the writer and kills it behind its acknowledgement number `killAt`; what it had acknowledged. */
export async function killedWriter(file: string, prefix: string, killAt: number): Promise<readonly string[]> {
  const writer = spawn(process.execPath, [child('writer'), file, prefix, '1000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(writer, 'close')
  const acknowledged: string[] = []
  createInterface({ input: writer.stdout }).on('line', (line) => {
    if (acknowledged.push(line) === killAt) writer.kill('SIGKILL')
  })
  await closed
  return acknowledged
}

/** A file system of its own, so many MiB large; `undefined` where this user may not make one. */
export async function smallDisk(megabytes: number): Promise<Disk | undefined> {
  const place = await folder()
  const run = (command: string, ...args: readonly string[]): boolean => spawnSync(command, args).status === 0
  if (!run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', place)) return undefined
  onTestFinished(() => void run('umount', '-l', place))
  const filler = path.join(place, 'filler')
  return {
    place,
    fill: () => void run('dd', 'if=/dev/zero', `of=${filler}`, 'bs=4096'),
    free: () => rm(filler, { force: true }),
    remount: (how) => {
      if (!run('mount', '-o', `remount,${how}`, place)) throw new Error('remount failed')
    },
  }
}

interface Disk {
  readonly place: string
  /** Until not one more page fits. */
  fill(): void
  free(): Promise<void>
  remount(how: 'ro' | 'rw'): void
}
