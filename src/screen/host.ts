/** Which tenant a `Host` header means. */
import type { Tenant } from '../context.ts'

export interface TenantTable {
  /** The tenant of a host name as `parseHost` gives it; `undefined`: nobody's. */
  find(host: string): Tenant | undefined
}

/** Tenants by their exact host names; a tenant that is alone and has none takes any. */
export function createTenantTable(tenants: readonly Tenant[]): TenantTable {
  const [only] = tenants
  if (tenants.length === 1 && only !== undefined && only.config.hosts.length === 0) return { find: () => only }

  const byHost = new Map(tenants.flatMap((tenant) => tenant.config.hosts.map((host) => [host.toLowerCase(), tenant])))
  return { find: (host) => byHost.get(host) }
}

const maxHostLength = 255

/**
 * The host name of a `Host` header, in lower case and without its port; `undefined` if it is malformed. A trailing dot
 * is refused: `gw.test.` is the same name to a resolver and another one to a cache.
 */
export function parseHost(value: string): string | undefined {
  if (value.length > maxHostLength) return undefined
  const parts = hostAndPort.exec(value)
  const host = parts?.[1]
  const port = parts?.[2]
  if (host === undefined || (port !== undefined && Number(port) > 65_535)) return undefined
  return host.toLowerCase()
}

/** Labels of letters, digits, `-` and `_` (which container networks use), or an IPv6 address in brackets. */
const hostAndPort = /^((?:[A-Za-z0-9_-]+\.)*[A-Za-z0-9_-]+|\[[0-9A-Fa-f:.]{2,45}\])(?::([1-9][0-9]{0,4}))?$/
