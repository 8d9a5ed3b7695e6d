/** nginx's own reading of request targets, from a server with a configuration of its own in a folder of its own. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

export interface NginxReading {
  /** `$uri`: decoded and normalised. */
  readonly uri: string
  /** `$args`: as it came. */
  readonly args: string
}

export interface Nginx {
  /** `undefined` where it refuses. */
  read(targets: readonly string[]): Promise<readonly (NginxReading | undefined)[]>
  close(): Promise<void>
}

export const hasNginx = (): boolean => spawnSync('nginx', ['-v']).status === 0

export async function startNginx(): Promise<Nginx> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sallyport-nginx-'))
  // Its worker may be another user.
  await chmod(folder, 0o755)
  const socket = path.join(folder, 'nginx.sock')
  await writeFile(path.join(folder, 'nginx.conf'), configuration(folder, socket))
  const args = ['-p', folder, '-c', path.join(folder, 'nginx.conf'), '-e', path.join(folder, 'error.log')]
  const child = spawn('nginx', args, { stdio: 'ignore' })
  const closed = once(child, 'close')
  for (let tries = 0; tries < 200 && child.exitCode === null; tries++) {
    if ((await stat(socket).catch(() => undefined))?.isSocket() === true) break
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  return {
    read: (targets) => readAll(socket, targets),
    async close() {
      child.kill('SIGKILL')
      await closed
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

const configuration = (folder: string, socket: string): string => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
events { worker_connections 64; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  keepalive_requests 1000000;
  large_client_header_buffers 4 32k;
  default_type text/plain;
  server { listen unix:${socket}; location / { return 200 "$uri\\n$args"; } }
}
`

/** It closes the connection behind what it refuses: the rest goes on a new one. */
async function readAll(socket: string, targets: readonly string[]): Promise<readonly (NginxReading | undefined)[]> {
  const readings: (NginxReading | undefined)[] = []
  while (readings.length < targets.length) {
    const some = await readSome(socket, targets.slice(readings.length, readings.length + 2_000))
    if (some.length === 0) throw new Error('nginx does not answer')
    for (const each of some) readings.push(each)
  }
  return readings
}

function readSome(path: string, targets: readonly string[]): Promise<readonly (NginxReading | undefined)[]> {
  return new Promise((resolve, reject) => {
    const readings: (NginxReading | undefined)[] = []
    let held = Buffer.alloc(0)
    const socket = connect(path)
    socket.on('data', (chunk) => {
      held = Buffer.concat([held, chunk])
      for (;;) {
        const end = held.indexOf('\r\n\r\n')
        if (end === -1) return
        const head = held.toString('latin1', 0, end)
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
        if (held.length < end + 4 + length) return
        const body = held.toString('utf8', end + 4, end + 4 + length)
        held = held.subarray(end + 4 + length)
        const line = body.indexOf('\n')
        const isRead = head.startsWith('HTTP/1.1 200')
        readings.push(isRead ? { uri: body.slice(0, line), args: body.slice(line + 1) } : undefined)
        if (readings.length === targets.length) socket.end()
      }
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(readings))
    socket.write(
      Buffer.from(targets.map((target) => `GET ${target} HTTP/1.1\r\nHost: gateway.test\r\n\r\n`).join(''), 'latin1'),
    )
  })
}
