/** Shows a configuration in the words of the file, with every default, and no secret. */
import { offsetText } from '../model/time.ts'
import type { Config, ListenAddress, ProbeConfig, TenantConfig, UpstreamConfig, UpstreamCredential } from './config.ts'

/** What stands where a secret would. */
const masked = '***'

/** A plain object with the keys of `sallyport.yaml`, for `sallyport config print`. */
export function describeConfig(config: Config): Readonly<Record<string, unknown>> {
  return {
    listen: addressText(config.listen),
    ...(config.tls === undefined ? {} : { tls: { cert_file: config.tls.certFile, key_file: config.tls.keyFile } }),
    admin: { listen: addressText(config.admin.listen) },
    policies: config.policies,
    store: { file: config.store.file },
    tenants: config.tenants.map(describeTenant),
    trusted_proxies: config.trustedProxies,
    log: { level: config.log.level },
    drain: { delay: spanText(config.drain.delayMs), deadline: spanText(config.drain.deadlineMs) },
    server: {
      headers_timeout: spanText(config.server.headersTimeoutMs),
      request_timeout: spanText(config.server.requestTimeoutMs),
      keep_alive_timeout: spanText(config.server.keepAliveTimeoutMs),
      idle_timeout: spanText(config.server.idleTimeoutMs),
      max_requests_per_socket: config.server.maxRequestsPerSocket,
      max_connections: config.server.maxConnections,
      shed: {
        lag: spanText(config.server.shed.lagMs),
        heap: config.server.shed.heapPercent,
        after: spanText(config.server.shed.afterMs),
      },
    },
  }
}

function describeTenant(tenant: TenantConfig): Readonly<Record<string, unknown>> {
  const { auth } = tenant
  return {
    name: tenant.name,
    ...(tenant.hosts.length === 0 ? {} : { hosts: tenant.hosts }),
    upstream: describeUpstream(tenant.upstream),
    policy: tenant.policy,
    ...(tenant.partial === undefined ? {} : { partial: tenant.partial }),
    plan: tenant.plan,
    contract: tenant.contract,
    timezone: offsetText(tenant.timezoneMinutes),
    auth: {
      unauthenticated_status: auth.unauthenticatedStatus,
      realm: auth.realm,
      bearer: auth.bearer,
      api_key: auth.apiKey,
    },
  }
}

function describeUpstream(upstream: UpstreamConfig): Readonly<Record<string, unknown>> {
  const [first, ...others] = upstream.urls
  return {
    ...(others.length === 0 ? { url: first } : { urls: upstream.urls }),
    credential: describeCredential(upstream.credential),
    ...(upstream.host === undefined ? {} : { host: upstream.host }),
    ...(upstream.caFile === undefined ? {} : { ca_file: upstream.caFile }),
    insecure_skip_verify: !upstream.verifyTls,
    connections: upstream.connections,
    timeouts: {
      connect: spanText(upstream.connectTimeoutMs),
      headers: spanText(upstream.headersTimeoutMs),
      body: spanText(upstream.bodyTimeoutMs),
      total: spanText(upstream.totalTimeoutMs),
      idle: spanText(upstream.idleTimeoutMs),
    },
    in_flight: upstream.inFlight,
    queue: { size: upstream.queue.size, wait: spanText(upstream.queue.waitMs) },
    retry: {
      budget: upstream.retry.budgetPercent,
      wait: spanText(upstream.retry.waitMs),
      held: upstream.retry.held,
    },
    health: {
      ...(upstream.probe === undefined ? {} : describeProbe(upstream.probe)),
      breaker: describeBreaker(upstream),
    },
  }
}

function describeProbe(probe: ProbeConfig): Readonly<Record<string, unknown>> {
  return {
    path: probe.path,
    interval: spanText(probe.intervalMs),
    timeout: spanText(probe.timeoutMs),
    healthy: probe.healthy,
    unhealthy: probe.unhealthy,
    status: probe.statuses.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)),
  }
}

function describeBreaker({ breaker }: UpstreamConfig): Readonly<Record<string, unknown>> {
  return {
    connect_failures: breaker.connectFailures,
    failures: breaker.failurePercent,
    requests: breaker.minRequests,
    window: spanText(breaker.windowMs),
    open: spanText(breaker.openMs),
  }
}

function describeCredential(credential: UpstreamCredential): unknown {
  if (credential.kind !== 'service') return credential.kind
  return { user: credential.user, token: masked, scheme: credential.scheme }
}

const addressText = ({ host, port }: ListenAddress): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

/** The longest unit that leaves a whole number. */
function spanText(ms: number): string {
  if (ms === 0) return '0s'
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const
  const fitting = units.find(([, size]) => ms % size === 0)
  return fitting === undefined ? `${ms}ms` : `${ms / fitting[1]}${fitting[0]}`
}
