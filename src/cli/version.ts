/** `sallyport version`: which Sallyport, on which Node and SQLite. */
import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { writeOut, type Io } from './io.ts'
import { globalOptions } from './settings.ts'

export function registerVersionCommand(program: Command, io: Io): void {
  program
    .command('version')
    .description('print the version')
    .action(async (_options: unknown, command: Command) => {
      const version = packageVersion()
      const { node, sqlite } = process.versions
      const text =
        globalOptions(command, io).output === 'json'
          ? JSON.stringify({ version, node, sqlite: sqlite ?? null, platform: `${process.platform}-${process.arch}` })
          : `sallyport ${version} (Node ${node}, SQLite ${sqlite ?? 'unknown'}, ${process.platform}-${process.arch})`
      await writeOut(io, `${text}\n`)
    })
}

/** As package.json says; the file is beside `src` and beside `dist`. */
export function packageVersion(): string {
  const found: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const hasVersion = typeof found === 'object' && found !== null && 'version' in found
  return hasVersion ? String(found.version) : 'unknown'
}
