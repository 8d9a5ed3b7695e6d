/** `sallyport init`: a commented configuration, and the shipped policies beside it. */
import { cp, mkdir, stat, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { CommandError, usageError } from './command-error.ts'
import { say, writeOut, type Io } from './io.ts'
import { globalOptions } from './settings.ts'
import { configTemplate } from './template.ts'

const shippedPolicies = fileURLToPath(new URL('../../policies', import.meta.url))

export function registerInitCommand(program: Command, io: Io): void {
  program
    .command('init')
    .description('write a commented sallyport.yaml, and the policies for listmonk beside it')
    .option('--force', 'write over a sallyport.yaml that is there; policies are never written over', false)
    .option('--directory <dir>', 'where to (default: here)', '.')
    .action((options: { force: boolean; directory: string }, command: Command) => init(options, command, io))
}

async function init(
  { force, directory }: { force: boolean; directory: string },
  command: Command,
  io: Io,
): Promise<void> {
  const folder = resolve(io.cwd, directory)
  const file = join(folder, 'sallyport.yaml')
  const policies = join(folder, 'policies')
  const hadPolicies = await write(folder, file, policies, force)
  const shown = relative(io.cwd, file) || file
  const kept = hadPolicies ? 'kept' : 'written'
  if (globalOptions(command, io).output === 'json') {
    await writeOut(io, `${JSON.stringify({ file, policies, policies_were: kept })}\n`)
  } else {
    await writeOut(io, `${shown}: written\n${relative(io.cwd, policies) || policies}: ${kept}\n`)
  }
  const config = shown === 'sallyport.yaml' ? '' : ` --config ${shown}`
  say(io, 'Next:')
  say(
    io,
    `  1. Say in ${shown} where the backend is (upstream.url) and who the gateway is to it (upstream.credential).`,
  )
  say(io, `  2. sallyport check${config}`)
  say(io, `  3. sallyport user add ann --role reader --list-role "alpha readers"${config}`)
  say(io, `  4. sallyport token new ann --expires 90d${config}`)
  say(io, `  5. sallyport serve${config}`)
}

/** Whether there was a folder of policies. */
async function write(folder: string, file: string, policies: string, force: boolean): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(file, configTemplate, { flag: force ? 'w' : 'wx', mode: 0o644 })
    const hadPolicies = (await stat(policies).catch(() => undefined)) !== undefined
    if (!hadPolicies) await cp(shippedPolicies, policies, { recursive: true })
    return hadPolicies
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EEXIST')
      throw usageError(`${file} is there already - use --force to write over it, or --directory for another place`)
    throw new CommandError(
      `${folder} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      1,
      { cause: error },
    )
  }
}
