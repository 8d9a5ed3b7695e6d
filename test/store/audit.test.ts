import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { listIdFrom, type ListId } from '../../src/model/ids.ts'
import type { AuditEntry } from '../../src/store/audit.ts'
import type { Store } from '../../src/store/store.ts'
import { storeAt, temporaryFolder, tenantNamed, testClock } from './world.ts'

const north = tenantNamed('north')
const south = tenantNamed('south')
const ann = { tenant: north, name: 'ann' }
const user = { ...ann, kind: 'api', roles: ['reader', 'editor', 'reader'], listRoles: ['spring'] } as const
const token = (fill: number, label: string) => ({
  sha256: Buffer.alloc(32, fill),
  label,
  notBefore: undefined,
  expiresAt: undefined,
})

function list(id: number): ListId {
  const parsed = listIdFrom(id)
  if (parsed === undefined) throw new Error(`no list id: ${id}`)
  return parsed
}

const freshStore = async (clock = testClock(0)) => storeAt(join(await temporaryFolder(), 'store.db'), clock)

/** What was written since the entry `after`, oldest first: action, subject, before, after. */
const since = async (store: Store, after: number) =>
  (await store.auditAfter(after, 100)).map((entry) => [entry.action, entry.subject, entry.before, entry.after])

const lastId = async (store: Store): Promise<number> => (await store.listAudit({ limit: 1 }))[0]?.id ?? 0

describe('an entry of the audit trail', () => {
  it('says who, from where, in which request, what and to whom', async () => {
    const store = await freshStore(testClock(5000))
    const by = { actor: 'user:ann', origin: '203.0.113.7', requestId: 'r-1' }
    await store.createUser(user, by)
    await store.recordAct({ action: 'gateway.start', subject: 'gateway', details: { tenants: ['north'] } }, 'cli:eve')

    const [start, made] = await store.listAudit({ limit: 10 })
    const hash = expect.stringMatching(/^[0-9a-f]{64}$/) as unknown as string

    const common = { at: 5000, hash }
    expect([made, start]).toStrictEqual([
      {
        ...common,
        ...by,
        id: 1,
        action: 'user.create',
        subject: 'north/ann',
        details: {},
        before: undefined,
        after: { kind: 'api', status: 'enabled', roles: ['editor', 'reader'], list_roles: ['spring'] },
      },
      {
        ...common,
        id: 2,
        actor: 'cli:eve',
        origin: undefined,
        requestId: undefined,
        action: 'gateway.start',
        subject: 'gateway',
        details: { tenants: ['north'] },
        before: undefined,
        after: undefined,
      },
    ] satisfies AuditEntry[])
  })

  it('of an act is not told to whoever remembers users', async () => {
    const store = await freshStore()
    const heard: unknown[] = []
    store.onChange((changed) => heard.push(changed))

    await store.recordAct({ action: 'gateway.reload', subject: 'gateway', details: {} }, 'me')
    await store.createUser(user, 'me')

    expect(heard).toEqual([ann])
  })
})

