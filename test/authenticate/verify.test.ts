import * as crypto from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { verify } from '../../src/authenticate/verify.ts'
import { tokenIdFrom } from '../../src/model/ids.ts'
import { tokenSha256 } from '../../src/model/token.ts'
import { token, user } from './people.ts'

vi.mock('node:crypto', { spy: true })

const right = tokenSha256('bob-secret')
const wrong = tokenSha256('a guess')
const nowMs = 1_000_000
const refusedFor = (because: string) => ({ kind: 'refused', because })

describe('verify', () => {
  it('gives the token that proves the identity', () => {
    const first = token('first', { id: tokenIdFrom(1) })
    const second = token('second', { id: tokenIdFrom(2) })
    const bob = user('bob', { tokens: [first, second] })

    expect(verify(bob, tokenSha256('first'), nowMs)).toEqual({ kind: 'proved', token: first })
    expect(verify(bob, tokenSha256('second'), nowMs)).toEqual({ kind: 'proved', token: second })
  })

  it('takes a token from its first millisecond and refuses it from its last', () => {
    const bob = user('bob', { tokens: [token('bob-secret', { notBefore: 500, expiresAt: 900 })] })

    expect([499, 500, 899, 900].map((at) => verify(bob, right, at))).toEqual([
      refusedFor('not-yet-valid'),
      { kind: 'proved', token: bob.tokens[0] },
      { kind: 'proved', token: bob.tokens[0] },
      refusedFor('expired'),
    ])
  })

  it.each([
    ['an unknown user', undefined, right, 'unknown-user'],
    ['a wrong token', user('bob'), wrong, 'wrong-token'],
    ['a user without tokens', user('bob', { tokens: [] }), right, 'wrong-token'],
    ['a disabled user', user('bob', { status: 'disabled' }), right, 'disabled'],
    ['a person', user('bob', { kind: 'person' }), right, 'not-an-api-user'],
    ['an expired token', user('bob', { tokens: [token('bob-secret', { expiresAt: nowMs })] }), right, 'expired'],
    [
      'a token of tomorrow',
      user('bob', { tokens: [token('bob-secret', { notBefore: nowMs + 1 })] }),
      right,
      'not-yet-valid',
    ],
    ['a revoked token', user('bob', { tokens: [token('bob-secret', { revokedAt: 1 })] }), right, 'revoked'],
    [
      'a damaged digest',
      user('bob', { tokens: [token('bob-secret', { sha256: right.subarray(0, 31) })] }),
      right,
      'wrong-token',
    ],
  ])('refuses %s after exactly one comparison in constant time', (_what, identity, secret, because) => {
    vi.mocked(crypto.timingSafeEqual).mockClear()

    expect(verify(identity, secret, nowMs)).toEqual(refusedFor(because))
    expect(crypto.timingSafeEqual).toHaveBeenCalledTimes(1)
  })

  it('compares with every token, wherever the right one stands', () => {
    const tokens = ['a', 'b', 'c'].map((secret, index) => token(secret, { id: tokenIdFrom(index + 1) }))
    vi.mocked(crypto.timingSafeEqual).mockClear()
    verify(user('bob', { tokens }), tokenSha256('a'), nowMs)

    expect(crypto.timingSafeEqual).toHaveBeenCalledTimes(3)
  })

  it('lets nobody in by a digest of zeros, which unknown users are compared with', () => {
    const zeros = Buffer.alloc(32)
    const damaged = user('bob', { tokens: [token('x', { sha256: Buffer.alloc(0) })] })

    expect(verify(undefined, zeros, nowMs)).toEqual(refusedFor('unknown-user'))
    expect(verify(user('bob', { tokens: [] }), zeros, nowMs)).toEqual(refusedFor('wrong-token'))
    expect(verify(damaged, zeros, nowMs)).toEqual(refusedFor('wrong-token'))
  })
})
