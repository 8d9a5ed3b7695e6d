import { describe, expect, it } from 'vitest'
import type { Tenant } from '../../src/context.ts'
import { createTenantTable, parseHost } from '../../src/screen/host.ts'

const tenant = (name: string, ...hosts: string[]): Tenant => ({ config: { name, hosts } }) as unknown as Tenant

describe('parseHost', () => {
  it.each([
    ['gw.test', 'gw.test'],
    ['GW.Test:8080', 'gw.test'],
    ['localhost', 'localhost'],
    ['10.0.0.5:9000', '10.0.0.5'],
    ['list_gateway:8000', 'list_gateway'],
    ['[::1]:8000', '[::1]'],
    ['[2001:DB8::1]', '[2001:db8::1]'],
  ])('H06: reads %s as %s', (value, name) => {
    expect(parseHost(value)).toBe(name)
  })

  it.each([
    '',
    ' ',
    'a, b',
    'a b',
    'gw.test.',
    'gw..test',
    '.gw.test',
    'u:p@gw.test',
    'u@gw.test',
    'gw.test:',
    'gw.test:0',
    'gw.test:x',
    'gw.test:65536',
    'gw.test:80:80',
    'gw.test/x',
    'gw.test\\x',
    'gw.test?x',
    'gw.test#',
    '::1',
    '[::1',
    '[gw.test]',
    'g\u00fc.test',
    '%67w.test',
    '*',
    'a'.repeat(256),
    `${'a.'.repeat(130)}!`,
  ])('H06: refuses %j', (value) => {
    expect(parseHost(value)).toBeUndefined()
  })
})

describe('createTenantTable', () => {
  it('finds tenants by their exact host names', () => {
    const spring = tenant('spring', 'spring.test', 'www.spring.test')
    const summer = tenant('summer', 'Summer.test')
    const table = createTenantTable([spring, summer])

    expect(table.find('spring.test')).toBe(spring)
    expect(table.find('www.spring.test')).toBe(spring)
    expect(table.find('summer.test')).toBe(summer)
    expect(table.find('x.spring.test')).toBeUndefined()
    expect(table.find('spring.test.evil.test')).toBeUndefined()
    expect(table.find('constructor')).toBeUndefined()
  })

  it('gives any host to a tenant that is alone and has no host names', () => {
    const only = tenant('default')

    expect(createTenantTable([only]).find('anything.test')).toBe(only)
  })

  it('gives no other host to a tenant that is alone and has one', () => {
    expect(createTenantTable([tenant('default', 'gw.test')]).find('other.test')).toBeUndefined()
  })

  it('gives no host to a tenant without host names that is not alone', () => {
    const table = createTenantTable([tenant('a'), tenant('b', 'b.test')])

    expect(table.find('other.test')).toBeUndefined()
  })

  it('knows nobody where there is no tenant', () => {
    expect(createTenantTable([]).find('gw.test')).toBeUndefined()
  })
})
