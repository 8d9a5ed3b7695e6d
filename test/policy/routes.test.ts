import { describe, expect, it } from 'vitest'
import { routeTable } from '../../src/policy/routes.ts'
import { rule } from '../helpers/rule.ts'

const table = routeTable(
  [
    'GET /api/lists',
    'GET /api/lists/:id',
    'PUT /api/subscribers/lists',
    'PUT /api/subscribers/lists/:id',
    'PUT /api/subscribers/:id',
    'DELETE /api/subscribers/:id',
    'GET /api/subscribers/:id/export',
    'GET /admin/*',
    'GET /',
  ].map((id) => {
    const [method = '', path = ''] = id.split(' ')
    return rule({ id, method, path })
  }),
)
const match = (method: string, path: string) => table.match(method, path.slice(1).split('/'))
const matched = (method: string, path: string) => {
  const found = match(method, path)
  return found.kind === 'rule' ? { rule: found.rule.id, params: { ...found.params } } : found
}

describe('routeTable', () => {
  it('finds fixed paths and parameters', () => {
    expect(matched('GET', '/api/lists')).toEqual({ rule: 'GET /api/lists', params: {} })
    expect(matched('GET', '/api/lists/5')).toEqual({ rule: 'GET /api/lists/:id', params: { id: '5' } })
    expect(matched('GET', '/')).toEqual({ rule: 'GET /', params: {} })
  })

  it('takes a fixed segment before a parameter, and goes back where the method is not there (P28)', () => {
    expect(matched('PUT', '/api/subscribers/lists')).toMatchObject({ rule: 'PUT /api/subscribers/lists' })
    expect(matched('DELETE', '/api/subscribers/lists')).toEqual({
      rule: 'DELETE /api/subscribers/:id',
      params: { id: 'lists' },
    })
    expect(matched('GET', '/api/subscribers/lists/export')).toEqual({
      rule: 'GET /api/subscribers/:id/export',
      params: { id: 'lists' },
    })
  })

  it('never lets a parameter swallow a slash or an empty segment (P08, P23)', () => {
    expect(match('GET', '/api/lists/5/x')).toEqual({ kind: 'unknown' })
    expect(match('GET', '/api/lists/')).toEqual({ kind: 'unknown' })
    expect(table.match('GET', ['api', 'lists/5'])).toEqual({ kind: 'unknown' })
  })

  it('matches the rest only where a rule ends in *', () => {
    expect(matched('GET', '/admin/a/b')).toEqual({ rule: 'GET /admin/*', params: { '*': 'a/b' } })
    expect(match('GET', '/admin')).toEqual({ kind: 'unknown' })
  })

  it('compares bytes: another case is another path (P10), a longer name is another name (P24)', () => {
    expect(match('GET', '/API/lists')).toEqual({ kind: 'unknown' })
    expect(match('GET', '/api/listsx')).toEqual({ kind: 'unknown' })
  })

  it('says which methods a known path takes', () => {
    expect(match('POST', '/api/lists')).toEqual({ kind: 'method-not-allowed', allow: ['GET', 'HEAD'] })
    expect(match('GET', '/api/subscribers/lists')).toEqual({ kind: 'method-not-allowed', allow: ['DELETE', 'PUT'] })
    expect(match('get', '/api/lists')).toMatchObject({ kind: 'method-not-allowed' })
  })

  it('asks HEAD as GET (M01)', () => {
    expect(matched('HEAD', '/api/lists')).toMatchObject({ rule: 'GET /api/lists' })
  })

  it('is not fooled by names that objects have', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(match('GET', `/${name}`)).toEqual({ kind: 'unknown' })
      expect(match(name, '/api/lists')).toMatchObject({ kind: 'method-not-allowed' })
    }
  })
})
