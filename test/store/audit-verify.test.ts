import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { genesis } from '../../src/store/audit-chain.ts'
import type { AuditVerdict } from '../../src/store/audit-verify.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { olderStoreAt, storeAt, temporaryFolder, tenantNamed, testClock } from './world.ts'

const north = tenantNamed('north')
const user = (name: string) => ({ tenant: north, name, kind: 'api', roles: ['reader'], listRoles: [] }) as const
const imported = (name: string) => ({ ...user(name), tokens: [] })

/** A closed store with nine entries, of every shape. */
async function trailOfNine(): Promise<string> {
  const file = join(await temporaryFolder(), 'store.db')
  const store = await storeAt(file)
  await writeNine(store)
  await store.close()
  return file
}

async function writeNine(store: Store): Promise<void> {
  const by = { actor: 'user:ann', origin: '203.0.113.7', requestId: 'r-1' }
  for (const name of ['ann', 'bob', 'cy', 'di']) await store.createUser(user(name), 'cli:eve')
  await store.setUserStatus(north, 'bob', 'disabled', by)
  await store.recordAct({ action: 'gateway.start', subject: 'gateway', details: { version: '1' } }, 'cli:eve')
  // U+FFFD is what bytes that are no UTF-8 are read as.
  await store.setRoles(north, 'ann', { roles: ['editor \uFFFD'], listRoles: undefined }, by)
  await store.createUser(user('ed'), by)
  await store.deleteUser(north, 'ed', 'cli:eve')
}

/** What somebody may do who can write the file: the triggers go first. */
function tamper(file: string, ...statements: readonly string[]): void {
  const shell = new DatabaseSync(file)
  for (const name of ['edited', 'cut', 'replaced']) shell.exec(`drop trigger if exists audit_is_not_${name}`)
  for (const statement of statements) shell.exec(statement)
  shell.close()
}

async function verdictOf(file: string): Promise<AuditVerdict> {
  const store = await openStore({ file, clock: testClock() })
  try {
    return await store.verifyAudit()
  } finally {
    await store.close()
  }
}

const headOf = (verdict: AuditVerdict) => {
  if (verdict.kind === 'broken') throw new Error('the trail is broken')
  return { count: verdict.count, hash: verdict.hash }
}

describe('an audit trail that nobody touched', () => {
  it('is whole, empty too', async () => {
    const store = await storeAt(join(await temporaryFolder(), 'store.db'))
    expect(await store.verifyAudit()).toEqual({ kind: 'whole', count: 0, hash: genesis })

    await writeNine(store)

    const [newest] = await store.listAudit({ limit: 1 })
    expect(await store.verifyAudit()).toEqual({ kind: 'whole', count: 9, hash: newest?.hash })
  })

  it('is whole over many pages, an import of one transaction included', async () => {
    const store = await storeAt(join(await temporaryFolder(), 'store.db'))
    await store.importUsers(
      Array.from({ length: 2500 }, (_, i) => imported(`u${i}`)),
      'me',
    )
    await store.createUser(user('ann'), 'me')
    const progress: number[] = []

    expect(await store.verifyAudit(undefined, (count) => progress.push(count))).toMatchObject({
      kind: 'whole',
      count: 2501,
    })
    expect(progress).toEqual([1000, 2000])
  })

  it('stays whole when a change fails', async () => {
    const store = await storeAt(join(await temporaryFolder(), 'store.db'))
    await writeNine(store)

    await expect(store.createUser(user('ann'), 'me')).rejects.toMatchObject({ kind: 'conflict' })
    await expect(store.importUsers([imported('new'), imported('bob')], 'me')).rejects.toMatchObject({
      kind: 'conflict',
    })
    await store.createUser(user('zoe'), 'me')

    expect(await store.verifyAudit()).toMatchObject({ kind: 'whole', count: 10 })
    expect((await store.listAudit({ limit: 1 })).map(({ id }) => id)).toEqual([10])
  })

  it('is looked at as it is in one moment, whoever writes meanwhile', async () => {
    const file = join(await temporaryFolder(), 'store.db')
    const [store, other] = [await storeAt(file), await storeAt(file)]
    const many = Array.from({ length: 1500 }, (_, i) => imported(`u${i}`))
    await store.importUsers(many, 'me')

    const looking = store.verifyAudit(undefined, () => written.push(other.createUser(user('ann'), 'me')))
    const written: Promise<unknown>[] = []

    expect(await looking).toMatchObject({ kind: 'whole', count: 1500 })
    expect(await Promise.all(written)).toHaveLength(1)
    expect(await store.verifyAudit()).toMatchObject({ kind: 'whole', count: 1501 })
  })
})

