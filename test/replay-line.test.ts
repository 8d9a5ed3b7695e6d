/** Logged requests judged again by the shipped policy: what the log tells is judged, what it does not tell is not guessed. */
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { LoggedRequest } from '../src/observe/read-log-line.ts'
import type { Grants } from '../src/policy/grants.ts'
import { loadPolicies } from '../src/policy/load.ts'
import { routeTable } from '../src/policy/routes.ts'
import { judgeAgain, loggedVerdict } from '../src/replay-line.ts'
import { grants } from './helpers/rule.ts'

const set = await loadPolicies(fileURLToPath(new URL('../policies', import.meta.url)))
const policy = set.policies.get('listmonk') ?? expect.unreachable('policies/listmonk.yaml is not there')
const judging = { routes: routeTable(policy.rules), terms: { scope: policy.scope, partial: policy.scope.partial } }

const request = (asked: string, more: Partial<LoggedRequest> = {}): LoggedRequest => {
  const [method = '', path = ''] = asked.split(' ')
  return {
    method,
    path,
    tenant: 'default',
    user: 'ann',
    decision: 'allow',
    reason: 'permission',
    code: undefined,
    lists: [],
    parameters: [],
    bytesIn: 0,
    ...more,
  }
}

const reader = grants({ permissions: ['subscribers:get', 'campaigns:get'], get: [3] })
const editor = grants({ permissions: ['subscribers:get', 'subscribers:manage'], get: [3], manage: [3] })
const admin = grants({ permissions: [...policy.permissions] })

describe('judgeAgain', () => {
  it.each<[what: string, logged: LoggedRequest, who: Grants | undefined, verdict: string]>([
    ['a list in the path', request('GET /api/lists/3'), reader, 'allow lists-granted'],
    ['a list in the path out of reach', request('GET /api/lists/4'), reader, 'deny list-not-granted'],
    ['HEAD as GET', request('HEAD /api/lists/3'), reader, 'allow lists-granted'],
    ['an id that is none', request('GET /api/lists/x'), reader, 'deny target-ambiguous'],
    ['a permission that is missing', request('DELETE /api/media/1'), reader, 'deny permission-missing'],
    ['an unknown route', request('GET /api/nowhere'), reader, 'deny route-unknown'],
    ['an unknown method', request('PATCH /api/lists/3'), reader, 'deny method-not-allowed'],
    ['nobody', request('GET /api/lists/3', { user: undefined }), undefined, 'deny credentials-missing'],
    ['nobody at a public route', request('GET /api/public/lists'), undefined, 'allow public'],
    ['no list where the caller is filled in', request('GET /api/subscribers'), reader, 'allow lists-filled'],
    [
      'lists in the query, which are not logged',
      request('GET /api/subscribers', { parameters: ['list_id'] }),
      reader,
      'allow permission, as far as it is known',
    ],
    [
      'lists in the query that were granted, which are logged',
      request('GET /api/subscribers', { parameters: ['list_id'], reason: 'lists-granted', lists: [3] }),
      reader,
      'allow lists-granted',
    ],
    [
      'lists that were granted and are so no more',
      request('GET /api/subscribers', { parameters: ['list_id'], reason: 'lists-granted', lists: [3, 4] }),
      reader,
      'deny list-not-granted',
    ],
    [
      'a log that does not name parameters',
      request('GET /api/subscribers', { parameters: undefined }),
      reader,
      'allow permission, as far as it is known',
    ],
    [
      'a parameter that asks for more, unless its value is excepted',
      request('GET /api/subscribers', { parameters: ['query'] }),
      reader,
      'allow lists-filled, as far as it is known',
    ],
    [
      'an alias of such a parameter',
      request('GET /api/subscribers', { parameters: ['email'] }),
      reader,
      'allow lists-filled, as far as it is known',
    ],
    [
      'a parameter that the route does not take',
      request('GET /api/subscribers', { parameters: ['nonsense'] }),
      reader,
      'deny query-invalid',
    ],
    [
      'a parameter that asks for a permission',
      request('GET /api/campaigns/1/preview', { parameters: ['template_id'] }),
      reader,
      'deny permission-missing, as far as it is known',
    ],
    ['a stored thing', request('GET /api/subscribers/18'), reader, 'allow permission, as far as it is known'],
    ['a stored thing for who reads every list', request('GET /api/subscribers/18'), admin, 'allow every-list'],
    ['a body', request('POST /api/subscribers', { bytesIn: 40 }), editor, 'allow permission, as far as it is known'],
    ['no body', request('POST /api/subscribers'), editor, 'allow permission'],
    [
      'a body that was perhaps never read',
      request('POST /api/subscribers', { code: 'rate-limited' }),
      editor,
      'allow permission, as far as it is known',
    ],
    [
      'an effect that knows no list',
      request('GET /api/bounces'),
      grants({ permissions: ['bounces:get'] }),
      'deny everywhere-not-granted',
    ],
  ])('judges %s', (_what, logged, who, verdict) => {
    const again = judgeAgain(logged, judging, who)

    expect(`${again?.effect} ${again?.reason}${again?.isWhole === false ? ', as far as it is known' : ''}`).toBe(
      verdict,
    )
  })

  it('judges no path that the gateway cannot have logged', () => {
    expect(judgeAgain(request('GET /a//../b'), judging, reader)).toBeUndefined()
    expect(judgeAgain({ ...request('GET /'), path: undefined }, judging, reader)).toBeUndefined()
  })
})

describe('loggedVerdict', () => {
  it.each<[what: string, logged: Partial<LoggedRequest>, verdict: unknown]>([
    ['an allowed request', {}, { effect: 'allow', reason: 'permission' }],
    ['one that a limit or the backend refused', { code: 'rate-limited' }, { effect: 'allow', reason: 'permission' }],
    ['one that was refused for its form', { code: 'query-invalid' }, { effect: 'deny', reason: 'query-invalid' }],
    ['a denied one', { decision: 'deny', reason: 'gone', code: 'gone' }, { effect: 'deny', reason: 'gone' }],
    ['an unknown route', { decision: undefined, code: 'route-unknown' }, { effect: 'deny', reason: 'route-unknown' }],
    ['wrong credentials', { decision: undefined, code: 'credentials-invalid' }, undefined],
    ['a gateway that was full', { decision: undefined, code: 'overloaded' }, undefined],
  ])('is known of %s', (_what, logged, verdict) => {
    expect(loggedVerdict(request('GET /', logged))).toEqual(verdict)
  })
})
