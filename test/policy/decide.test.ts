import { describe, expect, it } from 'vitest'
import { decide, permitted } from '../../src/policy/decide.ts'
import type { When } from '../../src/policy/rule.ts'
import { grants, inPath, inQuery, listId, rule, stored, terms } from '../helpers/rule.ts'

const at = { file: 'policies/test.yaml', line: 1 }
const lists = (...ids: [number, ...number[]]) => {
  const [first, ...others] = ids
  return { kind: 'lists', ids: [listId(first), ...others.map(listId)] } as const
}
const scope = (...readings: Parameters<typeof decide>[3]['readings']) => ({ readings, asked: [] })
const denial = {
  effect: 'deny',
  rule: 'GET /api/things',
  at,
  permissions: [],
  lists: [],
  need: undefined,
  detail: undefined,
}

describe('permitted', () => {
  it('allows anybody on a public rule', () => {
    expect(permitted(rule({ allow: { kind: 'public' } }), undefined)).toMatchObject({
      effect: 'allow',
      reason: 'public',
    })
  })

  it('denies a caller without credentials on any other rule', () => {
    expect(permitted(rule(), undefined)).toEqual({ ...denial, reason: 'credentials-missing' })
  })

  it('names every permission that would do when the caller has none of them', () => {
    const asked = rule({ allow: { kind: 'any-of', permissions: ['a:get', 'b:get'] } })

    expect(permitted(asked, grants({ permissions: ['c:get'] }))).toEqual({
      ...denial,
      reason: 'permission-missing',
      permissions: ['a:get', 'b:get'],
    })
  })

  it('says which permission and which role opened the rule', () => {
    const asked = rule({ allow: { kind: 'any-of', permissions: ['a:get', 'b:get'] } })

    expect(permitted(asked, grants({ permissions: ['b:get'] }))).toMatchObject({
      effect: 'allow',
      reason: 'permission',
      ground: { permission: 'b:get', role: 'held' },
    })
  })

  it('tells an authenticated caller that a route is gone, and an anonymous one nothing', () => {
    expect(permitted(rule({ gone: 'use another' }), grants())).toEqual({
      ...denial,
      reason: 'gone',
      detail: 'use another',
    })
    expect(permitted(rule({ gone: 'use another' }), undefined)).toMatchObject({ reason: 'credentials-missing' })
  })
})