describe('an audit trail that somebody touched', () => {
  const broken = (id: string | undefined, count: number, reason: string) => ({ kind: 'broken', id, count, reason })

  it.each([
    ['altered', [`update audit set actor = 'cli:bob' where id = 3`], broken('3', 2, 'changed')],
    ['altered at the end', [`update audit set details = '{} ' where id = 9`], broken('9', 8, 'changed')],
    ['given another hash', [`update audit set hash = upper(hash) where id = 5`], broken('5', 4, 'changed')],
    ['removed', [`delete from audit where id = 4`], broken('5', 3, 'missing')],
    ['removed at the start', [`delete from audit where id = 1`], broken('2', 0, 'missing')],
    [
      'removed, and those after it numbered anew',
      [`delete from audit where id = 4`, `update audit set id = id - 1 where id > 4`],
      broken('4', 3, 'changed'),
    ],
    [
      'put in each other\u2019s place',
      [
        `update audit set id = 100 where id = 4`,
        `update audit set id = 4 where id = 5`,
        `update audit set id = 5 where id = 100`,
      ],
      broken('4', 3, 'changed'),
    ],
    ['cut off at the end', [`delete from audit where id > 7`], broken(undefined, 7, 'cut')],
    ['all removed', [`delete from audit`], broken(undefined, 0, 'cut')],
    [
      'put in between',
      [
        `update audit set id = id + 1000 where id > 4`,
        `update audit set id = id - 999 where id > 1000`,
        `insert into audit select 5, at, actor, origin, request_id, action, subject, details, before, after, hash from audit where id = 4`,
      ],
      broken('5', 4, 'changed'),
    ],
    [
      'put at the end',
      [
        `insert into audit select 10, at, actor, origin, request_id, action, subject, details, before, after, hash from audit where id = 9`,
      ],
      broken('10', 9, 'changed'),
    ],
    [
      'numbered past what a number can hold',
      [`update audit set id = 9223372036854775807 where id = 9`],
      broken('9223372036854775807', 8, 'missing'),
    ],
    [
      'dated past what a number can hold',
      [`update audit set at = 9223372036854775807 where id = 2`],
      broken('2', 1, 'changed'),
    ],
    [
      'given bytes that are read as the same text',
      [`update audit set after = cast(replace(cast(after as blob), x'efbfbd', x'ff') as text) where id = 7`],
      broken('7', 6, 'changed'),
    ],
    ['left without its head', [`delete from audit_head`], broken(undefined, 9, 'head')],
    ['given another head', [`update audit_head set hash = '${genesis}'`], broken(undefined, 9, 'head')],
    ['given a head that counts less', [`update audit_head set count = 8`], broken('9', 8, 'unaccounted')],
    ['given a head that counts more', [`update audit_head set count = 10`], broken(undefined, 9, 'cut')],
  ])('is found: %s', async (_how, statements, verdict) => {
    const file = await trailOfNine()
    expect(await verdictOf(file)).toMatchObject({ kind: 'whole', count: 9 })

    tamper(file, ...statements)

    expect(await verdictOf(file)).toEqual(verdict)
  })

  it.each([
    `update audit set details = '{' where id = 5`,
    `update audit set after = 'x' where id = 5`,
    `update audit set at = 8640000000000001 where id = 5`,
    `update audit set at = 9223372036854775807 where id = 5`,
  ])('is said to be altered where it cannot even be read: %s', async (statement) => {
    const file = await trailOfNine()
    tamper(file, statement)
    const store = await storeAt(file)

    const message = 'an entry of the audit trail cannot be read, it was altered - see `sallyport audit verify`'
    await expect(store.listAudit({ limit: 10 })).rejects.toMatchObject({ kind: 'unavailable', message })
    await expect(store.auditAfter(0, 10)).rejects.toMatchObject({ kind: 'unavailable', message })
    expect(await store.verifyAudit()).toEqual(broken('5', 4, 'changed'))
  })

  it('is found beyond the first page', async () => {
    const file = join(await temporaryFolder(), 'store.db')
    const store = await storeAt(file)
    const many = Array.from({ length: 2500 }, (_, i) => imported(`u${i}`))
    await store.importUsers(many, 'me')
    await store.close()

    tamper(file, `update audit set subject = 'north/u0' where id = 2001`)

    expect(await verdictOf(file)).toEqual(broken('2001', 2000, 'changed'))
  })

  it('stays broken whatever is written afterwards', async () => {
    const file = await trailOfNine()
    tamper(file, 'delete from audit where id > 7')
    const store = await storeAt(file)

    await store.createUser(user('zoe'), 'me')

    expect((await store.listAudit({ limit: 2 })).map(({ id }) => id)).toEqual([10, 7])
    expect(await store.verifyAudit()).toEqual(broken('10', 7, 'missing'))
  })

  it('takes further entries after a row that somebody put at its end, and is found', async () => {
    const file = await trailOfNine()
    tamper(
      file,
      `insert into audit select 10, at, actor, origin, request_id, action, subject, details, before, after, hash
        from audit where id = 9`,
    )
    const store = await storeAt(file)

    await store.createUser(user('zoe'), 'me')

    expect(await store.verifyAudit()).toEqual(broken('10', 9, 'changed'))
  })

  it('takes no change while its head is missing', async () => {
    const file = await trailOfNine()
    tamper(file, 'delete from audit_head')
    const store = await storeAt(file)

    await expect(store.createUser(user('zoe'), 'me')).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('sallyport audit verify') as unknown,
    })
    expect(await store.find(north, 'zoe')).toBe(undefined)
  })
})

