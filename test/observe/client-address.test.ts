import { describe, expect, it } from 'vitest'
import { clientAddress, trustedPeers } from '../../src/observe/client-address.ts'

const peers = trustedPeers(['10.0.0.0/8', 'fd00::/8', '192.0.2.1'])

describe('clientAddress', () => {
  it.each([
    ['nobody is trusted by default', trustedPeers([]), '10.0.0.1', '198.51.100.7', '10.0.0.1'],
    ['an untrusted peer is not believed', peers, '198.51.100.7', '203.0.113.9', '198.51.100.7'],
    ['a trusted peer is', peers, '10.0.0.1', '203.0.113.9', '203.0.113.9'],
    [
      'the walk ends at the first hop that is not trusted',
      peers,
      '10.0.0.1',
      '1.1.1.1, 203.0.113.9, 10.2.2.2',
      '203.0.113.9',
    ],
    ['what is no address ends the walk', peers, '10.0.0.1', '203.0.113.9, unknown', '10.0.0.1'],
    ['single addresses and IPv6 ranges', peers, 'fd00::1', '2001:db8::5, 192.0.2.1', '2001:db8::5'],
    ['an IPv4-mapped peer', peers, '::ffff:10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['no header', peers, '10.0.0.1', undefined, '10.0.0.1'],
  ])('%s', (_name, trusted, peer, header, expected) => {
    expect(clientAddress(peer, header, trusted)).toBe(expected)
  })
})
