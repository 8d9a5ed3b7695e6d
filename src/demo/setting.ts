/** The demo's configuration: three tenants, told apart by host name, over the shipped policies. */
import { fileURLToPath } from 'node:url'
import type { Config, TenantConfig } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { parseTenantName } from '../model/ids.ts'

export interface DemoPlaces {
  readonly port: number
  readonly adminPort: number
  readonly storeFile: string
  readonly backends: { readonly default: string; readonly refusing: string; readonly silent: string }
}

/** The folder of policies that this package carries. */
export const shippedPolicies = fileURLToPath(new URL('../../policies', import.meta.url))

/** What the demo's backend takes from the gateway. */
export const demoCredential = { user: 'super', secret: 'demo' } as const

/** Built on the loader's own defaults, so that the demo runs what a user would. */
export async function demoConfig(places: DemoPlaces): Promise<Config> {
  const env = {
    SALLYPORT_UPSTREAM_URL: places.backends.default,
    SALLYPORT_UPSTREAM_CREDENTIAL_USER: demoCredential.user,
    SALLYPORT_UPSTREAM_CREDENTIAL_TOKEN: demoCredential.secret,
    SALLYPORT_POLICIES: shippedPolicies,
    SALLYPORT_STORE_FILE: places.storeFile,
  }
  const base = await loadConfig({ env, cwd: fileURLToPath(new URL('.', import.meta.url)) })
  const [first] = base.tenants
  const tenants = [
    tenant(first, 'default', ['127.0.0.1', 'localhost'], places.backends.default),
    tenant(first, 'refusing', ['refusing.localhost'], places.backends.refusing),
    tenant(first, 'silent', ['silent.localhost'], places.backends.silent),
  ] as const
  return {
    ...base,
    tenants,
    listen: { host: '127.0.0.1', port: places.port },
    admin: { ...base.admin, listen: { host: '127.0.0.1', port: places.adminPort } },
    drain: { delayMs: 0, deadlineMs: 5_000 },
  }
}

function tenant(base: TenantConfig, name: string, hosts: readonly string[], url: string): TenantConfig {
  const tenantName = parseTenantName(name)
  if (tenantName === undefined) throw new Error(`\`${name}\` is no name of a tenant`)
  const headersTimeoutMs = name === 'silent' ? 1_000 : base.upstream.headersTimeoutMs
  return { ...base, name: tenantName, hosts, upstream: { ...base.upstream, urls: [url], headersTimeoutMs } }
}
