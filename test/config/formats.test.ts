import { describe, expect, it } from 'vitest'
import {
  formats,
  parseHost,
  parseInstant,
  parseListen,
  parseOrigin,
  parseRange,
  parseSize,
  spanOrNone,
} from '../../src/config/formats.ts'

describe('parseListen', () => {
  it.each([
    ['8080', { host: '127.0.0.1', port: 8080 }],
    ['0', { host: '127.0.0.1', port: 0 }],
    ['0.0.0.0:65535', { host: '0.0.0.0', port: 65_535 }],
    ['[::1]:80', { host: '::1', port: 80 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
  ])('reads %s', (text, address) => {
    expect(parseListen(text)).toEqual(address)
  })

  it.each([
    '',
    ':80',
    '65536',
    '080',
    '-1',
    '127.0.0.1',
    '1.2.3:80',
    '::1:80',
    '[1.2.3.4]:80',
    'http://a:80',
    'a b:80',
    'a:80/',
  ])('refuses %j', (text) => {
    expect(parseListen(text)).toBeUndefined()
  })
})

describe('parseOrigin', () => {
  it.each([
    ['http://backend:9000', 'http://backend:9000'],
    ['HTTPS://Example.ORG:443/', 'https://example.org'],
    ['http://[::1]:9000', 'http://[::1]:9000'],
  ])('reads %s', (text, origin) => {
    expect(parseOrigin(text)).toBe(origin)
  })

  it.each([
    'backend:9000',
    'ftp://b',
    'http://',
    'http://b/path',
    'http://b?x',
    'http://b#x',
    'http://u@b',
    'http://u:p@b',
    'http://b\\@evil',
    'http://b:0',
    'http://b:65536',
    ' http://b',
    'http:b',
  ])('refuses %j', (text) => {
    expect(parseOrigin(text)).toBeUndefined()
  })
})

describe('parseHost', () => {
  it('is in lower case, without a port', () => {
    expect(['A.example.ORG', '[::1]', '10.0.0.1', 'x_y'].map(parseHost)).toEqual([
      'a.example.org',
      '[::1]',
      '10.0.0.1',
      'x_y',
    ])
    expect(
      ['', 'a:80', 'a..b', 'a.', '-a', 'a b', '*.a', '1.2.3', '[1.2.3.4]', 'é.org', `${'a'.repeat(64)}.b`].map(
        parseHost,
      ),
    ).toEqual(Array(11).fill(undefined))
  })
})

describe('parseRange', () => {
  it('takes addresses and CIDR ranges of both families', () => {
    expect(['10.0.0.0/8', '::1', 'fe80::/10', '1.2.3.4/32', '::/0'].every((text) => parseRange(text) === text)).toBe(
      true,
    )
    expect(
      ['10.0.0.0/33', '10.0.0/8', '::/129', '1.2.3.4/08', '1.2.3.4/', 'a', '', 'fe80::1%eth0', '1.2.3.4/8/8'].map(
        parseRange,
      ),
    ).toEqual(Array(9).fill(undefined))
  })
})

describe('parseSize', () => {
  it('is bytes, at most 1 GiB', () => {
    expect(['1B', '2KiB', '64MiB', '1024MiB'].map(parseSize)).toEqual([1, 2048, 67_108_864, 1_073_741_824])
    expect(['0B', '1', '1MB', '1.5MiB', '-1B', '1025MiB', ' 1B', '01B'].map(parseSize)).toEqual(
      Array(8).fill(undefined),
    )
  })
})

describe('parseInstant', () => {
  it('is a time with its offset', () => {
    expect(parseInstant('2026-12-31T00:00:00+01:00')).toBe(Date.UTC(2026, 11, 30, 23))
    expect(parseInstant('2024-02-29T23:59:59.123456Z')).toBe(Date.UTC(2024, 1, 29, 23, 59, 59, 123))
  })

  it.each([
    '2026-12-31',
    '2026-12-31T00:00:00',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:60:00Z',
    '2026-01-01T00:00:00+24:00',
    '2026-01-01 00:00:00Z',
    '',
  ])('refuses %j', (text) => {
    expect(parseInstant(text)).toBeUndefined()
  })
})

describe('spans', () => {
  it('may be none only where that means something, and never too long for a timer', () => {
    expect(['none', '0s', '30s'].map(spanOrNone)).toEqual([0, 0, 30_000])
    expect(['none', '0s', '30s', '24d', '25d', '999999999d'].map((text) => formats['span']?.(text))).toEqual([
      false,
      false,
      true,
      true,
      false,
      false,
    ])
    expect(['none', '24d', '25d'].map((text) => formats['span-or-none']?.(text))).toEqual([true, true, false])
  })
})
