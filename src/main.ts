/** The command line: connects the program with the real world. */
import { randomBytes } from 'node:crypto'
import type { Io } from './cli/io.ts'
import { run } from './cli/program.ts'

const io: Io = {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  cwd: process.cwd(),
  isTerminal: {
    stdin: process.stdin.isTTY ?? false,
    stdout: process.stdout.isTTY ?? false,
    stderr: process.stderr.isTTY ?? false,
  },
  clock: { epochMs: () => Date.now(), monotonicMs: () => performance.now() },
  random: (n) => randomBytes(n),
}

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1)
})

const exitCode = await run(process.argv.slice(2), io)
// Not `process.exit`: what was written may still be on its way. `serve` sets its own code.
if (exitCode !== 0) process.exitCode = exitCode
