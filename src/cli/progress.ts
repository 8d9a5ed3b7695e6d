/** A progress bar on standard error; nothing where that is no terminal. */
import type { Io } from './io.ts'

export interface Progress {
  at(done: number): void
  /** Takes the bar away. */
  end(): void
}

const width = 30

export function progressBar(io: Io, what: string, total: number): Progress {
  if (!io.isTerminal.stderr || total === 0) return { at: () => undefined, end: () => undefined }
  return {
    at: (done) => {
      const filled = Math.floor((done / total) * width)
      const bar = `${'#'.repeat(filled)}${'-'.repeat(width - filled)}`
      io.stderr.write(`\r[${bar}] ${done.toLocaleString('en')} of ${total.toLocaleString('en')} ${what}`)
    },
    // Back to the start of the line, and erase it (ECMA-48 EL).
    end: () => {
      io.stderr.write('\r\u001b[K')
    },
  }
}
