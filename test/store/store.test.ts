import { DatabaseSync } from 'node:sqlite'
import { copyFile, readdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { StoreError } from '../../src/store/store-error.ts'
import type { ImportedUser } from '../../src/store/import.ts'
import type { NewUser } from '../../src/store/users.ts'
import { storeAt, temporaryFolder, tenantNamed, testClock } from './world.ts'

const north = tenantNamed('north')
const south = tenantNamed('south')
const user = (name: string, more: Partial<NewUser> = {}): NewUser => ({
  tenant: north,
  name,
  kind: 'api',
  roles: [],
  listRoles: [],
  ...more,
})
const imported = (name: string, more: Partial<ImportedUser> = {}): ImportedUser => ({
  ...user(name),
  tokens: [],
  ...more,
})
const token = (fill: number, label = '') => ({
  sha256: Buffer.alloc(32, fill),
  label,
  notBefore: undefined,
  expiresAt: undefined,
})
const freshStore = async (clock = testClock()) => storeAt(join(await temporaryFolder(), 'store.db'), clock)

describe('users', () => {
  it('are listed with their roles by tenant and name, and by exact prefix', async () => {
    const clock = testClock(1000)
    const store = await freshStore(clock)
    await store.createUser(user('b_1', { roles: ['reader', 'editor', 'reader'], listRoles: ['spring'] }), 'me')
    await store.createUser(user('bx1', { kind: 'person' }), 'me')
    await store.createUser(user('B_2', { tenant: south }), 'me')

    expect(await store.listUsers({ prefix: 'b_', limit: 10 })).toEqual([
      {
        id: 1,
        tenant: 'north',
        name: 'b_1',
        kind: 'api',
        status: 'enabled',
        roles: ['editor', 'reader'],
        listRoles: ['spring'],
        listGrants: [],
        createdAt: 1000,
        updatedAt: 1000,
        plan: undefined,
        email: undefined,
        note: '',
        version: 1,
      },
    ])
    expect((await store.listUsers({ limit: 10 })).map(({ name }) => name)).toEqual(['b_1', 'bx1', 'B_2'])
    expect((await store.listUsers({ tenant: south, limit: 10 })).map(({ name }) => name)).toEqual(['B_2'])
  })

  it('are listed page by page without a gap or a repetition, across tenants', async () => {
    const store = await freshStore()
    const all = ['a', 'b', 'c'].flatMap((name) => [imported(name), imported(name, { tenant: south })])
    await store.importUsers(all, 'me')

    const seen: string[] = []
    let after: { tenant: string; name: string } | undefined
    for (;;) {
      const page = await store.listUsers({ limit: 4, ...(after === undefined ? {} : { after }) })
      seen.push(...page.map(({ tenant, name }) => `${tenant}/${name}`))
      after = page.at(-1)
      if (after === undefined) break
    }

    expect(seen).toEqual(['north/a', 'north/b', 'north/c', 'south/a', 'south/b', 'south/c'])
  })

  it('get other roles, one kind at a time', async () => {
    const store = await freshStore()
    await store.createUser(user('ann', { roles: ['reader'], listRoles: ['spring'] }), 'me')

    await store.setRoles(north, 'ann', { roles: ['editor', 'admin'], listRoles: undefined }, 'me')
    expect(await store.find(north, 'ann')).toMatchObject({ roles: ['admin', 'editor'], listRoles: ['spring'] })

    await store.setRoles(north, 'ann', { roles: undefined, listRoles: [] }, 'me')
    expect(await store.find(north, 'ann')).toMatchObject({ roles: ['admin', 'editor'], listRoles: [] })
  })

  it('are not made twice, and the first stays as it was', async () => {
    const store = await freshStore()
    await store.createUser(user('ann', { roles: ['reader'] }), 'me')

    await expect(store.createUser(user('ann', { roles: ['admin'] }), 'me')).rejects.toMatchObject({ kind: 'conflict' })

    expect((await store.find(north, 'ann'))?.roles).toEqual(['reader'])
    expect(await store.listAudit({ limit: 10 })).toHaveLength(1)
  })

  it('who are not there cannot be changed', async () => {
    const store = await freshStore()
    const changes = [
      store.setUserStatus(north, 'ann', 'disabled', 'me'),
      store.setRoles(north, 'ann', { roles: [], listRoles: [] }, 'me'),
      store.deleteUser(north, 'ann', 'me'),
      store.createToken(north, 'ann', token(1), 'me'),
    ]
    for (const change of changes) await expect(change).rejects.toMatchObject({ name: 'StoreError', kind: 'missing' })
  })

  it('take their tokens and roles with them', async () => {
    const store = await freshStore()
    await store.createUser(user('ann', { roles: ['reader'] }), 'me')
    await store.createToken(north, 'ann', token(1), 'me')

    await store.deleteUser(north, 'ann', 'me')

    expect(await store.find(north, 'ann')).toBe(undefined)
    expect(await store.listTokens({ limit: 10 })).toEqual([])
    await store.createUser(user('ann'), 'me')
    expect(await store.find(north, 'ann')).toMatchObject({ roles: [], tokens: [] })
  })
})

describe('tokens', () => {
  it('overlap, so that one can take the place of another', async () => {
    const clock = testClock(1000)
    const store = await freshStore(clock)
    await store.createUser(user('ann'), 'me')
    const first = await store.createToken(north, 'ann', { ...token(1, 'old'), expiresAt: 9000 }, 'me')
    clock.advance(10)
    await store.createToken(north, 'ann', { ...token(2, 'new'), notBefore: 2000 }, 'me')

    expect(await store.revokeToken(first, 'me')).toBe(true)
    clock.advance(10)
    expect(await store.revokeToken(first, 'me')).toBe(false)

    const shared = { tenant: 'north', user: 'ann', lastUsedAt: undefined }
    expect(await store.listTokens({ user: 'ann', limit: 10 })).toEqual([
      { ...shared, id: 1, label: 'old', createdAt: 1000, notBefore: undefined, expiresAt: 9000, revokedAt: 1010 },
      { ...shared, id: 2, label: 'new', createdAt: 1010, notBefore: 2000, expiresAt: undefined, revokedAt: undefined },
    ])
    expect((await store.find(north, 'ann'))?.tokens.map(({ revokedAt }) => revokedAt)).toEqual([1010, undefined])
  })

  it('are refused when the same one is there already', async () => {
    const store = await freshStore()
    await store.createUser(user('ann'), 'me')
    await store.createToken(north, 'ann', token(1), 'me')

    await expect(store.createToken(north, 'ann', token(1), 'me')).rejects.toMatchObject({ kind: 'conflict' })
  })

  it('which are not there cannot be revoked', async () => {
    const store = await freshStore()
    await expect(store.revokeToken(7 as never, 'me')).rejects.toMatchObject({ kind: 'missing' })
  })
})

describe('the audit log', () => {
  it('says who did what to whom, newest first, without a token or its hash', async () => {
    const clock = testClock(1000)
    const store = await freshStore(clock)
    await store.createUser(user('ann', { roles: ['reader'] }), 'cli:eve')
    await store.createToken(north, 'ann', token(0xab, 'laptop'), 'cli:eve')
    await store.setUserStatus(north, 'ann', 'disabled', 'admin:bob')
    await store.setUserStatus(north, 'ann', 'disabled', 'admin:bob')

    const entries = await store.listAudit({ limit: 10 })

    const shared = { at: 1000, subject: 'north/ann', details: {}, hash: expect.any(String) as unknown }
    expect(entries).toEqual([
      {
        ...shared,
        id: 3,
        actor: 'admin:bob',
        action: 'user.disabled',
        before: { status: 'enabled' },
        after: { status: 'disabled' },
      },
      { ...shared, id: 2, actor: 'cli:eve', action: 'token.create', after: { token: 1, label: 'laptop' } },
      {
        ...shared,
        id: 1,
        actor: 'cli:eve',
        action: 'user.create',
        after: { kind: 'api', status: 'enabled', roles: ['reader'], list_roles: [] },
      },
    ])
    expect(JSON.stringify(entries)).not.toMatch(/abab/)
    expect((await store.listAudit({ before: 2, limit: 10 })).map(({ id }) => id)).toEqual([1])
  })

  it('cannot be edited or cut, not even with a database shell', async () => {
    const file = join(await temporaryFolder(), 'store.db')
    const store = await storeAt(file)
    await store.createUser(user('ann'), 'me')
    const shell = new DatabaseSync(file)

    expect(() => shell.exec(`update audit set actor = 'nobody'`)).toThrow(/append-only/)
    expect(() => shell.exec('delete from audit')).toThrow(/append-only/)
    expect(() => shell.exec('insert or replace into audit select * from audit')).toThrow(/append-only/)
    shell.close()
  })
})

describe('an import', () => {
  it('writes users, roles and tokens, and tells that anybody may have changed when there are many', async () => {
    const store = await freshStore()
    const heard: unknown[] = []
    store.onChange((changed) => heard.push(changed))
    const users = Array.from({ length: 1201 }, (_, i) =>
      imported(`u${i}`, { roles: ['reader'], listRoles: ['spring', 'summer'], tokens: [token(i % 256)] }),
    )
    const progress: number[] = []

    expect(await store.importUsers(users, 'me', (written) => progress.push(written))).toBe(1201)

    expect(heard).toEqual([undefined])
    expect(progress).toEqual([500, 1000, 1201])
    expect(await store.find(north, 'u1200')).toMatchObject({
      roles: ['reader'],
      listRoles: ['spring', 'summer'],
      tokens: [{ sha256: Buffer.alloc(32, 1200 % 256) }],
    })
  })

  it('writes nothing when one user exists already, and names them all', async () => {
    const store = await freshStore()
    await store.createUser(user('u3'), 'me')
    const users = Array.from({ length: 700 }, (_, i) => imported(`u${i}`))
    users.push(imported('u699'))

    const failure = await store.importUsers(users, 'me').catch((error: unknown) => error)

    expect(failure).toBeInstanceOf(StoreError)
    expect(failure).toMatchObject({
      kind: 'conflict',
      conflicts: [
        { tenant: 'north', name: 'u3' },
        { tenant: 'north', name: 'u699' },
      ],
    })
    expect((await store.listUsers({ limit: 10 })).map(({ name }) => name)).toEqual(['u3'])
    expect(await store.listAudit({ limit: 10 })).toHaveLength(1)
  })

  it('writes nothing when the rows themselves fail half-way', async () => {
    const store = await freshStore()
    const rows = function* () {
      for (let i = 0; i < 600; i++) yield imported(`u${i}`)
      throw new Error('the file ended early')
    }

    await expect(store.importUsers(rows(), 'me')).rejects.toThrow('the file ended early')

    expect(await store.listUsers({ limit: 10 })).toEqual([])
    expect(await store.createUser(user('u1'), 'me')).toBe(1)
  })

  it('leaves readers their view until it is done', async () => {
    const store = await freshStore()
    await store.createUser(user('ann'), 'me')
    const found: unknown[] = []

    await store.importUsers(
      Array.from({ length: 1500 }, (_, i) => imported(`u${i}`)),
      'me',
      () =>
        found.push(
          store.find(north, 'u0'),
          store.find(north, 'ann').then((identity) => identity?.name),
        ),
    )

    expect(await Promise.all(found)).toEqual([undefined, 'ann', undefined, 'ann', undefined, 'ann'])
    expect((await store.find(north, 'u0'))?.name).toBe('u0')
  })
})

describe('two stores on one file', () => {
  it('wait for each other without stopping the event loop', async () => {
    const file = join(await temporaryFolder(), 'store.db')
    const store = await storeAt(file)
    const other = new DatabaseSync(file)
    other.exec('begin immediate')
    const order: string[] = []

    const writing = store.createUser(user('ann'), 'me').then(() => order.push('written'))
    await store.find(north, 'ann').then(() => order.push('read'))
    await new Promise((resolve) => setImmediate(resolve)).then(() => order.push('turned'))
    other.exec('commit')
    other.close()
    await writing

    expect(order).toEqual(['read', 'turned', 'written'])
  })

  it('learn that anybody may have changed when the log of changes was cleared before they read it', async () => {
    const file = join(await temporaryFolder(), 'store.db')
    const clock = testClock()
    const shell = new DatabaseSync(file)
    const store = await storeAt(file, clock)
    const heard: unknown[] = []
    // Two days of changes in one step: by the time of the next look the first is cleared away.
    shell.exec(`begin immediate;
      insert into changes (at, tenant, name) values (1, 'north', 'old'), (2, 'north', 'new');
      delete from changes where at = 1; commit`)
    shell.close()
    store.onChange((changed) => heard.push(changed))

    await vi.waitFor(() => expect(heard).toEqual([undefined]))
  })

  it('clear changes away that are older than a day, not those of today', async () => {
    const file = join(await temporaryFolder(), 'store.db')
    const clock = testClock()
    const store = await storeAt(file, clock)
    await store.createUser(user('first'), 'me')
    clock.advance(86_400_000)
    await store.createUser(user('second'), 'me')
    clock.advance(1)
    await store.createUser(user('third'), 'me')

    const shell = new DatabaseSync(file)
    const names = shell.prepare('select name from changes order by id').all()
    shell.close()
    expect(names.map((row) => row['name'])).toEqual(['second', 'third'])
  })

  it('go on with another file that is put in its place, and say that anybody may have changed', async () => {
    const folder = await temporaryFolder()
    const file = join(folder, 'store.db')
    const backup = join(folder, 'backup.db')
    const made = await storeAt(backup)
    await made.createUser(user('restored'), 'me')
    await made.close()
    const store = await storeAt(file)
    await store.createUser(user('ann'), 'me')
    const heard: unknown[] = []
    store.onChange((changed) => heard.push(changed))

    for (const companion of ['', '-wal', '-shm']) await rename(file + companion, `${file}.old${companion}`)
    await copyFile(backup, `${file}.next`)
    await rename(`${file}.next`, file)

    await vi.waitFor(() => expect(heard).toContain(undefined))
    expect(await store.find(north, 'ann')).toBe(undefined)
    expect((await store.find(north, 'restored'))?.name).toBe('restored')
  })
})

describe('close', () => {
  it('leaves one file, and everything rejects afterwards', async () => {
    const folder = await temporaryFolder()
    const store = await storeAt(join(folder, 'store.db'))
    await store.createUser(user('ann'), 'me')

    await store.close()
    await store.close()

    expect(await readdir(folder)).toEqual(['store.db'])
    await expect(store.find(north, 'ann')).rejects.toMatchObject({ kind: 'unavailable' })
    await expect(store.createUser(user('bob'), 'me')).rejects.toMatchObject({ kind: 'unavailable' })
  })

  it.skipIf(process.platform === 'win32')('has kept the file from other users of the machine', async () => {
    const file = join(await temporaryFolder(), 'store.db')
    await storeAt(file)

    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(`${file}-wal`)).mode & 0o777).toBe(0o600)
  })
})
