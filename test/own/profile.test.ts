import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { profileOf } from '../../src/own/profile.ts'
import type { Policy } from '../../src/policy/rule.ts'
import { user } from '../authenticate/people.ts'
import { grants, listId, listScope } from '../helpers/rule.ts'

const policy: Policy = {
  name: 'test',
  permissions: new Set(['subscribers:get', 'campaigns:get']),
  scope: listScope,
  names: undefined,
  resources: new Map(),
  rules: [],
  credentialRefused: undefined,
}

/** What listmonk said of a user with a user role and a list role. */
function recorded(): Record<string, unknown> {
  const lines = readFileSync(new URL('../contracts/listmonk/answers.jsonl', import.meta.url), 'utf8').split('\n')
  const line = lines.find((each) => each.includes('"id":"get-api-profile.auth-token"')) ?? '{}'
  const { answers } = JSON.parse(line) as { answers: { users: string[]; json?: { data: Record<string, unknown> } }[] }
  return answers.find(({ users }) => users.includes('reader_a'))?.json?.data ?? {}
}

const kinds = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(kinds)
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, kinds(each)]))
}

describe('profileOf', () => {
  it('has the fields of the backend, each of its kind, but for the id of the list role that is in it anyway', () => {
    const reader = user('reader_a', { roles: ['reader'], listRoles: ['alpha'] })
    const held = grants({ permissions: ['subscribers:get', 'campaigns:get'], get: [3] })
    const { user_role: role, list_role_id: _, ...others } = recorded()
    const { user_role: ownRole, ...own } = profileOf(reader, held, policy).data

    expect(kinds(own)).toEqual(kinds(others))
    expect(Object.keys(ownRole)).toEqual(Object.keys(role as object))
  })

  it('shows only what the policy knows of permissions, and only lists that are granted now', () => {
    const held = grants({ permissions: ['subscribers:get', 'other:thing'], get: [4, 3], manage: [7, 3] })
    const direct = { list: listId(9), get: true, manage: true, until: 1 }
    const { data } = profileOf(user('ann', { kind: 'person', roles: ['a', 'b'], listGrants: [direct] }), held, policy)

    expect(data).toMatchObject({ type: 'user', password_login: true })
    expect(data.user_role).toEqual({ id: 0, name: 'a, b', permissions: ['subscribers:get'] })
    expect(data.list_role).toEqual({
      id: 0,
      name: 'own grant',
      lists: [
        { id: 3, name: '', permissions: ['list:get', 'list:manage'] },
        { id: 4, name: '', permissions: ['list:get'] },
        { id: 7, name: '', permissions: ['list:manage'] },
      ],
    })
  })

  it.each([
    [Date.UTC(2026, 2, 2, 12, 0, 0, 600), '2026-03-02T12:00:00.6Z'],
    [Date.UTC(2026, 2, 2, 12, 0, 0, 607), '2026-03-02T12:00:00.607Z'],
    [Date.UTC(2026, 2, 2, 12, 0, 10), '2026-03-02T12:00:10Z'],
  ])('writes %d as Go does', (createdAt, text) => {
    expect(profileOf(user('ann', { createdAt }), grants(), policy).data.created_at).toBe(text)
  })
})
