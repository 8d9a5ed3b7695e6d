/** `sallyport token …`: what users prove themselves with. */
import type { Command } from 'commander'
import type { Io } from './io.ts'
import { registerTokenList } from './token-list.ts'
import { registerTokenNew } from './token-new.ts'
import { registerTokenRevoke } from './token-revoke.ts'

export function registerTokenCommand(program: Command, io: Io): void {
  const token = program
    .command('token')
    .description('make, list and revoke tokens; a user may have several, so that they can be rotated')
  registerTokenNew(token, io)
  registerTokenList(token, io)
  registerTokenRevoke(token, io)
}
