/** Lists in the store: held directly, withheld while they are deleted, retired when they are gone. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { DirectGrant } from '../../src/model/identity.ts'
import type { ListId, TenantName } from '../../src/model/ids.ts'
import type { Retirement } from '../../src/model/ports.ts'
import { StoreError } from '../../src/store/store-error.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { listId } from '../helpers/rule.ts'
import { storeAt, temporaryFolder, tenantNamed, testClock, olderStoreAt } from './world.ts'

const north = tenantNamed('north')
const south = tenantNamed('south')
const grantOn = (list: number, more: Partial<DirectGrant> = {}): DirectGrant => ({
  list: listId(list),
  get: true,
  manage: true,
  until: undefined,
  ...more,
})
const deletionOf = (...lists: number[]): Retirement => ({
  tenants: [north],
  lists: lists.map(listId),
  operation: `deletes ${lists.join(' and ')}`,
})

async function storeWith(...names: string[]): Promise<Store> {
  const store = await storeAt(join(await temporaryFolder(), 'store.db'))
  for (const name of names) await addUser(store, name)
  return store
}
const addUser = (store: Store, name: string, tenant: TenantName = north) =>
  store.createUser({ tenant, name, kind: 'api', roles: [], listRoles: [] }, 'test')
const held = async (store: Store, name: string, tenant: TenantName = north) =>
  (await store.find(tenant, name))?.listGrants.map(({ list }) => Number(list))
const ann = { tenant: north, name: 'ann' }

describe('a list of one user', () => {
  it('is theirs alone, in the order of lists, and a second grant replaces the first', async () => {
    const store = await storeWith('ann', 'bob')
    await store.grantList(ann, grantOn(9), 'me')
    await store.grantList(ann, grantOn(3, { until: 5000 }), 'me')
    await store.grantList(ann, grantOn(9, { get: false }), 'me')

    expect((await store.find(north, 'ann'))?.listGrants).toEqual([
      { list: 3, get: true, manage: true, until: 5000 },
      { list: 9, get: false, manage: true, until: undefined },
    ])
    expect(await held(store, 'bob')).toEqual([])
    expect((await store.listUsers({ limit: 10 })).map(({ name, listGrants }) => [name, listGrants.length])).toEqual([
      ['ann', 2],
      ['bob', 0],
    ])
  })

  it('is told to whoever remembers the user, and stands in the audit log', async () => {
    const store = await storeWith('ann')
    const heard: unknown[] = []
    store.onChange((changed) => heard.push(changed))

    await store.grantList(ann, grantOn(3), 'user:ann')
    await store.ungrantList(north, 'ann', listId(3), 'cli:eve')

    expect(heard).toEqual([ann, ann])
    expect(
      (await store.listAudit({ limit: 2 })).map(({ actor, action, subject, before, after }) => [
        actor,
        action,
        subject,
        before,
        after,
      ]),
    ).toEqual([
      ['cli:eve', 'list.ungrant', 'north/ann', { list: 3, get: true, manage: true }, undefined],
      ['user:ann', 'list.grant', 'north/ann', undefined, { list: 3, get: true, manage: true }],
    ])
  })

  it('goes with the user', async () => {
    const store = await storeWith('ann')
    await store.grantList(ann, grantOn(3), 'me')
    await store.deleteUser(north, 'ann', 'me')
    await addUser(store, 'ann')

    expect(await held(store, 'ann')).toEqual([])
  })

  it('is not given to nobody, and not taken where there is none', async () => {
    const store = await storeWith('ann')

    await expect(store.grantList({ tenant: south, name: 'ann' }, grantOn(3), 'me')).rejects.toMatchObject({
      kind: 'missing',
    })
    await expect(store.ungrantList(north, 'ann', listId(3), 'me')).rejects.toThrow(StoreError)
  })

  it('is not given for making a list that was deleted after that began', async () => {
    const clock = testClock(1000)
    const store = await storeAt(join(await temporaryFolder(), 'store.db'), clock)
    await addUser(store, 'ann')
    clock.advance(10)
    await store.retireList(north, listId(3), 'me')

    await expect(store.grantList(ann, grantOn(3), 'user:ann', 1009)).rejects.toMatchObject({ kind: 'conflict' })
    await store.grantList(ann, grantOn(3), 'user:ann', 1011)
    expect(await held(store, 'ann')).toEqual([3])
  })
})

describe('a deletion', () => {
  it('withholds everything from its beginning, and takes it when the list is gone', async () => {
    const store = await storeWith('ann', 'bob')
    await addUser(store, 'ann', south)
    for (const name of ['ann', 'bob']) await store.grantList({ tenant: north, name }, grantOn(3), 'me')
    await store.grantList({ tenant: south, name: 'ann' }, grantOn(3), 'me')
    await store.grantList(ann, grantOn(4), 'me')
    const heard: unknown[] = []
    store.onChange((changed) => heard.push(changed))

    await store.beginRetirement(deletionOf(3), 'user:ann')

    expect([...store.retired(north)]).toEqual([3])
    expect([...store.retired(south)]).toEqual([])
    expect(heard).toEqual([ann, { tenant: north, name: 'bob' }])
    expect([await held(store, 'ann'), await held(store, 'bob')]).toEqual([[4], []])
    expect(await held(store, 'ann', south)).toEqual([3])
    expect(await store.listRetired()).toMatchObject([{ list: 3, state: 'unsure' }])

    await store.endRetirement(deletionOf(3), 'gone', 'user:ann')

    expect(await store.listRetired()).toMatchObject([{ tenant: 'north', list: 3, state: 'gone' }])
    await store.unretireList(north, listId(3), 'cli:eve')
    expect([...store.retired(north)]).toEqual([])
    expect([await held(store, 'ann'), await held(store, 'bob')]).toEqual([[4], []])
    expect((await store.listAudit({ limit: 6 })).map(({ action, subject }) => `${action} ${subject}`)).toEqual([
      'list.unretire north/list 3',
      'list.retire north/list 3',
      'list.ungrant north/bob',
      'list.ungrant north/ann',
      'list.deleting north/list 3',
      'list.withhold north/bob',
    ])
  })

  it('gives everything back when the list was kept', async () => {
    const store = await storeWith('ann')
    await store.grantList(ann, grantOn(3), 'me')
    await store.beginRetirement(deletionOf(3), 'user:ann')
    await store.endRetirement(deletionOf(3), 'kept', 'user:ann')

    expect([...store.retired(north)]).toEqual([])
    expect(await held(store, 'ann')).toEqual([3])
  })

  it('that is refused gives nothing back that another one took', async () => {
    const store = await storeWith('ann')
    await store.grantList(ann, grantOn(3), 'me')
    const [first, second] = [deletionOf(3), { ...deletionOf(3), operation: 'another' }]
    await store.beginRetirement(first, 'a')
    await store.beginRetirement(second, 'b')
    await store.endRetirement(second, 'kept', 'b')

    expect([...store.retired(north)]).toEqual([3])
    expect(await held(store, 'ann')).toEqual([])
    await store.endRetirement(first, 'gone', 'a')
    await store.endRetirement(second, 'kept', 'b')
    expect(await store.listRetired()).toMatchObject([{ list: 3, state: 'gone' }])
  })

  it('leaves a grant alone that was given for the list of the same id that came after it', async () => {
    const store = await storeWith('ann', 'bob')
    await store.grantList(ann, grantOn(3), 'me')
    await store.beginRetirement(deletionOf(3), 'a')
    await store.endRetirement(deletionOf(3), 'gone', 'a')
    await store.grantList({ tenant: north, name: 'bob' }, grantOn(3), 'user:bob', Number.MAX_SAFE_INTEGER)

    expect([await held(store, 'ann'), await held(store, 'bob')]).toEqual([[], [3]])
    expect([...store.retired(north)]).toEqual([3])
  })

  it('of an unknown end keeps what it withholds across a restart', async () => {
    const file = join(await temporaryFolder(), 'store.db')
    const first = await openStore({ file, clock: testClock() })
    await addUser(first, 'ann')
    await first.grantList(ann, grantOn(3), 'me')
    await first.beginRetirement(deletionOf(3), 'user:ann')
    await first.close()

    const store = await storeAt(file)

    expect([...store.retired(north)]).toEqual([3])
    expect(await held(store, 'ann')).toEqual([])
    await store.unretireList(north, listId(3), 'cli:eve')
    expect(await held(store, 'ann')).toEqual([3])
  })

  it('of more lists than one statement takes is written whole', async () => {
    const store = await storeWith('ann')
    const many = Array.from({ length: 1201 }, (_, at) => at + 1)
    await store.beginRetirement(deletionOf(...many, 1), 'a')

    expect(store.retired(north).size).toBe(1201)
  })
})

describe('a store of the version before there were lists', () => {
  it('is brought up to date with its users as they were', async () => {
    const file = join(await temporaryFolder(), 'store.db')
    await olderStoreAt(file, '0001_identities')
    const database = new DatabaseSync(file)
    database.exec(`insert into users (tenant, name, kind, status, created_at, updated_at)
      values ('north', 'ann', 'api', 'enabled', 1, 1)`)
    database.close()

    const store = await storeAt(file)

    expect(await store.find(north, 'ann')).toMatchObject({ name: 'ann', listGrants: [] })
    await store.grantList(ann, grantOn(3), 'me')
    expect(await held(store, 'ann')).toEqual([3])
  })
})

describe('retired lists', () => {
  it('are known to another process within its next looks, before it hears of the users', async () => {
    const file = join(await temporaryFolder(), 'store.db')
    const [store, other] = [await storeAt(file), await storeAt(file)]
    await addUser(store, 'ann')
    await store.grantList(ann, grantOn(3), 'me')
    await vi.waitFor(async () => expect(await held(other, 'ann')).toEqual([3]))
    const seen: number[] = []
    other.onChange(() => seen.push(other.retired(north).size))

    await store.retireList(north, listId(3), 'me')

    await vi.waitFor(() => expect([...other.retired(north)]).toEqual([3]))
    await vi.waitFor(() => expect(seen.length).toBeGreaterThan(0))
    expect(new Set(seen)).toEqual(new Set([1]))
    await store.unretireList(north, listId(3), 'me')
    await vi.waitFor(() => expect([...other.retired(north)]).toEqual([]))
  })

  it('are the same object until they change, so that what was made from them can be kept', async () => {
    const store = await storeWith('ann')
    await store.retireList(north, listId(3), 'me')
    const before = store.retired(north)
    await store.setUserStatus(north, 'ann', 'disabled', 'me')

    expect(store.retired(north)).toBe(before)
    await store.retireList(north, listId(4), 'me')
    expect(store.retired(north)).not.toBe(before)
  })
})

/** What is to hold, in the fewest words: one user, one list, everything that may happen to it. */
interface Model {
  held: boolean
  withheldBy: string | undefined
  /** `none`, `gone`, or the deletion that has not ended. */
  mark: string
}
type Step =
  | { readonly do: 'grant' | 'retire' | 'unretire' }
  | { readonly do: 'begin' | 'gone' | 'kept'; readonly operation: string }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('grant', 'retire', 'unretire') }),
  fc.record({ do: fc.constantFrom('begin', 'gone', 'kept'), operation: fc.constantFrom('x', 'y') }),
)