describe('any single change to any row', () => {
  const columns = [
    'id',
    'at',
    'actor',
    'origin',
    'request_id',
    'action',
    'subject',
    'details',
    'before',
    'after',
    'hash',
  ]
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.constantFrom('', '{}', '-', 'cli:eve', 'north/ann'),
  )
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 4 })
  const integer = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -3n, max: 12n }))
  const change = fc.oneof(
    fc.record({ column: fc.constantFrom('id', 'at'), to: integer }),
    fc.record({ column: fc.constantFrom(...columns.slice(2)), to: fc.oneof(text, bytes, fc.constant(null)) }),
  )
  let pristine = ''
  let folder = ''

  beforeAll(async () => {
    // A store that this test alone changes, made once.
    folder = await mkdtemp(join(tmpdir(), 'sallyport-store-'))
    pristine = join(folder, 'pristine.db')
    const store = await openStore({ file: pristine, clock: testClock() })
    await writeNine(store)
    await store.close()
    return () => rm(folder, { recursive: true, force: true })
  })

  it('is found, at that row or the next', async () => {
    const file = join(folder, 'touched.db')
    let tried = 0
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 9 }), change, async (row, { column, to }) => {
        await copyFile(pristine, file)
        const shell = new DatabaseSync(file)
        for (const name of ['edited', 'cut', 'replaced']) shell.exec(`drop trigger audit_is_not_${name}`)
        // Bytes go in as text, so that the table takes them.
        const value = to instanceof Uint8Array ? 'cast(? as text)' : '?'
        const isChanged = (() => {
          try {
            const where = `where id = ? and ${column} is not ${value}`
            return shell.prepare(`update audit set ${column} = ${value} ${where}`).run(to, row, to).changes === 1
          } catch {
            return false // an id that is taken, or no hash by its length, or nothing where something must be
          }
        })()
        shell.close()
        fc.pre(isChanged)
        tried += 1
        const verdict = await verdictOf(file)
        expect(verdict.kind).toBe('broken')
        // Moved by its id, the row is missed where it was or met where it is now.
        if (column !== 'id') expect(verdict).toMatchObject({ id: String(row), count: row - 1, reason: 'changed' })
      }),
      { numRuns: 150 },
    )
    expect(tried).toBe(150)
  })
})