describe('every change leaves what was before and what is after', () => {
  it('of a user', async () => {
    const store = await freshStore()
    await store.createUser(user, 'me')
    await store.setUserStatus(north, 'ann', 'disabled', 'me')
    await store.setUserStatus(north, 'ann', 'disabled', 'me')
    await store.setUserStatus(north, 'ann', 'enabled', 'me')
    await store.setRoles(north, 'ann', { roles: ['admin'], listRoles: undefined }, 'me')
    await store.createToken(north, 'ann', { ...token(0xab, 'laptop'), expiresAt: 1000 }, 'me')
    await store.grantList(ann, { list: list(3), get: true, manage: false, until: undefined }, 'me')
    await store.deleteUser(north, 'ann', 'me')

    const roles = { roles: ['editor', 'reader'], list_roles: ['spring'] }
    const laptop = { token: 1, label: 'laptop', expires_at: '1970-01-01T00:00:01.000000+00:00' }
    const onThree = { list: 3, get: true, manage: false }
    const last = { kind: 'api', status: 'enabled', roles: ['admin'], list_roles: ['spring'] }
    expect(await since(store, 0)).toEqual([
      ['user.create', 'north/ann', undefined, { kind: 'api', status: 'enabled', ...roles }],
      ['user.disabled', 'north/ann', { status: 'enabled' }, { status: 'disabled' }],
      ['user.enabled', 'north/ann', { status: 'disabled' }, { status: 'enabled' }],
      ['user.set-roles', 'north/ann', roles, { roles: ['admin'], list_roles: ['spring'] }],
      ['token.create', 'north/ann', undefined, laptop],
      ['list.grant', 'north/ann', undefined, onThree],
      ['user.delete', 'north/ann', { ...last, list_grants: [onThree], tokens: [laptop] }, undefined],
    ])
  })

  it('of a token, once where it is revoked twice', async () => {
    const clock = testClock(0)
    const store = await freshStore(clock)
    await store.createUser(user, 'me')
    const id = await store.createToken(north, 'ann', { ...token(0xab, 'laptop'), notBefore: 500 }, 'me')
    clock.advance(2000)
    const seen = await lastId(store)
    await store.revokeToken(id, 'me')
    await store.revokeToken(id, 'me')

    const before = { token: 1, label: 'laptop', not_before: '1970-01-01T00:00:00.500000+00:00' }
    expect(await since(store, seen)).toEqual([
      ['token.revoke', 'north/ann', before, { ...before, revoked_at: '1970-01-01T00:00:02.000000+00:00' }],
    ])
  })

  it('of a grant, and of one that takes its place', async () => {
    const store = await freshStore()
    await store.createUser(user, 'me')
    const seen = await lastId(store)
    await store.grantList(ann, { list: list(3), get: true, manage: false, until: 1000 }, 'me')
    await store.grantList(ann, { list: list(3), get: true, manage: true, until: undefined }, 'me')
    await store.ungrantList(north, 'ann', list(3), 'me')

    const first = { list: 3, get: true, manage: false, until: '1970-01-01T00:00:01.000000+00:00' }
    const second = { list: 3, get: true, manage: true }
    expect(await since(store, seen)).toEqual([
      ['list.grant', 'north/ann', undefined, first],
      ['list.grant', 'north/ann', first, second],
      ['list.ungrant', 'north/ann', second, undefined],
    ])
  })

  it('of lists that are deleted, kept, and put in use again', async () => {
    const store = await freshStore()
    await store.createUser(user, 'me')
    await store.grantList(ann, { list: list(4), get: true, manage: false, until: undefined }, 'me')
    await store.grantList(ann, { list: list(3), get: true, manage: true, until: undefined }, 'me')
    const seen = await lastId(store)
    const retirement = { tenants: [north, south], lists: [list(3), list(4)], operation: 'x' }
    await store.beginRetirement(retirement, 'me')
    await store.endRetirement(retirement, 'kept', 'me')
    await store.retireList(north, list(3), 'me')
    await store.unretireList(north, list(3), 'me')

    const three = { list: 3, get: true, manage: true }
    const four = { list: 4, get: true, manage: false }
    const both = { list_grants: [three, four] }
    const withheld = {
      list_grants: [
        { ...three, withheld: true },
        { ...four, withheld: true },
      ],
    }
    const [not, unsure, gone] = [{ retired: false }, { retired: 'unsure' }, { retired: 'gone' }]
    expect(await since(store, seen)).toEqual([
      ['list.withhold', 'north/ann', both, withheld],
      ['list.deleting', 'north/list 3', not, unsure],
      ['list.deleting', 'north/list 4', not, unsure],
      ['list.deleting', 'south/list 3', not, unsure],
      ['list.deleting', 'south/list 4', not, unsure],
      ['list.restore', 'north/ann', withheld, both],
      ['list.keep', 'north/list 3', unsure, not],
      ['list.keep', 'north/list 4', unsure, not],
      ['list.keep', 'south/list 3', unsure, not],
      ['list.keep', 'south/list 4', unsure, not],
      ['list.withhold', 'north/ann', { list_grants: [three] }, { list_grants: [{ ...three, withheld: true }] }],
      ['list.deleting', 'north/list 3', not, unsure],
      ['list.ungrant', 'north/ann', { list_grants: [{ ...three, withheld: true }] }, { list_grants: [] }],
      ['list.retire', 'north/list 3', unsure, gone],
      ['list.unretire', 'north/list 3', gone, not],
    ])
  })

  it('of imported users, one entry each, tokens by id and label', async () => {
    const store = await freshStore()
    const tokens = [token(0xab, 'old'), token(0xcd, 'new')]
    await store.importUsers(
      [
        { ...user, tokens },
        { ...user, name: 'bob', listRoles: [], tokens: [] },
      ],
      'me',
    )

    const common = { kind: 'api', status: 'enabled', roles: ['editor', 'reader'] }
    const entries = await since(store, 0)
    expect(entries).toEqual([
      [
        'user.import',
        'north/ann',
        undefined,
        {
          ...common,
          list_roles: ['spring'],
          tokens: [
            { token: 1, label: 'old' },
            { token: 2, label: 'new' },
          ],
        },
      ],
      ['user.import', 'north/bob', undefined, { ...common, list_roles: [], tokens: [] }],
    ])
    expect(JSON.stringify(entries)).not.toMatch(/abab|cdcd|q6ur/)
  })
})

describe('reading the audit trail', () => {
  it('goes newest first by page and by what is asked for, and oldest first from any entry', async () => {
    const clock = testClock(1000)
    const store = await freshStore(clock)
    for (const name of ['a', 'b', 'c']) {
      await store.createUser({ ...user, name }, name === 'b' ? 'cli:bob' : 'cli:eve')
      clock.advance(10)
    }
    await store.setUserStatus(north, 'a', 'disabled', 'cli:bob')
    const ids = async (filter: object): Promise<readonly number[]> =>
      (await store.listAudit({ limit: 10, ...filter })).map(({ id }) => id)

    expect(await ids({})).toEqual([4, 3, 2, 1])
    expect(await ids({ before: 4, limit: 2 })).toEqual([3, 2])
    expect(await ids({ actor: 'cli:bob' })).toEqual([4, 2])
    expect(await ids({ action: 'user.create' })).toEqual([3, 2, 1])
    expect(await ids({ subject: 'north/a' })).toEqual([4, 1])
    expect(await ids({ since: 1010 })).toEqual([4, 3, 2])
    expect(await ids({ since: 1010, actor: 'cli:bob', subject: 'north/b', action: 'user.create' })).toEqual([2])
    expect((await store.auditAfter(2, 10)).map(({ id }) => id)).toEqual([3, 4])
    expect((await store.auditAfter(0, 1)).map(({ id }) => id)).toEqual([1])
  })
})
