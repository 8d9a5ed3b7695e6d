/** Who is at the other end: the connection's peer, or, behind trusted proxies, the first hop that is not one of them. */
import { BlockList, isIP } from 'node:net'

export interface TrustedPeers {
  trusts(address: string): boolean
}

/** `ranges` are CIDR ranges (`10.0.0.0/8`, `fd00::/8`) or single addresses; the loader has checked them. */
export function trustedPeers(ranges: readonly string[]): TrustedPeers {
  if (ranges.length === 0) return { trusts: () => false }
  const list = new BlockList()
  for (const range of ranges) {
    const [network = '', prefix] = range.split('/', 2)
    const family = isIP(network) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(network, family)
    else list.addSubnet(network, Number(prefix), family)
  }
  return {
    trusts(address) {
      const family = isIP(address)
      return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4')
    },
  }
}

/** Walks `X-Forwarded-For` from the right while the hops are trusted. What is no address ends the walk at the hop before it. */
export function clientAddress(peer: string, forwardedFor: string | undefined, peers: TrustedPeers): string {
  if (forwardedFor === undefined || !peers.trusts(peer)) return peer
  let client = peer
  for (const hop of forwardedFor.split(',').toReversed()) {
    const address = hop.trim()
    if (isIP(address) === 0) return client
    client = address
    if (!peers.trusts(address)) return client
  }
  return client
}