describe('a head that was noted elsewhere', () => {
  it('is that of a trail that has grown since', async () => {
    const store = await storeAt(join(await temporaryFolder(), 'store.db'))
    const empty = headOf(await store.verifyAudit())
    await writeNine(store)
    const noted = headOf(await store.verifyAudit())
    await store.createUser(user('zoe'), 'me')

    expect(await store.verifyAudit(noted)).toMatchObject({ kind: 'whole', count: 10 })
    expect(await store.verifyAudit(empty)).toMatchObject({ kind: 'whole', count: 10 })
    expect(await store.verifyAudit({ ...noted, count: 8 })).toMatchObject({ kind: 'broken', reason: 'noted' })
  })

  it('shows that the whole chain was written anew', async () => {
    const noted = headOf(await verdictOf(await trailOfNine()))
    const forged = await storeAt(join(await temporaryFolder(), 'store.db'))
    for (let i = 0; i < 12; i++) await forged.createUser(user(`f${i}`), 'cli:eve')

    expect(await forged.verifyAudit()).toMatchObject({ kind: 'whole', count: 12 })
    expect(await forged.verifyAudit(noted)).toEqual({ kind: 'broken', count: 12, id: undefined, reason: 'noted' })
  })

  it('shows that the end was cut off and the head written to match', async () => {
    const file = await trailOfNine()
    const noted = headOf(await verdictOf(file))
    tamper(
      file,
      'delete from audit where id > 7',
      'update audit_head set count = 7, last_id = 7, hash = (select hash from audit where id = 7)',
    )
    const store = await storeAt(file)

    expect(await store.verifyAudit()).toMatchObject({ kind: 'whole', count: 7 })
    expect(await store.verifyAudit(noted)).toEqual({ kind: 'broken', count: 7, id: undefined, reason: 'noted' })
  })
})

describe('a store of the version before the chain', () => {
  it('has its entries chained as they are, still append-only, and the next one follows them', async () => {
    const file = join(await temporaryFolder(), 'store.db')
    await olderStoreAt(file, '0002_lists')
    const shell = new DatabaseSync(file)
    onTestFinished(() => shell.close())
    const insert = shell.prepare('insert into audit (at, actor, action, subject, details) values (?, ?, ?, ?, ?)')
    shell.exec('begin')
    for (let i = 0; i < 2001; i++) insert.run(1000 + i, 'cli:eve', 'user.create', `north/u${i}`, `{"kind":"api"}`)
    shell.exec('commit')

    const store = await storeAt(file)
    await store.createUser(user('ann'), 'me')

    expect(await store.verifyAudit()).toMatchObject({ kind: 'whole', count: 2002 })
    expect(
      (await store.listAudit({ limit: 2 })).map(({ id, at, subject, details }) => [id, at, subject, details]),
    ).toEqual([
      [2002, Date.UTC(2026, 0, 1), 'north/ann', {}],
      [2001, 3000, 'north/u2000', { kind: 'api' }],
    ])
    expect(() => shell.exec('delete from audit')).toThrow(/append-only/)
    expect(() => shell.exec(`update audit set actor = 'nobody'`)).toThrow(/append-only/)
  })
})
