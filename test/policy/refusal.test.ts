import { describe, expect, it } from 'vitest'
import { codeOf, refusalOf } from '../../src/policy/refusal.ts'
import type { Denied, DenyReason } from '../../src/model/decision.ts'
import { listId } from '../helpers/rule.ts'

const denied = (reason: DenyReason, details: Partial<Denied> = {}): Denied => ({
  effect: 'deny',
  rule: 'GET /api/things',
  at: { file: '/etc/sallyport/policies/listmonk.yaml', line: 12 },
  reason,
  permissions: [],
  lists: [],
  need: undefined,
  detail: undefined,
  ...details,
})

describe('refusalOf', () => {
  it('names the permissions of which any would do', () => {
    const failure = refusalOf(denied('permission-missing', { permissions: ['a:get', 'b:get'] }))

    expect([failure.code, failure.status, failure.message, failure.options.details]).toEqual([
      'permission-denied',
      403,
      'permission denied: a:get or b:get',
      { permissions: ['a:get', 'b:get'] },
    ])
  })

  it('names the lists out of reach', () => {
    const failure = refusalOf(denied('list-not-granted', { lists: [listId(4), listId(7)], need: 'manage' }))

    expect([failure.code, failure.message, failure.options.details]).toEqual([
      'list-denied',
      'permission denied: lists 4, 7 (list:manage)',
      { lists: [4, 7] },
    ])
  })

  it('shows no file, line or detail of the gateway', () => {
    for (const reason of Object.keys(codeOf) as DenyReason[]) {
      if (reason === 'gone') continue // its detail is the policy's message for the caller
      const failure = refusalOf(denied(reason, { detail: 'an inner thing', lists: [listId(3)] }))
      expect(JSON.stringify([failure.message, failure.options.details])).not.toMatch(/etc|\.yaml|inner/)
    }
  })
})
