import { describe, expect, it } from 'vitest'
import { refusedBecause } from '../../../src/demo/backend/credential.ts'

describe('refusedBecause', () => {
  const credential = { user: 'super', secret: 'a:b' }
  const basic = Buffer.from('super:a:b').toString('base64')

  it.each([
    ['token super:a:b', undefined],
    ['tokensuper:a:b', undefined],
    [`Basic ${basic}`, undefined],
    [undefined, 'invalid session'],
    ['  ', 'invalid session'],
    ['token super:a', 'invalid API credentials'],
    ['token Super:a:b', 'invalid API credentials'],
    ['Token super:a:b', 'code=400, message=unknown Authorization scheme'],
    [`Basic ${basic}=`, 'code=400, message=invalid Base64 value in Basic Authorization header'],
    ['token super', 'code=400, message=api_key:token missing'],
    ['token super:', 'code=400, message=empty `api_key` or `token`'],
  ])('says of `%s`: %s', (authorization, expected) => {
    expect(refusedBecause({ authorization, cookie: undefined }, credential)).toBe(expected)
  })
})
