/** Every row of rows.yaml: `sallyport serve` as a process, a real SQLite file, real locks, full disks and kill -9. */
import { copyFile, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { identityCache } from '../../src/authenticate/identities.ts'
import { unusable } from '../../src/authenticate/verify.ts'
import { readMark } from '../../src/cli/store-mark.ts'
import { neverBack } from '../../src/model/time.ts'
import { tokenIdFrom } from '../../src/model/ids.ts'
import { openStore } from '../../src/store/store.ts'
import { defaultTenant, systemClock } from '../helpers/gateway.ts'
import { tally } from '../helpers/tally.ts'
import {
  configure,
  folder,
  killedWriter,
  lock,
  type Person,
  person,
  sallyport,
  serve,
  served,
  type Serving,
  smallDisk,
  storeAt,
} from './world.ts'

const storeFile = 'sallyport.db'

interface Prepared {
  readonly home: string
  readonly file: string
  readonly ann: Person
  readonly ben: Person
}

/** A folder with a configuration, and a store with two people, closed. */
async function prepared(home?: string): Promise<Prepared> {
  const place = home ?? (await folder())
  await configure(place)
  const file = path.join(place, storeFile)
  const store = await openStore({ file, clock: systemClock })
  const [ann, ben] = [await person(store, 'ann'), await person(store, 'ben')]
  await store.close()
  return { home: place, file, ann, ben }
}

const integrity = (file: string): unknown => {
  const shell = new DatabaseSync(file)
  const verdict = shell.prepare('pragma integrity_check').all()
  shell.close()
  return verdict
}

const said = (running: Serving, words: string) => running.log().filter(({ msg }) => String(msg).includes(words))
const passed = new Set<string>()
const skipped = new Map<string, string>()

/** A case of a row. */
function row(id: string, name: string, run: (skip: (why: string) => never) => Promise<void>, timeoutMs = 60_000): void {
  here.push(id)
  it(`${id} ${name}`, { timeout: timeoutMs }, async ({ skip }) => {
    await run((why) => {
      console.log(`${id} ${name}: not tried, ${why}`)
      skipped.set(`${id} ${name}`, why)
      return skip(why) as never
    })
    passed.add(`${id} ${name}`)
  })
  names.push(`${id} ${name}`)
}
const here: string[] = []
const names: string[] = []

describe('a lock', () => {
  row('D01', 'of another process keeps no request waiting, and a write five seconds at most', async () => {
    const { home, file, ann, ben } = await prepared()
    const running = await served(home)
    expect(await running.ask(ann)).toBe('200')
    const release = await lock(file)

    const beganAt = performance.now()
    expect(await Promise.all([running.ask(ann), running.ask(ben), running.ask(undefined)])).toEqual([
      '200',
      '200',
      '403 credentials-missing',
    ])
    expect(performance.now() - beganAt).toBeLessThan(2_000)
    const [byCommand, byRequest] = await Promise.all([
      sallyport(home, 'user', 'add', 'cid'),
      running.ask(ann, 'DELETE', '/api/lists/7'),
    ])
    expect(performance.now() - beganAt).toBeLessThan(12_000)
    expect([byCommand.code, byRequest]).toEqual([1, '503 store-unavailable'])
    expect(byCommand.err).toMatch(/is locked by another process/)

    await release()
    expect(await sallyport(home, 'user', 'add', 'cid')).toMatchObject({ code: 0 })
    expect(await running.ask(ann, 'DELETE', '/api/lists/7')).toBe('200')
    await running.end('SIGTERM')
    const store = await storeAt(file)
    expect((await store.listUsers({ limit: 10 })).map(({ name }) => name)).toEqual(['ann', 'ben', 'cid'])
    expect(await store.verifyAudit()).toMatchObject({ kind: 'whole' })
  })
})

describe('a disk', () => {
  row(
    'D02',
    'that is full: requests are served, writes are refused whole, and it goes on when there is room',
    async (skip) => {
      const disk = await smallDisk(4)
      if (disk === undefined) return skip('this user may not mount a file system')
      const { home, file, ann, ben } = await prepared(disk.place)
      const running = await served(home)
      expect(await running.ask(ann)).toBe('200')
      disk.fill()

      expect(await Promise.all([running.ask(ann), running.ask(ben)])).toEqual(['200', '200'])
      expect(await running.ask(ann, 'DELETE', '/api/lists/7')).toBe('503 store-unavailable')
      const refused = await sallyport(home, 'user', 'add', 'cid')
      expect([refused.code, /disk is full|cannot be read or written/.test(refused.err)]).toEqual([1, true])
      expect(await running.ask(ann)).toBe('200')
      expect(running.log().some(({ error }) => /full/.test(JSON.stringify(error ?? '')))).toBe(true)

      await disk.free()
      expect(await sallyport(home, 'user', 'add', 'cid')).toMatchObject({ code: 0 })
      expect(await running.ask(ann, 'DELETE', '/api/lists/7')).toBe('200')
      expect(await running.end('SIGTERM')).toBe(0)
      const store = await storeAt(file)
      expect(await store.verifyAudit()).toMatchObject({ kind: 'whole' })
      expect((await store.listRetired()).map(({ list }) => list)).toEqual([7])
      await store.close()
      expect(integrity(file)).toMatchObject([{ integrity_check: 'ok' }])
    },
  )

  row('D02', 'that is full when the gateway ends: it ends, and says what is not in the audit trail', async (skip) => {
    const disk = await smallDisk(4)
    if (disk === undefined) return skip('this user may not mount a file system')
    const { home, file, ann } = await prepared(disk.place)
    const running = await served(home)
    expect(await running.ask(ann)).toBe('200')
    disk.fill()

    await running.end('SIGTERM')
    expect(said(running, 'this is not in the audit trail')).toMatchObject([{ action: 'gateway.drain' }])
    await disk.free()
    const again = await served(home)
    expect(await again.ask(ann)).toBe('200')
    await again.end('SIGTERM')
    expect(integrity(file)).toMatchObject([{ integrity_check: 'ok' }])
  })

  row('D02', 'that is read-only: the start is refused, with what to do', async (skip) => {
    const disk = await smallDisk(4)
    if (disk === undefined) return skip('this user may not mount a file system')
    const { home } = await prepared(disk.place)
    disk.remount('ro')
    const started = await serve(home)
    expect(started).toMatchObject({ code: 1 })
    expect('err' in started && started.err).toMatch(/cannot be written - give this process write access/)

    disk.remount('rw')
    const again = await served(home)
    expect(await again.end('SIGTERM')).toBe(0)
  })

  row('D02', 'from which the write-ahead log was deleted: the start tells that changes are gone', async () => {
    const { home, file, ann } = await prepared()
    const first = await served(home)
    expect(await sallyport(home, 'user', 'add', 'cid')).toMatchObject({ code: 0 })
    await first.end('SIGTERM')
    const second = await served(home)
    for (const name of ['dan', 'eve']) expect(await sallyport(home, 'user', 'add', name)).toMatchObject({ code: 0 })
    expect(await second.ask(ann)).toBe('200')
    // What was changed is noted within a second or so.
    const trail = await storeAt(file)
    const { count } = (await trail.verifyAudit()) as { readonly count: number }
    await trail.close()
    await expect.poll(async () => (await readMark(file))?.count, { timeout: 10_000 }).toBe(count)
    await second.end('SIGKILL')
    expect((await stat(`${file}-wal`)).size).toBeGreaterThan(0)
    // What `serve` noted while it ran; the log of changes is then thrown away.
    await rm(`${file}-wal`)
    const third = await served(home)

    await expect.poll(() => said(third, 'is an older one').length).toBe(1)
    expect(await third.ask(ann)).toBe('200')
    await third.end('SIGTERM')
    const store = await storeAt(file)
    expect((await store.auditAfter(0, 100)).map(({ action }) => action)).toContain('gateway.store-older')
    expect(await store.verifyAudit()).toMatchObject({ kind: 'whole' })
  })
})

/** Overwrites so many bytes in the middle of the file. */
async function damage(file: string, bytes = 8192): Promise<void> {
  const { size } = await stat(file)
  const handle = await open(file, 'r+')
  await handle.write(Buffer.alloc(bytes, 0xa5), 0, bytes, Math.floor(size / 2 / 4096) * 4096)
  await handle.close()
}

describe('a damaged store', () => {
  row('D03', 'with a page that is overwritten is refused at the start, and left as it was', async () => {
    const { home, file } = await prepared()
    await damage(file)
    const before = await readFile(file)
    const started = await serve(home)

    expect(started).toMatchObject({ code: 1 })
    expect('err' in started && started.err).toMatch(
      /^error: .*sallyport\.db: is damaged - put a backup in its place\.?\n$/,
    )
    expect((await readFile(file)).equals(before)).toBe(true)
  })

  row('D03', 'that was cut short is refused at the start, and left as it was', async () => {
    const { home, file } = await prepared()
    await truncate(file, Math.floor((await stat(file)).size / 2 / 4096) * 4096)
    const before = await readFile(file)
    const started = await serve(home)

    expect(started).toMatchObject({ code: 1 })
    expect('err' in started && started.err).toMatch(/is damaged - put a backup in its place/)
    expect((await readFile(file)).equals(before)).toBe(true)
  })

  row('D03', 'of a newer version is refused at the start, and left as it was', async () => {
    const { home, file } = await prepared()
    const shell = new DatabaseSync(file)
    shell.exec(`insert into kysely_migration (name, timestamp) values ('9999_from_the_future', '2099')`)
    shell.close()
    const before = await readFile(file)
    const started = await serve(home)

    expect(started).toMatchObject({ code: 1 })
    expect('err' in started && started.err).toMatch(/was written by a newer Sallyport/)
    expect((await readFile(file)).equals(before)).toBe(true)
  })

  row('D03', 'while it is used: known callers are served, others get 503, nobody 500', async () => {
    const { home, file, ann, ben } = await prepared()
    const running = await served(home)
    expect(await running.ask(ann)).toBe('200')
    await writeFile(file, Buffer.alloc((await stat(file)).size, 0xa5))
    // The open one may answer from its own memory for a moment.
    await expect.poll(() => running.ask(ben), { timeout: 10_000 }).toMatch(/^(?:503 store-unavailable|200)$/)
    expect(await running.ask(ann)).toBe('200')
    expect(await running.ask({ ...ben, name: 'nobody', authorization: 'token nobody:x' })).toMatch(
      /^(?:503 store-unavailable|403 credentials-invalid)$/,
    )
    expect(running.log().filter(({ status }) => status === 500)).toEqual([])
  })
})

describe('a start', () => {
  row('D06', 'without a store that can be had is refused, with what to do', async () => {
    const { home, file } = await prepared()
    await rm(file)
    await writeFile(file, 'no store', { mode: 0o600 })
    const started = await serve(home)
    expect(started).toMatchObject({ code: 1 })
    expect('err' in started && started.err).toMatch(
      /is not a Sallyport store - name another file in store\.file, or put a backup in its place/,
    )

    await writeFile(
      path.join(home, 'sallyport.yaml'),
      `${await readFile(path.join(home, 'sallyport.yaml'), 'utf8')}store: { file: nowhere/sallyport.db }\n`,
    )
    const nowhere = await serve(home)
    expect(nowhere).toMatchObject({ code: 2 })
    expect('err' in nowhere && nowhere.err).toMatch(/store\.file/)
  })
})

/** Random, and the same at each run. */
const killsAt = [3, 977, 160, 641, 402, 818]

describe('kill -9', () => {
  row(
    'D07',
    `at ${killsAt.length} moments of 1,000 writes loses nothing that was acknowledged, and revives nothing that was revoked`,
    async () => {
      const { home, file } = await prepared()
      const all: string[] = []
      for (const [at, killAt] of killsAt.entries()) {
        const acknowledged = await killedWriter(file, `k${at}-`, killAt)
        expect(acknowledged.length).toBeGreaterThanOrEqual(killAt)
        expect(acknowledged.length).toBeLessThan(1_000)
        all.push(...acknowledged)

        const store = await openStore({ file, clock: systemClock })
        const users = new Map((await store.listUsers({ limit: 100_000 })).map((user) => [`user ${user.name}`, user]))
        const tokens = new Map(
          (await store.listTokens({ limit: 100_000 })).map((token) => [`token ${token.id}`, token]),
        )
        const retired = new Set((await store.listRetired()).map(({ list }) => `retired ${list}`))
        const isThere = (line: string): boolean => {
          const [what, id = ''] = line.split(' ')
          if (what === 'user') return users.has(line)
          if (what === 'token') return tokens.has(line)
          if (what === 'revoked') return tokens.get(`token ${id}`)?.revokedAt !== undefined
          if (what === 'disabled') return users.get(`user ${id}`)?.status === 'disabled'
          return retired.has(line)
        }
        expect(all.filter((line) => !isThere(line))).toEqual([])
        // Each change is whole, its audit entry with it: one write at most was done and not acknowledged any more.
        const verdict = await store.verifyAudit()
        expect(verdict.kind).toBe('whole')
        await store.close()
        expect(integrity(file)).toMatchObject([{ integrity_check: 'ok' }])
      }

      // As another process would be: whoever starts finds the log of changes that the last one left.
      await killedWriter(file, 'last-', 100)
      const started = await served(home)
      expect(started.startedInMs).toBeLessThan(4_000)
      await expect
        .poll(() => said(started, 'all that was acknowledged is there'))
        .toMatchObject([{ level: 'info', integrity: 'ok', audit_entries: expect.any(Number) as unknown }])
      expect(await started.end('SIGTERM')).toBe(0)
      const again = await served(home)
      expect(said(again, 'all that was acknowledged is there')).toEqual([])
      await again.end('SIGTERM')
    },
    180_000,
  )

  row('D07', 'while a list is deleted: the start names the list on which nothing is granted', async () => {
    const { home, file, ann } = await prepared()
    const store = await openStore({ file, clock: systemClock })
    await store.beginRetirement({ tenants: [defaultTenant], lists: [3 as never], operation: 'x' }, 'test')
    await store.close()
    const running = await served(home)

    await expect
      .poll(() => said(running, 'did not come to a known end'))
      .toMatchObject([{ level: 'warn', lists: ['default/3'] }])
    expect(await running.ask(ann)).toBe('200')
  })
})

describe('two processes', () => {
  row('D08', 'make one user of a name, and lose nothing of what they change apart', async () => {
    const { home, file } = await prepared()
    const made = await Promise.all(
      Array.from({ length: 4 }, () => sallyport(home, 'user', 'add', 'cid', '--role', 'reader')),
    )
    expect(made.filter(({ code }) => code === 0)).toHaveLength(1)
    expect(
      made.filter(({ code }) => code === 1).every(({ err }) => err.startsWith('error: there is already a user `cid`')),
    ).toBe(true)

    const grants = await Promise.all(
      [3, 4, 5].map((list) => sallyport(home, 'user', 'grant', 'cid', '--list', String(list), '--get')),
    )
    expect(grants.map(({ code }) => code)).toEqual([0, 0, 0])
    const roles = await Promise.all(
      ['editor', 'sender'].map((role) => sallyport(home, 'user', 'set-roles', 'cid', '--role', role)),
    )
    expect(roles.map(({ code }) => code)).toEqual([0, 0])

    const store = await storeAt(file)
    const cid = await store.find(defaultTenant, 'cid')
    expect(cid?.listGrants.map(({ list }) => list)).toEqual([3, 4, 5])
    expect([['editor'], ['sender']]).toContainEqual(cid?.roles)
    const trail = await store.auditAfter(0, 100)
    const last = trail.filter(({ action }) => /role/.test(action)).map(({ after }) => after?.['roles'])
    expect(last).toHaveLength(2)
    expect(last.at(-1)).toEqual(cid?.roles)
    expect(await store.verifyAudit()).toMatchObject({ kind: 'whole' })
  })
})

describe('a clock', () => {
  row('D09', 'that is set back revives no token that had ended', async () => {
    let [epochMs, monotonicMs] = [1_000_000, 0]
    const clock = neverBack({ epochMs: () => epochMs, monotonicMs: () => monotonicMs })
    const store = await storeAt(path.join(await folder(), storeFile))
    const ann = await person(store, 'ann', 1_500_000)
    const identities = identityCache(store, { clock })
    const answer = await identities.lookUp(defaultTenant, 'ann')
    const token = answer === 'unknown' ? undefined : answer.tokens[0]
    if (answer === 'unknown' || token === undefined) throw new Error('no token')
    const standing = () => unusable(answer, token, clock.epochMs())

    expect(standing()).toBeUndefined()
    epochMs = 1_500_000
    expect(standing()).toBe('expired')
    epochMs -= 3_600_000
    for (let step = 0; step < 1_000; step++) {
      monotonicMs += 0.3
      expect(standing()).toBe('expired')
    }
    expect(clock.epochMs()).toBe(1_500_300)
    epochMs = 2_000_000
    expect(clock.epochMs()).toBe(2_000_000)
    identities.close()
    expect(ann.tokenId).toBeGreaterThan(0)
  })

  row('D09', 'that is behind at the start is told', async () => {
    const { home, file, ann } = await prepared()
    await writeFile(`${file}.mark`, `{"at":${Date.now() + 3_600_000},"count":0,"lastId":0,"hash":""}\n`)
    const running = await served(home)

    await expect
      .poll(() => said(running, 'the clock stands before'))
      .toMatchObject([{ level: 'warn', behind_seconds: expect.any(Number) as unknown }])
    expect(await running.ask(ann)).toBe('200')
  })
})

describe("yesterday's backup", () => {
  row(
    'D10',
    'in place of the store: nobody is believed from memory, and the change is told and in the audit trail',
    async () => {
      const { home, file, ann, ben } = await prepared()
      await copyFile(file, `${file}.backup`)
      const running = await served(home)
      expect(await running.ask(ben)).toBe('200')
      expect(await sallyport(home, 'token', 'revoke', String(ann.tokenId))).toMatchObject({ code: 0 })
      expect(await sallyport(home, 'user', 'add', 'cid')).toMatchObject({ code: 0 })
      await expect.poll(() => running.ask(ann), { timeout: 5_000 }).toBe('403 credentials-invalid')
      expect(await running.end('SIGTERM')).toBe(0)

      await copyFile(`${file}.backup`, file)
      const again = await served(home)
      await expect
        .poll(() => said(again, 'what was revoked since is valid again'))
        .toMatchObject([
          { level: 'warn', entries: expect.any(Number) as unknown, entries_before: expect.any(Number) as unknown },
        ])
      await again.end('SIGTERM')
      const store = await storeAt(file)
      const trail = await store.auditAfter(0, 100)
      expect(trail.filter(({ action }) => action === 'gateway.store-older')).toHaveLength(1)
      // What can be seen in the trail is what to do again.
      expect(trail.some(({ action }) => action === 'token.revoke')).toBe(false)
      expect(
        (await store.listTokens({ limit: 10 })).find(({ id }) => id === tokenIdFrom(Number(ann.tokenId)))?.revokedAt,
      ).toBeUndefined()
    },
  )
})

describe('times of last use', () => {
  row('D11', 'that cannot be written keep no request waiting, and are written later', async (skip) => {
    const disk = await smallDisk(4)
    if (disk === undefined) return skip('this user may not mount a file system')
    const { home, file, ann, ben } = await prepared(disk.place)
    const running = await served(home)
    expect(await running.ask(ann)).toBe('200')
    disk.fill()
    const beganAt = performance.now()
    const answers = await Promise.all(Array.from({ length: 100 }, (_, at) => running.ask(at % 2 === 0 ? ann : ben)))
    expect(new Set(answers)).toEqual(new Set(['200']))
    expect(performance.now() - beganAt).toBeLessThan(5_000)

    await disk.free()
    expect(await running.end('SIGTERM')).toBe(0)
    const store = await storeAt(file)
    const used = (await store.listTokens({ limit: 10 })).filter(({ lastUsedAt }) => lastUsedAt !== undefined)
    expect(used).toHaveLength(2)
  })
})

interface Listed {
  readonly id: string
  readonly event: string
  readonly answer: string
  readonly also?: readonly string[]
  readonly not_applicable?: string
}

const listed = parse(readFileSync(new URL('rows.yaml', import.meta.url), 'utf8')) as readonly Listed[]

describe('rows.yaml', () => {
  it('lists D01 to D11, each once and in words, and each that applies is tested here', () => {
    expect(listed.map(({ id }) => id)).toEqual(
      Array.from({ length: 11 }, (_, at) => `D${String(at + 1).padStart(2, '0')}`),
    )
    expect(listed.filter(({ event, answer }) => event.length < 10 || answer.length < 10)).toEqual([])
    const apply = listed.filter((each) => each.not_applicable === undefined)
    expect(apply.map(({ id }) => id)).toEqual([...new Set(here)].toSorted())
  })

  it('names tests elsewhere that are there', () => {
    const missing = listed
      .flatMap(({ also = [] }) => also)
      .filter((test) => {
        const [file = '', name = ''] = test.split(' › ')
        return name === '' || !readFileSync(new URL(`../${file}`, import.meta.url), 'utf8').includes(name)
      })
    expect(missing).toEqual([])
  })
})

afterAll(() => {
  if (passed.size === 0) return
  const apply = listed.filter((each) => each.not_applicable === undefined)
  const isHeld = ({ id }: Listed): boolean =>
    names.filter((name) => name.startsWith(id)).every((name) => passed.has(name) || skipped.has(name))
  tally({
    what: 'store rows',
    held: apply.filter(isHeld).length,
    total: listed.length,
    notApplicable: listed.flatMap(({ id, not_applicable: why }) => (why === undefined ? [] : [{ id, why }])),
    open: apply.filter((each) => !isHeld(each)).map(({ id }) => ({ id, why: 'its cases failed' })),
    cases: passed.size,
  })
})
