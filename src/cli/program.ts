/** The program: every command, the global options, and what an end means to the shell. */
import { Command, CommanderError, Option } from 'commander'
import { formatProblem, Problems } from '../model/problem.ts'
import { StoreError } from '../store/store-error.ts'
import { registerAuditCommand } from './audit.ts'
import { registerCheckCommand } from './check.ts'
import { CommandError } from './command-error.ts'
import { registerConfigCommand } from './config.ts'
import { registerDemoCommand } from './demo.ts'
import { registerDiffCommand } from './diff.ts'
import { registerExplainCommand } from './explain.ts'
import { registerHashCommand } from './hash.ts'
import { registerHealthcheckCommand } from './healthcheck.ts'
import { registerImportCommand } from './import.ts'
import { registerInitCommand } from './init.ts'
import { paintFor, say, type Io } from './io.ts'
import { registerListCommand } from './list.ts'
import { registerReplayCommand } from './replay-log.ts'
import { registerServeCommand } from './serve.ts'
import { registerSetupLinkCommand } from './setup-link.ts'
import { registerTestCommand } from './test.ts'
import { registerTokenCommand } from './token.ts'
import { registerUserCommand } from './user.ts'
import { packageVersion, registerVersionCommand } from './version.ts'
import { registerWhoCanCommand } from './who-can.ts'

/** In the order in which a newcomer needs them. */
const commands = [
  registerDemoCommand,
  registerInitCommand,
  registerCheckCommand,
  registerServeCommand,
  registerSetupLinkCommand,
  registerUserCommand,
  registerTokenCommand,
  registerListCommand,
  registerImportCommand,
  registerAuditCommand,
  registerExplainCommand,
  registerWhoCanCommand,
  registerTestCommand,
  registerDiffCommand,
  registerReplayCommand,
  registerConfigCommand,
  registerHashCommand,
  registerHealthcheckCommand,
  registerVersionCommand,
] as const

export function buildProgram(io: Io): Command {
  const program = new Command('sallyport')
    .description('an authenticating API gateway')
    .version(packageVersion())
    .option('--config <file>', 'the configuration (env: SALLYPORT_CONFIG; default: ./sallyport.yaml)')
    .addOption(new Option('--output <form>', 'how results are written').choices(['text', 'json']).default('text'))
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(add --help to see what this command takes)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
  for (const register of commands) register(program, io)
  return program
}

/** Runs one command line (`argv` without node and script). Resolves to the exit code; never rejects. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    await buildProgram(io).parseAsync([...argv], { from: 'user' })
    return 0
  } catch (error) {
    return tell(error, io)
  }
}

/** Says on standard error what went wrong; the exit code that it means. */
function tell(error: unknown, io: Io): number {
  // Help and version come as errors with code 0; every other error of the library is a command line it cannot read.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof Problems) {
    for (const problem of error.problems) say(io, formatProblem(problem))
    return 2
  }
  const paint = paintFor(io, 'stderr')
  const prefix = paint('red', 'error:')
  if (error instanceof CommandError) {
    for (const line of error.message.split('\n')) say(io, `${prefix} ${line}`)
    return error.exitCode
  }
  if (error instanceof StoreError) {
    say(io, `${prefix} ${error.message}`)
    return 1
  }
  say(
    io,
    `${prefix} this is a defect of Sallyport: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  )
  return 1
}
