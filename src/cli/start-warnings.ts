/** What an operator should know of a configuration that is good, and weaker than it looks. Pure. */
import { isIPv6 } from 'node:net'
import type { Config } from '../config/config.ts'

/** One sentence each, for the log at every start. */
export function startWarnings(config: Config): readonly string[] {
  const unverified = config.tenants
    .filter(({ upstream }) => !upstream.verifyTls)
    .map(({ name }) => `the TLS certificate of the upstream of tenant ${name} is NOT verified`)
  return [...unverified, ...clearText(config), ...adminInClearText(config)]
}

/** Credentials in clear text on a network: known to be so unless a proxy in front is named, which may have taken the TLS off. */
function clearText({ tls, listen, trustedProxies }: Config): readonly string[] {
  if (tls !== undefined || isLoopback(listen.host) || trustedProxies.length > 0) return []
  return [
    `callers send their credentials in clear text to ${listen.host}: give \`tls\`, or name the proxy in front in \`trusted_proxies\``,
  ]
}

/** Passwords and sessions in clear text on a network. */
function adminInClearText({ admin: { tls, listen, publicUrl }, trustedProxies }: Config): readonly string[] {
  const isEncrypted = tls !== undefined || publicUrl?.startsWith('https:') === true
  if (isEncrypted || isLoopback(listen.host) || trustedProxies.length > 0) return []
  return [
    `people send their passwords in clear text to ${listen.host}:${listen.port}: give \`admin.tls\`, or an https \`admin.public_url\` of a proxy in front`,
  ]
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || (isIPv6(host) ? host === '::1' : /^127(?:\.[0-9]{1,3}){3}$/.test(host))
