/** Where this machine resolves names: its two files, its DNS servers, and its own resolver. */
import { type LookupAddress, lookup, promises as dns } from 'node:dns'
import { readFileSync, statSync } from 'node:fs'
import type { NameSources } from './resolver.ts'

/** For one question to one server; it is asked twice. */
const questionMs = 1_000

export function systemNames(): NameSources {
  const hosts = cachedFile(process.platform === 'win32' ? windowsHosts : '/etc/hosts')
  const resolvConf = cachedFile('/etc/resolv.conf')
  return {
    hosts,
    resolvConf,
    dns: () => new dns.Resolver({ timeout: questionMs, tries: 2 }),
    system: (name) =>
      new Promise((resolve, reject) => {
        lookup(name, { all: true }, (error, addresses: readonly LookupAddress[]) =>
          error === null ? resolve(addresses) : reject(error),
        )
      }),
  }
}

const windowsHosts = String.raw`C:\Windows\System32\drivers\etc\hosts`

/** Reads at once and not in a thread: they are small, and the threads may be what is missing. Read anew when it changed. */
function cachedFile(path: string): () => string {
  let text = ''
  let changedAtMs = -1
  return () => {
    try {
      const { mtimeMs } = statSync(path)
      if (mtimeMs !== changedAtMs) text = readFileSync(path, 'utf8')
      changedAtMs = mtimeMs
    } catch {
      text = ''
      changedAtMs = -1
    }
    return text
  }
}
