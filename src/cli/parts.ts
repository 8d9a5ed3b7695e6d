/** What a gateway is built from, read from the world. */
import type { GatewayParts } from '../app.ts'
import { readOrMakeKey } from '../admin/people/seal.ts'
import type { Config } from '../config/config.ts'
import type { PolicySet } from '../policy/rule.ts'
import type { Logger } from 'pino'
import type { Store } from '../store/store.ts'
import { CommandError } from './command-error.ts'
import type { Io } from './io.ts'
import { packageVersion } from './version.ts'

export async function gatewayParts(
  config: Config,
  { policies, store, logger }: { readonly policies: PolicySet; readonly store: Store; readonly logger: Logger },
  io: Io,
): Promise<GatewayParts> {
  const key = await readOrMakeKey(config.admin.keyFile).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error)
    throw new CommandError(`${why}: see admin.key_file.`, 2, { cause: error })
  })
  return { policies, store, logger, clock: io.clock, random: io.random, key, version: packageVersion() }
}
