/** The global options of every command, and the configuration that they lead to. */
import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import type { Io } from './io.ts'

export interface GlobalOptions {
  /** `--config` or `SALLYPORT_CONFIG`; `undefined`: `./sallyport.yaml`. */
  readonly config: string | undefined
  readonly output: 'text' | 'json'
}

export function globalOptions(command: Command, io: Io): GlobalOptions {
  const given = command.optsWithGlobals<{ config?: string; output?: 'text' | 'json' }>()
  const fromEnv = io.env['SALLYPORT_CONFIG']
  return {
    config: given.config ?? (fromEnv === '' ? undefined : fromEnv),
    output: given.output ?? 'text',
  }
}

/** The configuration that the global options name. Throws `Problems`, which ends the command with exit code 2. */
export function loadSettings(command: Command, io: Io): Promise<Config> {
  const { config } = globalOptions(command, io)
  return loadConfig({ ...(config === undefined ? {} : { file: config }), env: io.env, cwd: io.cwd })
}
