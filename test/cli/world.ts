/** A folder with a configuration, and the command line run inside it, in this process. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { Io } from '../../src/cli/io.ts'
import { run } from '../../src/cli/program.ts'

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

interface RunOptions {
  readonly stdin?: string | Buffer
  readonly env?: Readonly<Record<string, string>>
  /** Standard error is a terminal. */
  readonly terminal?: boolean
}

export interface CliWorld {
  readonly folder: string
  sallyport(args: readonly string[], options?: RunOptions): Promise<Ran>
  write(name: string, text: string): Promise<void>
  advance(ms: number): void
}

export const shippedPolicies = fileURLToPath(new URL('../../policies', import.meta.url))

export const oneTenant = `policies: ${JSON.stringify(shippedPolicies)}
upstream: { url: "http://127.0.0.1:9000" }
`
export const twoTenants = `policies: ${JSON.stringify(shippedPolicies)}
upstream: { url: "http://127.0.0.1:9000" }
tenants:
  - { name: north, hosts: [north.example.org] }
  - { name: south, hosts: [south.example.org] }
`

/** `config` null: there is no sallyport.yaml. The clock begins at 2026-01-01T00:00:00Z. */
export async function cliWorld(config: string | null = oneTenant): Promise<CliWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-cli-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  let nowMs = Date.UTC(2026, 0, 1)
  const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text)
  if (config !== null) await write('sallyport.yaml', config)

  return {
    folder,
    write,
    advance: (ms) => {
      nowMs += ms
    },
    sallyport: async (args, { stdin = '', env = {}, terminal = false } = {}) => {
      const [stdout, stderr] = [new PassThrough(), new PassThrough()]
      const texts = Promise.all([textOf(stdout), textOf(stderr)])
      const io: Io = {
        stdout,
        stderr,
        stdin: Readable.from([typeof stdin === 'string' ? Buffer.from(stdin) : stdin]),
        env: { USER: 'eve', ...env },
        cwd: folder,
        isTerminal: { stdin: false, stdout: false, stderr: terminal },
        clock: { epochMs: () => nowMs, monotonicMs: () => nowMs },
        random: (n) => randomBytes(n),
      }
      const code = await run(args, io)
      stdout.end()
      stderr.end()
      const [out, err] = await texts
      return { code, out, err }
    },
  }
}

async function textOf(stream: PassThrough): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
