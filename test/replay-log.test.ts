import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { LoggedRequest } from '../src/observe/read-log-line.ts'
import { loadPolicies } from '../src/policy/load.ts'
import { routeTable } from '../src/policy/routes.ts'
import { createReplay, type Who } from '../src/replay-log.ts'
import { grants } from './helpers/rule.ts'

const set = await loadPolicies(fileURLToPath(new URL('../policies', import.meta.url)))
const policy = set.policies.get('listmonk') ?? expect.unreachable('policies/listmonk.yaml is not there')
const judging = { routes: routeTable(policy.rules), terms: { scope: policy.scope, partial: policy.scope.partial } }
const reader: Who = { kind: 'caller', grants: grants({ permissions: ['subscribers:get', 'campaigns:get'], get: [3] }) }

const logged = (asked: string, more: Partial<LoggedRequest> = {}): LoggedRequest => {
  const [method = '', path = ''] = asked.split(' ')
  const nothing = { tenant: 'default', user: 'ann', code: undefined, lists: [], parameters: [], bytesIn: 0 }
  return { method, path, decision: 'allow', reason: 'lists-granted', ...nothing, ...more }
}
const denied = (reason: string): Partial<LoggedRequest> => ({ decision: 'deny', reason })

const none = { same: 0, changed: 0, partly: 0, undecided: 0, unknownUsers: 0, unknownTenants: 0, ungrouped: 0 }

describe('createReplay', () => {
  it.each<[what: string, request: LoggedRequest, found: string]>([
    ['allowed then and now', logged('GET /api/lists/3'), 'same'],
    ['refused then and now, for one reason', logged('GET /api/lists/4', denied('list-not-granted')), 'same'],
    ['allowed then', logged('GET /api/lists/4'), 'closed'],
    ['refused then', logged('GET /api/lists/3', denied('list-not-granted')), 'opened'],
    [
      'refused by its route then, by what is not in the log perhaps now',
      logged('GET /api/subscribers/1', denied('permission-missing')),
      'may-open',
    ],
    [
      'refused then for lists that are not in the log',
      logged('GET /api/subscribers/1', denied('thing-not-granted')),
      'partly',
    ],
    ['allowed then, and now as far as is known', logged('GET /api/subscribers/1'), 'partly'],
    ['refused for its form then', logged('GET /api/lists/3', { code: 'query-invalid' }), 'partly'],
    ['refused then and now, for two reasons', logged('GET /api/lists/4', denied('permission-missing')), 'different'],
    [
      'refused then and now, for a reason that hangs on what is not in the log',
      logged('GET /api/campaigns/1/preview', { ...denied('thing-not-granted'), parameters: ['template_id'] }),
      'partly',
    ],
    ['allowed then and now, for two reasons', logged('GET /api/lists/3', { reason: 'every-list' }), 'different'],
    [
      'stopped by a limit, before its reason was whole',
      logged('GET /api/lists/3', { reason: 'authenticated', code: 'rate-limited' }),
      'same',
    ],
    ['never decided', logged('GET /api/lists/3', { decision: undefined, code: 'credentials-invalid' }), 'undecided'],
  ])('counts a request that was %s', (_what, request, found) => {
    const replay = createReplay()
    replay.add(7, request, judging, reader)
    const isCounted = found === 'same' || found === 'partly' || found === 'undecided'

    expect(replay.counts()).toEqual({ ...none, [isCounted ? found : 'changed']: 1 })
    expect(replay.groups().map(({ kind }) => kind)).toEqual(isCounted ? [] : [found])
  })

  it('groups what changes alike, with the first line and a few users', () => {
    const replay = createReplay()
    for (let line = 1; line <= 8; line += 1) {
      replay.add(line, logged(`GET /api/lists/${line + 3}`, { user: `u${line}` }), judging, reader)
    }
    replay.add(9, logged('GET /api/lists/3', denied('list-not-granted')), judging, reader)

    expect(replay.groups()).toEqual([
      {
        kind: 'closed',
        route: 'GET /api/lists/:id',
        was: { effect: 'allow', reason: 'lists-granted' },
        wouldBe: { effect: 'deny', reason: 'list-not-granted' },
        count: 8,
        users: ['u1', 'u2', 'u3', 'u4', 'u5'],
        line: 1,
        example: 'GET /api/lists/4',
      },
      expect.objectContaining({ kind: 'opened', count: 1, line: 9 }),
    ])
  })

  it('counts users and tenants that nobody knows, and judges nothing for them', () => {
    const replay = createReplay()
    replay.add(1, logged('GET /api/lists/4'), judging, { kind: 'unknown' })
    replay.add(2, logged('GET /api/lists/4', { tenant: 'elsewhere' }), undefined, reader)

    expect(replay.counts()).toEqual({ ...none, unknownUsers: 1, unknownTenants: 1 })
    expect(replay.groups()).toEqual([])
  })

  it('keeps a bounded number of groups, whatever a log holds', () => {
    const replay = createReplay()
    for (let line = 0; line < 10_050; line += 1) {
      replay.add(line, logged('GET /api/lists/4', { reason: `reason ${line}` }), judging, reader)
    }

    expect(replay.groups()).toHaveLength(10_000)
    expect(replay.counts()).toEqual({ ...none, changed: 10_050, ungrouped: 50 })
  })
})
