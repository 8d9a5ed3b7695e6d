import { describe, expect, it } from 'vitest'
import { addressesIn, fullNames, searchRuleIn } from '../../src/forward/hosts-file.ts'

describe('addressesIn', () => {
  const hosts =
    '# 10.0.0.1 gone\n127.0.0.1\tlocalhost box # one\r\n::1 localhost\n10.0.0.2 Backend backend.test\nnonsense backend\n'

  it('finds every address of a name, in any case and order of names', () => {
    expect(addressesIn(hosts, 'localhost')).toEqual(['127.0.0.1', '::1'])
    expect(addressesIn(hosts, 'BACKEND.test')).toEqual(['10.0.0.2'])
    expect(addressesIn(hosts, 'backend')).toEqual(['10.0.0.2'])
  })

  it('finds nothing in comments, and nothing that is not there', () => {
    expect(['gone', 'one', 'back', ''].flatMap((name) => addressesIn(hosts, name))).toEqual([])
  })
})

describe('searchRuleIn', () => {
  it('is what the last search or domain says, and one dot', () => {
    expect(searchRuleIn('')).toEqual({ domains: [], dots: 1 })
    expect(
      searchRuleIn('domain a.test\nsearch b.test c.test # d.test\nnameserver 10.0.0.1\noptions timeout:1 ndots:5\n'),
    ).toEqual({
      domains: ['b.test', 'c.test'],
      dots: 5,
    })
  })
})

describe('fullNames', () => {
  const rule = { domains: ['a.test', 'b.test.'], dots: 2 }

  it('looks in the domains first for a name with few dots, last for one with many, never for one with a last dot', () => {
    expect(fullNames('x.y', rule)).toEqual(['x.y.a.test', 'x.y.b.test', 'x.y'])
    expect(fullNames('x.y.z', rule)).toEqual(['x.y.z', 'x.y.z.a.test', 'x.y.z.b.test'])
    expect(fullNames('x.', rule)).toEqual(['x'])
    expect(fullNames('x', { domains: [], dots: 1 })).toEqual(['x'])
  })
})
