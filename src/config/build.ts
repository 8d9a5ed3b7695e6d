/** Makes the configuration of checked words: defaults filled in, paths absolute, and the checks that need several keys. */
import { dirname } from 'node:path'
import { buildAdmin, buildTls } from './build-admin.ts'
import { buildTenants } from './build-tenants.ts'
import { pathFrom, type BuildContext } from './build-upstream.ts'
import type { Config, ListenAddress, ServerLimits } from './config.ts'
import { parseListen, spanOrNone } from './formats.ts'
import { defaults } from './defaults.ts'
import type { ConfigWords } from './language.ts'
import { checkThere } from './secrets.ts'

/** The configuration, or `undefined` when the report says why not. */
export async function buildConfig(
  words: Partial<ConfigWords>,
  file: string | undefined,
  context: BuildContext,
): Promise<Config | undefined> {
  const { report } = context
  const listen = listenFrom(words.listen ?? defaults.listen)
  const adminListen = listenFrom(words.admin?.listen ?? defaults.adminListen)
  if (isSame(listen, adminListen)) {
    report.add(
      ['admin', 'listen'],
      `is the same address as \`listen\`, \`${adminListen.host}:${adminListen.port}\``,
      'give it another port',
    )
  }
  const tls = words.tls === undefined ? undefined : await buildTls(words.tls, ['tls'], context)
  const policies = pathFrom(context, ['policies'], words.policies ?? defaults.policies)
  await checkThere(policies, 'folder', ['policies'], report)
  const storeFile = pathFrom(context, ['store', 'file'], words.store?.file ?? defaults.storeFile)
  await checkThere(dirname(storeFile), 'folder', ['store', 'file'], report)

  const admin = await buildAdmin(words.admin, { listen: adminListen, storeFile }, context)

  const [first, ...others] = await buildTenants(words, context)
  if (first === undefined || report.problems.length > 0) return undefined
  return {
    file,
    listen,
    tls,
    admin,
    policies,
    store: { file: storeFile },
    tenants: [first, ...others],
    trustedProxies: words.trusted_proxies ?? [],
    log: { level: words.log?.level ?? defaults.logLevel },
    drain: {
      delayMs: spanOrNone(words.drain?.delay ?? defaults.drain.delay) ?? 0,
      deadlineMs: spanOrNone(words.drain?.deadline ?? defaults.drain.deadline) ?? 0,
    },
    server: serverFrom(words.server),
  }
}

/** The checker has seen that it can be read. */
function listenFrom(words: string | number): ListenAddress {
  return parseListen(String(words)) ?? { host: '127.0.0.1', port: 0 }
}

const wildcards: readonly string[] = ['0.0.0.0', '::']

function isSame(a: ListenAddress, b: ListenAddress): boolean {
  if (a.port !== b.port || a.port === 0) return false
  return a.host === b.host || wildcards.includes(a.host) || wildcards.includes(b.host)
}

function serverFrom(words: ConfigWords['server']): ServerLimits {
  const server = { ...defaults.server, ...words }
  const shed = { ...defaults.server.shed, ...words?.shed }
  return {
    headersTimeoutMs: spanOrNone(server.headers_timeout) ?? 0,
    requestTimeoutMs: spanOrNone(server.request_timeout) ?? 0,
    keepAliveTimeoutMs: spanOrNone(server.keep_alive_timeout) ?? 0,
    idleTimeoutMs: spanOrNone(server.idle_timeout) ?? 0,
    maxRequestsPerSocket: server.max_requests_per_socket,
    maxConnections: server.max_connections,
    maxConnectionsPerAddress: server.max_connections_per_address,
    minBodyRate: server.min_body_rate,
    shed: {
      lagMs: spanOrNone(shed.lag) ?? 0,
      heapPercent: shed.heap,
      afterMs: spanOrNone(shed.after) ?? 0,
    },
  }
}
