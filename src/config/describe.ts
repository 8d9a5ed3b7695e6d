/** Shows a configuration in the words of the file, with every default, and no secret. */
import { offsetText, spanText } from '../model/time.ts'
import type {
  AdminConfig,
  Config,
  ListenAddress,
  ProbeConfig,
  TenantConfig,
  UpstreamConfig,
  UpstreamCredential,
} from './config.ts'

/** What stands where a secret would. */
const masked = '***'

/** A plain object with the keys of `sallyport.yaml`, for `sallyport config print`. */
export function describeConfig(config: Config): Readonly<Record<string, unknown>> {
  return {
    listen: addressText(config.listen),
    ...(config.tls === undefined ? {} : { tls: { cert_file: config.tls.certFile, key_file: config.tls.keyFile } }),
    admin: describeAdmin(config.admin),
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
      max_connections_per_address: config.server.maxConnectionsPerAddress,
      min_body_rate: config.server.minBodyRate,
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

function describeAdmin(admin: AdminConfig): Readonly<Record<string, unknown>> {
  const { tls, publicUrl, oidc } = admin
  return {
    listen: addressText(admin.listen),
    ...(tls === undefined ? {} : { tls: { cert_file: tls.certFile, key_file: tls.keyFile } }),
    ...(publicUrl === undefined ? {} : { public_url: publicUrl }),
    key_file: admin.keyFile,
    session_lifetime: spanText(admin.sessionLifetimeMs),
    ...(oidc === undefined
      ? {}
      : { oidc: { issuer: oidc.issuer, client_id: oidc.clientId, client_secret: masked, label: oidc.label } }),
  }
}

const addressText = ({ host, port }: ListenAddress): string => `${host.includes(':') ? `[${host}]` : host}:${port}`
