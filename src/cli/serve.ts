/** `sallyport serve`: the gateway, until a signal ends it. */
import type { Command } from 'commander'
import type { Gateway } from '../app.ts'
import { Problems } from '../model/problem.ts'
import { createLog, type Log } from '../observe/logger.ts'
import { loadPolicies } from '../policy/load.ts'
import { neverBack } from '../model/time.ts'
import { examineStore } from '../store/examine.ts'
import { openStore } from '../store/store.ts'
import { gatewayActs, type Acts } from './audit-acts.ts'
import { say, type Io } from './io.ts'
import { gatewayParts } from './parts.ts'
import { runUntilSignal } from './run-until-signal.ts'
import { loadSettings } from './settings.ts'
import { firstSetupLink } from './setup-link.ts'
import { startGateway } from './start-gateway.ts'
import { startFindings } from './start-findings.ts'
import { startWarnings } from './start-warnings.ts'
import { readMark } from './store-mark.ts'
import { packageVersion } from './version.ts'
import { watchStore } from './watch-store.ts'
import { actorOf } from './with-store.ts'

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
  const { file } = config.store
  const mark = await readMark(file)
  const examination = await examineStore(file)
  const clock = neverBack(io.clock)
  const store = await openStore({ file, clock })
  const acts = gatewayActs(store, actorOf(io), (facts, message) => log.logger.warn(facts, message))
  const watch = watchStore({
    file,
    epochMs: () => clock.epochMs(),
    onChange: (listener) => store.onChange(listener),
    warn: (facts, message) => log.logger.warn(facts, message),
    onOlder: (facts) => acts.note('gateway.store-older', facts),
  })
  try {
    const parts = await gatewayParts(config, { policies, store, logger: log.logger }, { ...io, clock })
    const remedy = 'stop it, or change `listen` and `admin.listen` in sallyport.yaml'
    const { gateway, data, admin } = await startGateway(config, parts, remedy)
    process.on('SIGHUP', () => void reload(gateway, command, io, log, acts))
    const ended = runUntilSignal(gateway, (signal) => {
      log.logger.info({ signal }, 'draining')
      acts.note('gateway.drain', { signal })
    })
    for (const warning of startWarnings(config)) log.logger.warn(warning)
    const found = { examination, mark, retired: await store.listRetired(), nowMs: io.clock.epochMs() }
    for (const { level, message, facts } of startFindings(found)) log.logger[level](facts, message)
    const tenants = config.tenants.map(({ name }) => name)
    log.logger.info({ data, admin, tenants }, 'listening')
    const setup = await firstSetupLink(config, policies, store, io, admin)
    // Not in the log: who reads logs must not become an administrator.
    if (setup !== undefined) say(io, `Nobody administers this gateway yet. Open, once and within a day: ${setup}`)
    acts.note('gateway.start', { version: packageVersion(), data, admin, tenants })
    return await ended
  } finally {
    await acts.settled()
    await watch.close()
    await store.close()
    log.logger.info('stopped')
    log.close()
  }
}

/** Everything is validated, then swapped in one step; or the old stays and the log says why. */
async function reload(gateway: Gateway, command: Command, io: Io, log: Log, acts: Acts): Promise<void> {
  try {
    const config = await loadSettings(command, io)
    gateway.reload(config, await loadPolicies(config.policies))
    log.logger.info('configuration reloaded')
    acts.note('gateway.reload', { tenants: config.tenants.map(({ name }) => name) })
  } catch (error) {
    const problems = error instanceof Problems ? error.message.split('\n') : [String(error)]
    log.logger.error({ problems }, 'configuration not reloaded, the old one stays')
    // How many: what they say may quote the files.
    acts.note('gateway.reload-refused', { problems: problems.length })
  }
}
