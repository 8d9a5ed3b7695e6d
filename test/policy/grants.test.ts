import { describe, expect, it } from 'vitest'
import { allHeld, firstHeld, grantsOf, listsGranted, superseding } from '../../src/policy/grants.ts'
import { grants, listId, listScope } from '../helpers/rule.ts'

const at = { file: 'policies/roles.yaml', line: 1 }
const listRole = (name: string, ...given: { list: number; get?: boolean; manage?: boolean; until?: number }[]) => ({
  name,
  at,
  grants: given.map(({ list, get = false, manage = false, until }) => ({ list, get, manage, until })),
})
const roles = {
  userRoles: new Map([
    ['reader', { name: 'reader', permissions: ['subscribers:get'], admin: [], at }],
    ['writer', { name: 'writer', permissions: ['subscribers:get', 'subscribers:manage'], admin: [], at }],
  ]),
  listRoles: new Map([
    ['alpha', listRole('alpha', { list: 3, get: true })],
    ['summer', listRole('summer', { list: 3, manage: true, until: 2_000 }, { list: 4, get: true, until: 5_000 })],
  ]),
}

describe('grantsOf', () => {
  it('adds lists that are held directly, until they end', () => {
    const direct = [
      { list: listId(3), get: true, manage: true, until: undefined },
      { list: listId(8), get: true, manage: false, until: 3_000 },
    ]
    const held = { roles: [], listRoles: ['alpha'], listGrants: direct }
    const before = grantsOf(held, roles, 2_999)

    expect([...before.get]).toEqual([
      [3, 'alpha'],
      [8, 'own grant'],
    ])
    expect([...before.manage]).toEqual([[3, 'own grant']])
    expect(before.validUntilMs).toBe(3_000)
    expect([...grantsOf(held, roles, 3_000).get.keys()]).toEqual([3])
  })

  it('gives nothing from list roles on retired lists, and everything that was granted directly since', () => {
    const direct = [{ list: listId(4), get: true, manage: false, until: undefined }]
    const held = { roles: [], listRoles: ['alpha', 'summer'], listGrants: direct }
    const left = grantsOf(held, roles, 1_000, new Set([listId(3), listId(4)]))

    expect([...left.get]).toEqual([[4, 'own grant']])
    expect([...left.manage]).toEqual([])
    // Nothing that is left ends.
    expect(left.validUntilMs).toBe(Infinity)
  })

  it('unites roles and remembers which one gave what first', () => {
    const held = grantsOf({ roles: ['writer', 'reader'], listRoles: ['alpha', 'summer'] }, roles, 1_000)

    expect([...held.permissions]).toEqual([
      ['subscribers:get', 'writer'],
      ['subscribers:manage', 'writer'],
    ])
    expect([...held.get]).toEqual([
      [3, 'alpha'],
      [4, 'summer'],
    ])
    expect([...held.manage]).toEqual([[3, 'summer']])
  })

  it('ends a grant at its `until`, and says when the grants must be made anew', () => {
    expect(grantsOf({ roles: [], listRoles: ['summer'] }, roles, 1_999)).toMatchObject({ validUntilMs: 2_000 })
    const later = grantsOf({ roles: [], listRoles: ['summer'] }, roles, 2_000)
    expect([...later.manage]).toEqual([])
    expect(later.validUntilMs).toBe(5_000)
  })

  it('gives nothing for role names that nobody defines', () => {
    const held = grantsOf({ roles: ['ghost', '__proto__'], listRoles: ['ghost'] }, roles, 0)

    expect([held.permissions.size, held.get.size, held.manage.size, held.validUntilMs]).toEqual([0, 0, 0, Infinity])
  })
})

describe('what is held', () => {
  it('either: the lists with get, or those with manage where there are none', () => {
    expect([...listsGranted(grants({ get: [3], manage: [4] }), 'either').keys()]).toEqual([listId(3)])
    expect([...listsGranted(grants({ manage: [4] }), 'either').keys()]).toEqual([listId(4)])
  })

  it('superseding: the `all` permission of the kind, or one of `unless`', () => {
    const has = (...permissions: string[]) => grants({ permissions })

    expect(superseding(has('lists:get_all'), listScope, 'get')).toBe('lists:get_all')
    expect(superseding(has('lists:get_all'), listScope, 'manage')).toBeUndefined()
    expect(superseding(has('lists:manage_all'), listScope, 'either')).toBe('lists:manage_all')
    expect(superseding(has('campaigns:get_all'), listScope, 'get', ['campaigns:get_all'])).toBe('campaigns:get_all')
    expect(superseding(has(), listScope, 'get', [])).toBeUndefined()
  })

  it('any of several, and all of several', () => {
    const held = grants({ permissions: ['a', 'b'] })

    expect(firstHeld(held, ['c', 'b'])).toBe('b')
    expect(allHeld(held, ['a', 'c'])).toBeUndefined()
    expect(allHeld(held, ['b', 'a'])).toBe('b')
  })
})
