/** The two files by which a machine resolves names beside asking: `hosts` and `resolv.conf`. Pure. */
import { isIP } from 'node:net'

/** The addresses of `name` in a hosts file, in its order. */
export function addressesIn(hosts: string, name: string): readonly string[] {
  const wanted = name.toLowerCase()
  const found: string[] = []
  for (const line of hosts.split('\n')) {
    const [address = '', ...names] = (line.split('#')[0] ?? '').trim().split(/\s+/)
    if (isIP(address) !== 0 && names.some((each) => each.toLowerCase() === wanted)) found.push(address)
  }
  return found
}

export interface SearchRule {
  readonly domains: readonly string[]
  /** A name with fewer dots is first looked for in the domains. */
  readonly dots: number
}

const maxDomains = 16
const maxDots = 15

/** As resolv.conf(5) has it: of `search` and `domain` the last one counts. */
export function searchRuleIn(resolvConf: string): SearchRule {
  let domains: readonly string[] = []
  let dots = 1
  for (const line of resolvConf.split('\n')) {
    const [word, ...rest] = (line.split(/[#;]/)[0] ?? '').trim().split(/\s+/)
    if (word === 'search') domains = rest.slice(0, maxDomains)
    if (word === 'domain') domains = rest.slice(0, 1)
    if (word !== 'options') continue
    for (const option of rest) {
      const given = /^ndots:([0-9]{1,2})$/.exec(option)?.[1]
      if (given !== undefined) dots = Math.min(Number(given), maxDots)
    }
  }
  return { domains, dots }
}

/** The full names that `name` may mean, in the order in which they are tried. */
export function fullNames(name: string, { domains, dots }: SearchRule): readonly string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)]
  const within = domains.filter((domain) => domain !== '.').map((domain) => `${name}.${domain.replace(/\.$/, '')}`)
  return name.split('.').length - 1 >= dots ? [name, ...within] : [...within, name]
}