describe('decide', () => {
  it('allows a request for a granted list and says through which list role', () => {
    expect(decide(rule({ lists: [inPath()] }), terms(), grants({ get: [3] }), scope(lists(3)))).toEqual({
      effect: 'allow',
      rule: 'GET /api/things',
      at,
      reason: 'lists-granted',
      ground: { permission: undefined, role: 'lists held' },
      lists: [3],
      rewrites: [],
      cuts: [],
    })
  })

  it('denies a request for a list that is not granted, naming it', () => {
    expect(decide(rule({ lists: [inPath()] }), terms(), grants({ get: [3] }), scope(lists(4)))).toMatchObject({
      effect: 'deny',
      reason: 'list-not-granted',
      lists: [4],
      need: 'get',
    })
  })

  it('does not take manage for get', () => {
    expect(decide(rule({ lists: [inPath('get')] }), terms(), grants({ manage: [3] }), scope(lists(3)))).toMatchObject({
      effect: 'deny',
      reason: 'list-not-granted',
    })
  })

  it('lets the `all` permission of the same kind supersede list roles, and not that of the other kind', () => {
    const asked = rule({ lists: [inPath('manage')] })

    expect(decide(asked, terms(), grants({ permissions: ['lists:manage_all'] }), scope(lists(9)))).toMatchObject({
      effect: 'allow',
      reason: 'every-list',
      lists: 'every',
      ground: { permission: 'lists:manage_all', role: 'held' },
    })
    expect(decide(asked, terms(), grants({ permissions: ['lists:get_all'] }), scope(lists(9)))).toMatchObject({
      effect: 'deny',
    })
  })

  it('takes `either` as the lists with get, and only without any of them as those with manage', () => {
    const asked = rule({ lists: [inPath('either')] })

    expect(decide(asked, terms(), grants({ manage: [3] }), scope(lists(3)))).toMatchObject({ effect: 'allow' })
    expect(decide(asked, terms(), grants({ get: [4], manage: [3] }), scope(lists(3)))).toMatchObject({ effect: 'deny' })
  })

  it('refuses a request that names a list out of reach beside one within, naming only that one', () => {
    const asked = rule({ lists: [inQuery()] })

    expect(decide(asked, terms('refuse'), grants({ get: [3] }), scope(lists(3, 7)))).toMatchObject({
      reason: 'list-not-granted',
      lists: [7],
    })
  })

  it('drops the list out of reach under `narrow`', () => {
    const asked = rule({ lists: [inQuery()] })

    expect(decide(asked, terms('narrow'), grants({ get: [3] }), scope(lists(3, 7)))).toMatchObject({
      effect: 'allow',
      reason: 'lists-narrowed',
      lists: [3],
      rewrites: [{ index: 0, ids: [3] }],
    })
  })

  it('refuses under `narrow` too when none is left (gap 29)', () => {
    const asked = rule({ lists: [inQuery()] })

    expect(decide(asked, terms('narrow'), grants({ get: [3] }), scope(lists(7)))).toMatchObject({
      effect: 'deny',
      reason: 'list-not-granted',
      lists: [7],
    })
  })

  it('never narrows a place that says `partial: refuse`', () => {
    const asked = rule({ lists: [inQuery({ partial: 'refuse' })] })

    expect(decide(asked, terms('narrow'), grants({ get: [3] }), scope(lists(3, 7)))).toMatchObject({ effect: 'deny' })
  })

  it('fills in the caller’s lists where none is named', () => {
    const asked = rule({ lists: [inQuery({ absent: 'fill' })] })

    expect(decide(asked, terms(), grants({ get: [3, 4] }), scope({ kind: 'absent' }))).toMatchObject({
      reason: 'lists-filled',
      rewrites: [{ index: 0, ids: [3, 4] }],
    })
  })

  it('fills in the id that matches nothing for a caller without lists, and refuses where the policy has none', () => {
    const asked = rule({ lists: [inQuery({ absent: 'fill' })] })

    expect(decide(asked, terms(), grants(), scope({ kind: 'absent' }))).toMatchObject({
      rewrites: [{ index: 0, ids: [-1] }],
    })
    const without = { scope: { ...terms().scope, none: undefined }, partial: 'refuse' } as const
    expect(decide(asked, without, grants(), scope({ kind: 'absent' }))).toMatchObject({ reason: 'no-list-granted' })
  })

  it('fills in holders of the `all` permission too where `fill_unless` asks for another one', () => {
    const asked = rule({ lists: [inQuery({ absent: 'fill', fillUnless: ['subscribers:get_all'] })] })
    const holder = grants({ permissions: ['lists:get_all'], get: [3] })

    expect(decide(asked, terms(), holder, scope({ kind: 'absent' }))).toMatchObject({ rewrites: [{ ids: [3] }] })
    const wide = grants({ permissions: ['lists:get_all', 'subscribers:get_all'] })
    expect(decide(asked, terms(), wide, scope({ kind: 'absent' }))).toMatchObject({
      reason: 'every-list',
      rewrites: [],
    })
  })

  it('treats an absent place as the rule says', () => {
    const with_ = (absent: 'none' | 'refuse' | 'everywhere') => rule({ lists: [inQuery({ absent })] })
    const nobody = grants({ get: [3] })
    const everybody = grants({ permissions: ['lists:get_all'] })

    expect(decide(with_('none'), terms(), nobody, scope({ kind: 'empty' }))).toMatchObject({
      effect: 'allow',
      lists: 'none',
    })
    expect(decide(with_('refuse'), terms(), everybody, scope({ kind: 'empty' }))).toMatchObject({
      reason: 'lists-absent',
    })
    expect(decide(with_('everywhere'), terms(), nobody, scope({ kind: 'absent' }))).toMatchObject({
      reason: 'everywhere-not-granted',
    })
    expect(decide(with_('everywhere'), terms(), everybody, scope({ kind: 'absent' }))).toMatchObject({
      effect: 'allow',
    })
  })

  it('refuses two lists where the backend would intersect them', () => {
    const asked = rule({ lists: [inQuery({ absent: 'fill', intersects: true })] })

    expect(decide(asked, terms(), grants({ get: [3, 4] }), scope(lists(3, 4)))).toMatchObject({
      reason: 'lists-intersect',
    })
    expect(decide(asked, terms(), grants({ get: [3, 4] }), scope({ kind: 'absent' }))).toMatchObject({
      reason: 'lists-intersect',
    })
    expect(decide(asked, terms(), grants({ get: [3, 4] }), scope(lists(3, 3)))).toMatchObject({ effect: 'allow' })
  })

  it('narrows one place by each of its demands in turn', () => {
    const asked = rule({ lists: [inQuery({ need: 'get' }), inQuery({ need: 'manage' })] })
    const held = grants({ get: [3, 4], manage: [4, 5] })

    expect(decide(asked, terms('narrow'), held, scope(lists(3, 4, 5), lists(3, 4, 5)))).toMatchObject({
      rewrites: [
        { index: 0, ids: [3, 4] },
        { index: 1, ids: [4] },
      ],
      lists: [3, 4],
    })
    expect(decide(asked, terms('narrow'), held, scope(lists(3, 5), lists(3, 5)))).toMatchObject({
      effect: 'deny',
      lists: [3],
    })
  })

  it('asks for every list of a thing, where one would do, when a parameter is used', () => {
    const when: When = {
      in: 'body',
      part: undefined,
      name: 'status',
      is: ['blocklisted'],
      except: [],
      allow: [],
      everywhere: undefined,
      every: 'subscriber',
    }
    const lines = [stored({ need: 'get' }), stored({ need: 'manage' })]
    const asked = rule({ lists: lines, when: [when] })
    const held = grants({ get: [3], manage: [3, 4] })
    const on = (...lists: readonly number[]) => ({ kind: 'things' as const, lists: [lists.map(listId)] })
    const decided = (reading: ReturnType<typeof on>, used: 'used' | 'not-used') =>
      decide(asked, terms(), held, { readings: [reading, reading], asked: [used] })

    expect(decided(on(3, 7), 'not-used')).toMatchObject({ effect: 'allow' })
    expect(decided(on(3, 7), 'used')).toMatchObject({ effect: 'deny', reason: 'thing-not-granted', need: 'manage' })
    // Reading it goes on taking one list only.
    expect(decided(on(3, 4), 'used')).toMatchObject({ effect: 'allow' })
  })

  it('asks for more where a parameter is used', () => {
    const when = {
      in: 'query',
      part: undefined,
      name: 'query',
      is: undefined,
      except: [],
      allow: ['sql'],
      everywhere: 'get',
      every: undefined,
    } as const
    const asked = rule({ when: [when] })
    const used = { readings: [], asked: ['used'] } as const

    expect(decide(asked, terms(), grants(), { readings: [], asked: ['not-used'] })).toMatchObject({ effect: 'allow' })
    expect(decide(asked, terms(), grants(), used)).toMatchObject({ reason: 'permission-missing', permissions: ['sql'] })
    expect(decide(asked, terms(), grants({ permissions: ['sql'] }), used)).toMatchObject({
      reason: 'everywhere-not-granted',
      permissions: ['lists:get_all'],
    })
    expect(decide(asked, terms(), grants({ permissions: ['sql', 'lists:get_all'] }), used)).toMatchObject({
      effect: 'allow',
    })
    expect(
      decide(asked, terms(), grants({ permissions: ['sql', 'lists:get_all'] }), {
        readings: [],
        asked: ['unreadable'],
      }),
    ).toMatchObject({
      reason: 'scope-unreadable',
    })
  })

  it('refuses a scoped caller where a stored thing was not looked up, and lets the superseding permission pass', () => {
    const asked = rule({ lists: [stored()] })

    expect(decide(asked, terms(), grants({ get: [3] }), scope({ kind: 'unknown' }))).toMatchObject({
      reason: 'scope-unreadable',
    })
    expect(decide(asked, terms(), grants({ permissions: ['lists:get_all'] }), scope({ kind: 'absent' }))).toMatchObject(
      {
        reason: 'every-list',
      },
    )
  })

  it('asks for one list of each stored thing, or for all of them, and never shows which they are', () => {
    const things = { kind: 'things', lists: [[listId(3), listId(7)]] } as const

    expect(
      decide(rule({ lists: [stored({ of: 'any' })] }), terms(), grants({ get: [3] }), scope(things)),
    ).toMatchObject({
      effect: 'allow',
      lists: [3],
    })
    expect(
      decide(rule({ lists: [stored({ of: 'all' })] }), terms(), grants({ get: [3] }), scope(things)),
    ).toMatchObject({
      reason: 'thing-not-granted',
      lists: [],
    })
    const onNone = { kind: 'things', lists: [[listId(3)], []] } as const
    expect(decide(rule({ lists: [stored()] }), terms(), grants({ get: [3] }), scope(onNone))).toMatchObject({
      reason: 'thing-not-granted',
    })
  })

  it('says what is to be cut from the answer, and nothing for holders of the superseding permission', () => {
    const answer = [
      { act: 'keep', path: 'data.results[]', by: 'id', need: 'get', pages: true, resource: undefined, unless: [] },
      { act: 'mask', path: 'data.lists[]', by: 'id', need: 'either', pages: false, resource: undefined, unless: [] },
    ] as const
    const held = grants({ get: [3], manage: [4] })

    expect(decide(rule({ answer }), terms(), held, scope())).toMatchObject({
      effect: 'allow',
      cuts: [
        { act: 'keep', path: 'data.results[]', by: 'id', pages: true, resource: undefined, visible: new Set([3]) },
        { act: 'mask', path: 'data.lists[]', by: 'id', pages: false, resource: undefined, visible: new Set([3, 4]) },
      ],
    })
    expect(decide(rule({ answer }), terms(), grants({ permissions: ['lists:get_all'] }), scope())).toMatchObject({
      effect: 'allow',
      cuts: [],
    })
  })

  it('keeps the lists of others on a stored thing that the caller manages in part', () => {
    const demands = [
      inQuery({ in: 'body', name: 'lists', need: 'manage', absent: 'refuse', keeps: 'subscriber' }),
      stored({ need: 'manage', of: 'any' }),
    ]
    const things = { kind: 'things', lists: [[listId(3), listId(7), listId(9)]] } as const
    const asked = rule({ lists: demands })

    expect(decide(asked, terms(), grants({ manage: [3, 4] }), scope(lists(4), things))).toMatchObject({
      effect: 'allow',
      rewrites: [{ index: 0, ids: [4, 7, 9] }],
    })
    expect(
      decide(asked, terms(), grants({ permissions: ['lists:manage_all'] }), scope(lists(4), things)),
    ).toMatchObject({
      rewrites: [],
    })
  })

  it('sends what is kept also where no list is named, if that is what an absent place means', () => {
    const asked = (absent: 'none' | 'empty' | 'refuse') =>
      rule({
        lists: [
          inQuery({ in: 'body', name: 'lists', need: 'manage', absent, keeps: 'subscriber' }),
          stored({ need: 'manage', of: 'any' }),
        ],
      })
    const things = { kind: 'things', lists: [[listId(3), listId(7)]] } as const
    const held = grants({ manage: [3] })

    expect(decide(asked('empty'), terms(), held, scope({ kind: 'absent' }, things))).toMatchObject({
      rewrites: [{ index: 0, ids: [7] }],
    })
    expect(decide(asked('none'), terms(), held, scope({ kind: 'absent' }, things))).toMatchObject({ rewrites: [] })
    expect(decide(asked('none'), terms(), held, scope({ kind: 'empty' }, things))).toMatchObject({
      rewrites: [{ index: 0, ids: [7] }],
    })
    expect(decide(asked('refuse'), terms(), held, scope({ kind: 'absent' }, things))).toMatchObject({
      reason: 'lists-absent',
    })
  })

  it('denies where the lists to be kept were not looked up, whoever may reach the thing', () => {
    const asked = rule({
      lists: [
        inQuery({ in: 'body', name: 'lists', need: 'manage', absent: 'empty', keeps: 'subscriber' }),
        stored({ need: 'get', of: 'any' }),
      ],
    })
    const held = grants({ permissions: ['lists:get_all'], manage: [3] })

    expect(decide(asked, terms(), held, scope(lists(3), { kind: 'unknown' }))).toMatchObject({
      effect: 'deny',
      reason: 'scope-unreadable',
    })
  })

  it('denies where several places may name a thing and none does', () => {
    const asked = rule({ lists: [stored({ absent: 'another' }), stored({ absent: 'another' })] })
    const none = { kind: 'absent' } as const
    const held = grants({ get: [3] })

    expect(decide(asked, terms(), held, scope(none, none))).toEqual({
      ...denial,
      reason: 'thing-not-granted',
      need: 'get',
      permissions: ['lists:get_all'],
    })
    const things = (...ids: number[]) => ({ kind: 'things', lists: [ids.map(listId)] }) as const
    expect(decide(asked, terms(), held, scope(none, things(3)))).toMatchObject({ effect: 'allow', lists: [3] })
    expect(decide(asked, terms(), held, scope(things(3), things(7)))).toMatchObject({ reason: 'thing-not-granted' })
    expect(decide(asked, terms(), grants({ permissions: ['lists:get_all'] }), scope(none, none))).toMatchObject({
      effect: 'allow',
      reason: 'every-list',
    })
  })

  it('denies when fewer places were read than the rule names', () => {
    const everything = grants({ permissions: ['lists:get_all'] })

    expect(decide(rule({ lists: [inPath()] }), terms(), everything, scope())).toMatchObject({
      reason: 'scope-unreadable',
    })
  })
})
