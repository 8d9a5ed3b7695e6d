/** `sallyport serve`: the gateway, until a signal ends it. */
import type { Command } from 'commander'
import type { Gateway } from '../app.ts'
import { Problems } from '../model/problem.ts'
import { createLog, type Log } from '../observe/logger.ts'
import { loadPolicies } from '../policy/load.ts'
import { openStore } from '../store/store.ts'
import type { Io } from './io.ts'
import { runUntilSignal } from './run-until-signal.ts'
import { loadSettings } from './settings.ts'
import { startGateway } from './start-gateway.ts'

export function registerServeCommand(program: Command, io: Io): void {
  program
    .command('serve')
    .description('run the gateway: SIGTERM drains, SIGHUP reloads sallyport.yaml and the policies')
    .action(async (_options: unknown, command: Command) => {
      process.exitCode = await serve(command, io)
    })
}

async function serve(command: Command, io: Io): Promise<number> {
  const config = await loadSettings(command, io)
  const policies = await loadPolicies(config.policies)
  const log = createLog(config.log.level)
  const store = await openStore({ file: config.store.file, clock: io.clock })
  try {
    const parts = { policies, credentials: store, lists: store, logger: log.logger, clock: io.clock }
    const remedy = 'stop it, or change `listen` and `admin.listen` in sallyport.yaml'
    const { gateway, data, admin } = await startGateway(config, parts, remedy)
    const ended = runUntilSignal(gateway, (signal) => log.logger.info({ signal }, 'draining'))
    warnOf(config.tenants, log)
    log.logger.info({ data, admin, tenants: config.tenants.map(({ name }) => name) }, 'listening')
    process.on('SIGHUP', () => void reload(gateway, command, io, log))
    return await ended
  } finally {
    await store.close()
    log.logger.info('stopped')
    log.close()
  }
}

/** Everything is validated, then swapped in one step; or the old stays and the log says why. */
async function reload(gateway: Gateway, command: Command, io: Io, log: Log): Promise<void> {
  try {
    const config = await loadSettings(command, io)
    gateway.reload(config, await loadPolicies(config.policies))
    log.logger.info('configuration reloaded')
  } catch (error) {
    const problems = error instanceof Problems ? error.message.split('\n') : [String(error)]
    log.logger.error({ problems }, 'configuration not reloaded, the old one stays')
  }
}

function warnOf(
  tenants: readonly { readonly name: string; readonly upstream: { readonly verifyTls: boolean } }[],
  log: Log,
): void {
  for (const { name, upstream } of tenants) {
    if (!upstream.verifyTls) log.logger.warn({ tenant: name }, 'the TLS certificate of this upstream is NOT verified')
  }
}
