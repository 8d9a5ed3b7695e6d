/** `sallyport hash`: the SHA-256 that stands for a token, for import files. */
import { isUtf8 } from 'node:buffer'
import type { Command } from 'commander'
import { hasValidChecksum, tokenSha256 } from '../model/token.ts'
import { usageError } from './command-error.ts'
import { readStdin, say, writeOut, type Io } from './io.ts'
import { globalOptions } from './settings.ts'

const maxTokenBytes = 4096

export function registerHashCommand(program: Command, io: Io): void {
  program
    .command('hash')
    .description(
      'read a token from standard input and print its SHA-256 in hex; never from the command line, where others can read it',
    )
    .action(async (_options: unknown, command: Command) => {
      if (io.isTerminal.stdin) say(io, 'Type the token, then Enter and Ctrl-D.')
      const token = await readToken(io)
      if (!hasValidChecksum(token)) say(io, 'note: this is no token that Sallyport made (or it was mistyped)')
      const sha256 = tokenSha256(token).toString('hex')
      await writeOut(io, `${globalOptions(command, io).output === 'json' ? JSON.stringify({ sha256 }) : sha256}\n`)
    })
}

async function readToken(io: Io): Promise<string> {
  const bytes = await readStdin(io, maxTokenBytes).catch((error: unknown) => {
    throw usageError(`standard input holds no token - ${String(error)}`)
  })
  if (!isUtf8(bytes)) throw usageError('standard input holds no token: it is not UTF-8')
  const token = bytes.toString().replace(/\r?\n$/, '')
  if (token === '') throw usageError('standard input is empty - pipe the token in, as in `sallyport hash < token`')
  if (/\s/.test(token)) throw usageError('standard input holds white space inside - pipe one token in, on one line')
  return token
}
