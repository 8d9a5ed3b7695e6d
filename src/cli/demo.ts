/** `sallyport demo`: everything at once on this machine, with a backend in memory and commands to try. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import type { Command } from 'commander'
import { startBackend } from '../demo/backend/server.ts'
import { refusingBackend, silentBackend } from '../demo/bad-backends.ts'
import { acts, cast } from '../demo/cast.ts'
import { demoConfig, demoCredential, shippedPolicies } from '../demo/setting.ts'
import { parseTenantName } from '../model/ids.ts'
import { newToken, tokenSha256 } from '../model/token.ts'
import { createLog } from '../observe/logger.ts'
import { loadPolicies } from '../policy/load.ts'
import { openStore, type Store } from '../store/store.ts'
import { usageError } from './command-error.ts'
import { paintFor, say, writeOut, type Io } from './io.ts'
import { gatewayParts } from './parts.ts'
import { runUntilSignal } from './run-until-signal.ts'
import { firstSetupLink } from './setup-link.ts'
import { startGateway } from './start-gateway.ts'

interface Options {
  readonly port: string
  readonly adminPort: string
}

export function registerDemoCommand(program: Command, io: Io): void {
  program
    .command('demo')
    .description('run the gateway in front of a backend in memory, with sample users and commands to try')
    .option('--port <port>', 'where the gateway listens', '8080')
    .option('--admin-port <port>', 'where health is asked', '8081')
    .action(async (options: Options) => {
      process.exitCode = await demo(portOf(options.port), portOf(options.adminPort), io)
    })
}

function portOf(text: string): number {
  const port = Number(text)
  if (!/^[0-9]{1,5}$/.test(text) || port > 65_535) throw usageError(`\`${text}\` is no port: use 0 to 65535.`)
  return port
}

async function demo(port: number, adminPort: number, io: Io): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sallyport-demo-'))
  const backend = await startBackend({ credential: demoCredential })
  const [refusing, silent] = await Promise.all([refusingBackend(), silentBackend()])
  const storeFile = path.join(folder, 'sallyport.db')
  const store = await openStore({ file: storeFile, clock: io.clock })
  const log = createLog('info', requestsInWords(io))
  try {
    const tokens = await engage(store, io)
    const backends = { default: backend.url, refusing: refusing.url, silent: silent.url }
    const config = await demoConfig({ port, adminPort, storeFile, backends })
    const policies = await loadPolicies(shippedPolicies)
    const parts = await gatewayParts(config, { policies, store, logger: log.logger }, io)
    const remedy = 'stop it, or run the demo elsewhere: npm run demo -- --port 9080 --admin-port 9081'
    const { gateway, data, admin } = await startGateway(config, parts, remedy)
    // Listening for signals before anything is shown: who reads the screen may end it at once.
    const ended = runUntilSignal(gateway, () => say(io, '\nending …'))
    const setup = await firstSetupLink(config, policies, store, io, admin)
    await writeOut(io, screen({ data, admin, backend: backend.url, setup: setup ?? admin }, tokens, io))
    return await ended
  } finally {
    await store.close()
    await Promise.all([backend.close(), silent.close()])
    await rm(folder, { recursive: true, force: true })
  }
}

/** Makes the users; every start gives them new tokens. */
async function engage(store: Store, io: Io): Promise<ReadonlyMap<string, string>> {
  const tokens = new Map<string, string>()
  for (const { name, tenant, roles, listRoles } of cast) {
    const tenantName = parseTenantName(tenant)
    if (tenantName === undefined) throw new Error(`\`${tenant}\` is no name of a tenant`)
    const token = newToken(io.random)
    await store.createUser({ tenant: tenantName, name, kind: 'api', roles, listRoles }, 'demo')
    const stored = { sha256: tokenSha256(token), label: 'demo', notBefore: undefined, expiresAt: undefined }
    await store.createToken(tenantName, name, stored, 'demo')
    tokens.set(name, token)
  }
  return tokens
}

interface Where {
  readonly data: string
  readonly admin: string
  readonly backend: string
  /** The one-time link that makes an administrator. */
  readonly setup: string
}

function screen({ data, admin, backend, setup }: Where, tokens: ReadonlyMap<string, string>, io: Io): string {
  const paint = paintFor(io, 'stdout')
  const token = (name: string): string => tokens.get(name) ?? ''
  const lines = [
    paint('bold', 'Sallyport demo'),
    `  gateway  ${data}   (health: ${admin}/readyz)`,
    `  backend  ${backend}   in memory, speaks listmonk's API; only the gateway has its credential`,
    `  policy   ${path.relative(io.cwd, shippedPolicies) || '.'}/listmonk.yaml`,
    '',
    paint('bold', 'Admin pages'),
    `  open once   ${setup}`,
    '  and choose a name and a password; from there on everything below can be done in the browser',
    '',
    paint('bold', 'Users'),
    ...cast.map(({ name, what }) => `  ${name.padEnd(5)} ${token(name)}  ${what}`),
    '',
    paint('bold', 'Try (in another terminal)'),
    ...acts(data, token).flatMap(({ title, shows, command }) => [
      paint('dim', `  # ${title}: ${shows}`),
      `  ${command}`,
    ]),
    '',
    'Ctrl-C ends it. Requests show below.',
    '',
  ]
  return lines.join('\n')
}

/** The demo's log for people: a short line a request instead of JSON. */
function requestsInWords(io: Io): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      const line = JSON.parse(chunk.toString()) as Readonly<Record<string, unknown>>
      if (line['msg'] === 'request') {
        const { method, path: asked, status, user, decision, reason, duration_ms: ms } = line
        say(
          io,
          `  ${show(status)} ${show(method)} ${show(asked)}  ${show(user)}  ${show(decision)} ${show(reason)}  ${show(ms)} ms`,
        )
      }
      done()
    },
  })
}

const show = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '-')
