/** `sallyport test`: runs the cases of the policies folder. */
import path from 'node:path'
import type { Command } from 'commander'
import { loadCases, loadPolicies } from '../policy/load.ts'
import { runCases, type CaseResult } from '../run-cases.ts'
import { CommandError } from './command-error.ts'
import { paintFor, writeOut, type Io } from './io.ts'
import { globalOptions, loadSettings } from './settings.ts'

export function registerTestCommand(program: Command, io: Io): void {
  program
    .command('test')
    .description('run the cases in the policies folder and show what differs from what they expect')
    .argument('[dir]', 'a policies folder; default: the one that sallyport.yaml names')
    .action(async (dir: string | undefined, _options: unknown, command: Command) => {
      const folder = dir === undefined ? (await loadSettings(command, io)).policies : path.resolve(io.cwd, dir)
      const policies = await loadPolicies(folder)
      const results = runCases(policies, await loadCases(folder, policies), io.clock.epochMs())
      const failed = results.filter(({ differences }) => differences.length > 0)
      const { output } = globalOptions(command, io)
      await writeOut(
        io,
        output === 'json'
          ? `${JSON.stringify({ held: results.length - failed.length, failed })}\n`
          : report(results, failed, io),
      )
      if (results.length === 0) throw new CommandError(`There are no cases in ${folder}/cases.`)
      if (failed.length > 0) throw new CommandError(`${failed.length} of ${results.length} cases do not hold.`)
    })
}

function report(results: readonly CaseResult[], failed: readonly CaseResult[], io: Io): string {
  const paint = paintFor(io, 'stdout')
  const lines = failed.flatMap(({ file, line, name, differences }) => [
    `${paint('red', 'differs')} ${file}:${line} ${name}`,
    ...differences.map(({ what, expected, found }) => `    ${what}: expected ${show(expected)}, found ${show(found)}`),
  ])
  return [...lines, `${results.length - failed.length} of ${results.length} cases hold`, ''].join('\n')
}

const show = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value))
