/** Go's own reading of what would be sent, from a small program of its standard library that is built on the way. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Question {
  readonly kind: 'target' | 'form' | 'json' | 'bind' | 'connection'
  /** Latin1 or bytes. */
  readonly target?: string
  readonly body?: Buffer
  readonly contentType?: string
  /** Names that no other key may fold to. */
  readonly names?: readonly string[]
}

export interface GoAnswer {
  readonly error?: string
  readonly path?: string
  readonly raw_path?: string
  readonly clean?: string
  readonly query?: Readonly<Record<string, readonly string[]>>
  readonly form?: Readonly<Record<string, string>>
  readonly files?: readonly { readonly field: string; readonly name: string; readonly size: number }[]
  readonly folded?: readonly string[]
  readonly value?: unknown
  readonly bound?: Readonly<Record<string, unknown>>
  readonly requests?: readonly GoRequest[]
}

export interface GoRequest {
  readonly method: string
  readonly target: string
  readonly host: string
  /** Base64; `null` for none. */
  readonly body: string | null
}

export interface Oracle {
  ask(questions: readonly Question[]): Promise<readonly GoAnswer[]>
  close(): Promise<void>
}

/** Whether there is a Go here at all. */
export const hasGo = (): boolean => spawnSync('go', ['version']).status === 0

/** Builds the program into a folder of its own; throws what the compiler says. */
export async function buildOracle(): Promise<Oracle> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sallyport-oracle-'))
  const program = path.join(folder, 'oracle')
  const source = fileURLToPath(new URL('oracle/main.go', import.meta.url))
  const env = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '', GOPROXY: 'off', GO111MODULE: 'off' }
  const built = spawnSync('go', ['build', '-o', program, source], { env, encoding: 'utf8', timeout: 150_000 })
  if (built.status !== 0) {
    await rm(folder, { recursive: true, force: true })
    throw new Error(`the oracle cannot be built: ${built.stderr || String(built.error)}`)
  }
  return {
    ask: (questions) => ask(program, questions),
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

function ask(program: string, questions: readonly Question[]): Promise<readonly GoAnswer[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
    const parts: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => parts.push(chunk))
    child.on('error', reject)
    child.on('close', (code) => {
      const lines = Buffer.concat(parts).toString().trimEnd().split('\n')
      if (code !== 0 || lines.length !== questions.length) {
        reject(new Error(`the oracle ended with ${code} after ${lines.length} of ${questions.length} answers`))
      } else resolve(lines.map((line) => JSON.parse(line) as GoAnswer))
    })
    child.stdin.end(questions.map((each) => `${JSON.stringify(asked(each))}\n`).join(''))
  })
}

const asked = ({ kind, target = '/', body, contentType = '', names = [] }: Question) => ({
  kind,
  target: Buffer.from(target, 'latin1').toString('base64'),
  body: body?.toString('base64') ?? '',
  content_type: contentType,
  names,
})
