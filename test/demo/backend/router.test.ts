import { describe, expect, it } from 'vitest'
import { createRouter } from '../../../src/demo/backend/router.ts'

function find(method: string, path: string): unknown {
  const router = createRouter<string>()
  const routes = [
    ...['GET /api/lists', 'GET /api/lists/:id', 'PUT /api/subscribers/lists', 'PUT /api/subscribers/lists/:id'],
    ...[
      'GET /api/subscribers/:id',
      'DELETE /api/subscribers/:id',
      'GET /api/subscribers/:id/export',
      'GET /api/subscribers/export',
    ],
    ...['GET /uploads/', 'GET /link/:link/:subscriber'],
  ]
  for (const route of routes) router.add(route.split(' ')[0] ?? '', route.split(' ')[1] ?? '', route)
  const found = router.find(method, path)
  return found === undefined ? undefined : [found.handler, found.params]
}

describe('the router', () => {
  it.each([
    ['a static path', 'GET', '/api/lists', ['GET /api/lists', {}]],
    ['a parameter', 'GET', '/api/lists/5', ['GET /api/lists/:id', { id: '5' }]],
    [
      'a parameter at the end of all routes, with the rest of the path',
      'GET',
      '/api/lists/5/x',
      ['GET /api/lists/:id', { id: '5/x' }],
    ],
    ['its slash too', 'GET', '/api/lists/5/', ['GET /api/lists/:id', { id: '5/' }]],
    ['static before parameter', 'GET', '/api/subscribers/export', ['GET /api/subscribers/export', {}]],
    [
      'the parameter where the static path has another method',
      'DELETE',
      '/api/subscribers/lists',
      ['DELETE /api/subscribers/:id', { id: 'lists' }],
    ],
    [
      'a static path with a parameter',
      'PUT',
      '/api/subscribers/lists/7',
      ['PUT /api/subscribers/lists/:id', { id: '7' }],
    ],
    ['dots as text', 'GET', '/api/lists/../x', ['GET /api/lists/:id', { id: '../x' }]],
    ['an escape that is Go’s own, decoded', 'GET', '/api/lists/%203', ['GET /api/lists/:id', { id: ' 3' }]],
    ['another escape as it is', 'GET', '/api/lists/%33', ['GET /api/lists/:id', { id: '%33' }]],
    ['two parameters', 'GET', '/link/a/b', ['GET /link/:link/:subscriber', { link: 'a', subscriber: 'b' }]],
    ['a slash that is part of the route', 'GET', '/uploads/', ['GET /uploads/', {}]],
  ])('finds %s', (_what, method, path, expected) => {
    expect(find(method, path)).toEqual(expected)
  })

  it.each([
    ['a parameter that is empty', 'GET', '/api/lists/'],
    ['more behind a parameter that has longer routes', 'GET', '/api/subscribers/3/x'],
    ['another method', 'PATCH', '/api/lists'],
    ['a doubled slash', 'GET', '/api//lists'],
    ['an escaped letter', 'GET', '/api/list%73'],
    ['an escape that is none', 'GET', '/api/list%zz'],
    ['another case', 'GET', '/API/lists'],
  ])('does not find %s', (_what, method, path) => {
    expect(find(method, path)).toBeUndefined()
  })
})
