/** `sallyport config print`: what file, environment, flags and defaults say together; secrets masked. */
import type { Command } from 'commander'
import { stringify } from 'yaml'
import { describeConfig } from '../config/describe.ts'
import { writeOut, type Io } from './io.ts'
import { globalOptions, loadSettings } from './settings.ts'

export function registerConfigCommand(program: Command, io: Io): void {
  program
    .command('config')
    .description('show the configuration')
    .command('print')
    .description('print the configuration with every default, in the words of the file; secrets are masked')
    .action(async (_options: unknown, command: Command) => {
      const words = describeConfig(await loadSettings(command, io))
      await writeOut(io, globalOptions(command, io).output === 'json' ? `${JSON.stringify(words)}\n` : stringify(words))
    })
}
