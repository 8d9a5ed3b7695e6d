import { describe, expect, it } from 'vitest'
import { credentialMemo } from '../../src/authenticate/memo.ts'
import type { Principal } from '../../src/model/identity.ts'
import { basic, spring, summer, token, user } from './people.ts'

const rule = { bearer: false, apiKey: false }
const principal: Principal = { identity: user('bob'), token: token('bob-secret'), method: 'basic' }
const value = basic('bob', 'bob-secret')

describe('credentialMemo', () => {
  it('finds who proved themselves with exactly this value', () => {
    const memo = credentialMemo()
    memo.keep(spring, value, rule, principal)

    expect(memo.find(spring, value, rule)).toBe(principal)
    expect(memo.find(spring, `${value} `, rule)).toBeUndefined()
    expect(memo.find(spring, value.toLowerCase(), rule)).toBeUndefined()
  })

  it('keeps tenants apart', () => {
    const memo = credentialMemo()
    memo.keep(spring, value, rule, principal)

    expect(memo.find(summer, value, rule)).toBeUndefined()
  })

  it('does not hold under another rule: a reload may have switched the scheme off', () => {
    const memo = credentialMemo()
    memo.keep(spring, value, rule, principal)

    expect(memo.find(spring, value, { ...rule })).toBeUndefined()
  })

  it('is bounded: 100,000 newer values push the oldest out', () => {
    const memo = credentialMemo()
    memo.keep(spring, value, rule, principal)
    for (let i = 0; i < 100_000; i++) memo.keep(spring, `token u:${i}`, rule, principal)

    expect(memo.find(spring, value, rule)).toBeUndefined()
    expect(memo.find(spring, 'token u:0', rule)).toBe(principal)
  })
})
