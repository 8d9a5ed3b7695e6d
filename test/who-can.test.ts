/** Everybody judged on paper, against the shipped policy. */
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { paperJudge } from '../src/judge.ts'
import type { Held } from '../src/policy/grants.ts'
import { grantsOf } from '../src/policy/grants.ts'
import { loadPolicies } from '../src/policy/load.ts'
import { listId } from './helpers/rule.ts'
import { answerOf, tallyUsers, type Answer, type Member } from '../src/who-can.ts'

const set = await loadPolicies(fileURLToPath(new URL('../policies', import.meta.url)))
const policy = set.policies.get('listmonk') ?? expect.unreachable('policies/listmonk.yaml is not there')

const judgeOf =
  (method: string, target: string, partial: 'refuse' | 'narrow' = 'refuse') =>
  (held: Held): Answer => {
    const grants = grantsOf(held, set, 0)
    return answerOf(paperJudge(policy, partial).judge(grants, { method, target }), grants)
  }

const reader = { roles: ['reader'], listRoles: ['alpha readers'] }
const editor = { roles: ['editor'], listRoles: ['alpha team'] }
const admin = { roles: ['administrator'], listRoles: [] }
const nothing = {
  permission: undefined,
  role: undefined,
  by: undefined,
  reason: undefined,
  code: undefined,
  things: [],
}

describe('answerOf', () => {
  it.each<[asked: string, who: Held, answer: Answer]>([
    ['GET /api/lists/3', reader, { ...nothing, verdict: 'may', reason: 'lists-granted', by: 'alpha readers' }],
    [
      'GET /api/lists/3',
      { roles: [], listRoles: [], listGrants: [{ list: listId(3), get: true, manage: false, until: undefined }] },
      { ...nothing, verdict: 'may', reason: 'lists-granted', by: 'own grant' },
    ],
    ['GET /api/lists/4', reader, { ...nothing, verdict: 'may-not', reason: 'list-not-granted', code: 'list-denied' }],
    ['GET /api/lists', reader, { ...nothing, verdict: 'partly', reason: 'authenticated' }],
    ['GET /api/lists', admin, { ...nothing, verdict: 'may', reason: 'authenticated' }],
    [
      'GET /api/subscribers/export',
      reader,
      {
        ...nothing,
        verdict: 'partly',
        reason: 'lists-filled',
        permission: 'subscribers:get',
        role: 'reader',
        by: 'alpha readers',
      },
    ],
    [
      'GET /api/subscribers/18',
      reader,
      { ...nothing, verdict: 'depends', permission: 'subscribers:get', role: 'reader', things: ['subscriber 18'] },
    ],
    [
      'DELETE /api/subscribers/18',
      editor,
      { ...nothing, verdict: 'depends', permission: 'subscribers:manage', role: 'editor', things: ['subscriber 18'] },
    ],
    [
      'DELETE /api/subscribers/18',
      admin,
      {
        ...nothing,
        verdict: 'may',
        reason: 'every-list',
        permission: 'subscribers:manage',
        role: 'administrator',
        by: 'administrator',
      },
    ],
    // Whatever lists the subscriber is on, they are none of this caller's.
    [
      'GET /api/subscribers/18',
      { roles: ['reader'], listRoles: [] },
      {
        ...nothing,
        verdict: 'may-not',
        reason: 'thing-not-granted',
        code: 'list-denied',
        permission: 'subscribers:get',
        role: 'reader',
      },
    ],
    [
      'DELETE /api/subscribers/18',
      reader,
      { ...nothing, verdict: 'may-not', reason: 'permission-missing', code: 'permission-denied' },
    ],
    ['GET /api/nowhere', admin, { ...nothing, verdict: 'may-not', code: 'route-unknown' }],
  ])('%s: %j', (asked, who, answer) => {
    const [method = '', target = ''] = asked.split(' ')

    expect(judgeOf(method, target)(who)).toEqual(answer)
  })

  it('says that a part is dropped where the tenant narrows', () => {
    const held = { roles: ['reader'], listRoles: ['alpha readers'] }

    expect(judgeOf('GET', '/api/subscribers?list_id=3&list_id=4', 'narrow')(held)).toMatchObject({
      verdict: 'partly',
      reason: 'lists-narrowed',
    })
    expect(judgeOf('GET', '/api/subscribers?list_id=3&list_id=4')(held)).toMatchObject({ verdict: 'may-not' })
  })
})

describe('tallyUsers', () => {
  const member = (name: string, held: Held, status: Member['status'] = 'enabled'): Member => ({ name, status, ...held })

  it('asks once for each combination of roles, counts all and names the first', () => {
    const asked: Held[] = []
    const judge = judgeOf('GET', '/api/lists/3')
    const tally = tallyUsers((held) => {
      asked.push(held)
      return judge(held)
    }, 2)
    tally.add([member('a', reader), member('b', editor), member('c', reader), member('z', reader, 'disabled')])
    tally.add([member('d', reader), member('e', { roles: ['reader'], listRoles: ['beta readers'] })])

    expect(asked).toHaveLength(3)
    expect(tally.disabled()).toBe(1)
    expect(
      tally
        .groups()
        .map(({ verdict, roles, listRoles, count, users }) => ({ verdict, roles, listRoles, count, users })),
    ).toEqual([
      { verdict: 'may', ...reader, count: 3, users: ['a', 'c'] },
      { verdict: 'may', ...editor, count: 1, users: ['b'] },
      { verdict: 'may-not', roles: ['reader'], listRoles: ['beta readers'], count: 1, users: ['e'] },
    ])
  })

  it('keeps apart whose own grants lead elsewhere, and together whose do not', () => {
    const owner = (list: number): Held => ({
      roles: ['reader'],
      listRoles: [],
      listGrants: [{ list: listId(list), get: true, manage: true, until: undefined }],
    })
    const tally = tallyUsers(judgeOf('GET', '/api/lists/3'), 10)
    tally.add([member('a', owner(3)), member('b', owner(4)), member('c', owner(5)), member('d', owner(3))])

    expect(tally.groups().map(({ verdict, by, users }) => ({ verdict, by, users }))).toEqual([
      { verdict: 'may', by: 'own grant', users: ['a', 'd'] },
      { verdict: 'may-not', by: undefined, users: ['b', 'c'] },
    ])
  })
})
