/** Everything a command touches of the world around it, so that a test can hand it another world. */
import { styleText } from 'node:util'
import type { Readable, Writable } from 'node:stream'
import type { Clock } from '../model/time.ts'

export interface Io {
  /** Results only: what a script reads. */
  readonly stdout: Writable
  /** Messages, problems, progress. */
  readonly stderr: Writable
  readonly stdin: Readable
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly isTerminal: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean }
  readonly clock: Clock
  /** `n` bytes from a cryptographic source. */
  readonly random: (n: number) => Buffer
}

export type Paint = (format: 'bold' | 'dim' | 'green' | 'yellow' | 'red', text: string) => string

/** How to colour text for one of the streams: not at all unless it is a terminal and `NO_COLOR` is unset or empty (no-color.org). */
export function paintFor(io: Io, stream: 'stdout' | 'stderr'): Paint {
  const noColor = io.env['NO_COLOR'] ?? ''
  if (!io.isTerminal[stream] || noColor !== '') return (_format, text) => text
  return (format, text) => styleText(format, text, { validateStream: false })
}

/** Writes a line to standard output and waits where the reader is slower than we are. */
export async function writeOut(io: Io, text: string): Promise<void> {
  if (io.stdout.write(text)) return
  await new Promise<void>((resolve) => io.stdout.once('drain', resolve))
}

/** A message for a person: goes to standard error, so that standard output stays a result. */
export function say(io: Io, message: string): void {
  io.stderr.write(`${message}\n`)
}

/** Standard input as it is; more than `maxBytes` is refused. */
export async function readStdin(io: Io, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of io.stdin) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer)
    size += bytes.length
    if (size > maxBytes) throw new RangeError(`standard input holds more than ${maxBytes} bytes`)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}
