/** `sallyport test`: runs the cases of the policies folder. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Command } from 'commander'
import { loadCases, loadPolicies } from '../policy/load.ts'
import { runCases, type CaseResult } from '../run-cases.ts'
import { CommandError } from './command-error.ts'
import { paintFor, writeOut, type Io } from './io.ts'
import { jsonText, junitXml } from './junit.ts'
import { globalOptions, loadSettings } from './settings.ts'
import { onOneLine } from './table.ts'

export function registerTestCommand(program: Command, io: Io): void {
  program
    .command('test')
    .description('run the cases in the policies folder and show what differs from what they expect')
    .argument('[dir]', 'a policies folder; default: the one that sallyport.yaml names')
    .option('--junit <file>', 'also write the results as JUnit XML')
    .action(async (dir: string | undefined, options: { junit?: string }, command: Command) => {
      const folder = dir === undefined ? (await loadSettings(command, io)).policies : path.resolve(io.cwd, dir)
      const policies = await loadPolicies(folder)
      const results = runCases(policies, await loadCases(folder, policies), io.clock.epochMs())
      const failed = results.filter(({ differences }) => differences.length > 0)
      if (options.junit !== undefined) await writeReport(path.resolve(io.cwd, options.junit), junitXml(results))
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
    `${paint('red', 'differs')} ${onOneLine(`${file}:${line} ${name}`)}`,
    ...differences.map(({ what, expected, found }) =>
      onOneLine(`    ${what}: expected ${jsonText(expected)}, found ${jsonText(found)}`),
    ),
  ])
  return [...lines, `${results.length - failed.length} of ${results.length} cases hold`, ''].join('\n')
}

async function writeReport(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (error) {
    throw new CommandError(`The report cannot be written to ${file}.`, 1, { cause: error })
  }
}