function expected(model: Model, each: Step): void {
  switch (each.do) {
    case 'grant':
      model.held = true
      model.withheldBy = undefined
      return
    case 'begin':
      if (model.mark === 'none') model.mark = each.operation
      if (model.held) model.withheldBy ??= each.operation
      return
    case 'kept':
      if (model.mark === each.operation) model.mark = 'none'
      if (model.withheldBy === each.operation) model.withheldBy = undefined
      return
    case 'gone':
      model.mark = 'gone'
      if (model.withheldBy !== undefined) model.held = false
      model.withheldBy = undefined
      return
    case 'retire':
      model.mark = 'gone'
      model.held = false
      model.withheldBy = undefined
      return
    case 'unretire':
      if (model.mark !== 'none') model.withheldBy = undefined
      model.mark = 'none'
  }
}

async function act(store: Store, list: ListId, each: Step): Promise<void> {
  const retirement = {
    tenants: [north],
    lists: [list],
    operation: 'operation' in each ? `${list} ${each.operation}` : '',
  }
  switch (each.do) {
    case 'grant':
      return store.grantList(ann, grantOn(list), 'me')
    case 'begin':
      return store.beginRetirement(retirement, 'me')
    case 'kept':
    case 'gone':
      return store.endRetirement(retirement, each.do, 'me')
    case 'retire':
      return store.retireList(north, list, 'me')
    case 'unretire':
      return store.unretireList(north, list, 'me').catch((error: unknown) => {
        if (!(error instanceof StoreError) || error.kind !== 'missing') throw error
      })
  }
}

describe('whatever happens to a list', () => {
  it('in any order leaves what the model says: who holds it, and whether list roles count', async () => {
    const store = await storeWith('ann')
    let next = 1
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const list = listId(next++)
        const model: Model = { held: false, withheldBy: undefined, mark: 'none' }
        for (const each of steps) {
          await act(store, list, each)
          expected(model, each)
          const holds = (await held(store, 'ann'))?.includes(list)
          expect([holds, store.retired(north).has(list)]).toEqual([
            model.held && model.withheldBy === undefined,
            model.mark !== 'none',
          ])
        }
      }),
      { numRuns: 40 },
    )
  })
})
