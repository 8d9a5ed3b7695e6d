import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { cliWorld, type CliWorld } from './world.ts'

/** Four entries in four hours; bob did the third one over SSH. */
async function worldOfFour(): Promise<CliWorld> {
  const world = await cliWorld()
  await world.sallyport(['user', 'add', 'ann', '--role', 'reader'])
  world.advance(3_600_000)
  await world.sallyport(['token', 'new', 'ann', '--label', 'laptop'])
  world.advance(3_600_000)
  await world.sallyport(['user', 'disable', 'ann'], {
    env: { USER: 'root', SUDO_USER: 'bob', SSH_CONNECTION: '203.0.113.7 50000 192.0.2.1 22' },
  })
  world.advance(3_600_000)
  await world.sallyport(['user', 'set-roles', 'ann', '--role', 'editor', '--role', 'reader'])
  return world
}

function tamper(world: CliWorld, ...statements: readonly string[]): void {
  const shell = new DatabaseSync(join(world.folder, 'sallyport.db'))
  for (const name of ['edited', 'cut', 'replaced']) shell.exec(`drop trigger audit_is_not_${name}`)
  for (const statement of statements) shell.exec(statement)
  shell.close()
}

interface Line {
  readonly id: number
  readonly at: string
  readonly actor: string
  readonly origin: string | null
  readonly request_id: string | null
  readonly action: string
  readonly subject: string
  readonly details: unknown
  readonly before: unknown
  readonly after: unknown
  readonly hash: string
}

const exported = async (world: CliWorld, ...args: readonly string[]): Promise<readonly Line[]> =>
  (await world.sallyport(['audit', 'export', ...args])).out
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)

const idsOf = async (world: CliWorld, ...args: readonly string[]): Promise<readonly number[]> =>
  (JSON.parse((await world.sallyport(['audit', 'list', ...args, '--output', 'json'])).out) as readonly Line[]).map(
    ({ id }) => id,
  )

describe('sallyport audit list', () => {
  it('shows the newest first, with what changed', async () => {
    const world = await worldOfFour()

    expect((await world.sallyport(['audit', 'list'])).out.replaceAll(/ {2,}/g, ' | ')).toBe(
      `ID | AT | ACTOR | ACTION | SUBJECT | FROM | REQUEST | CHANGE
4 | 2026-01-01T03:00:00.000000+00:00 | cli:eve | user.set-roles | default/ann | roles: ["reader"] → ["editor","reader"]
3 | 2026-01-01T02:00:00.000000+00:00 | cli:bob | user.disabled | default/ann | 203.0.113.7 | status: "enabled" → "disabled"
2 | 2026-01-01T01:00:00.000000+00:00 | cli:eve | token.create | default/ann | token: 1, label: "laptop"
1 | 2026-01-01T00:00:00.000000+00:00 | cli:eve | user.create | default/ann | kind: "api", status: "enabled", roles: ["reader"], list_roles: []
`,
    )
  })

  it('shows only what is asked for', async () => {
    const world = await worldOfFour()
    await world.sallyport(['user', 'add', 'bob'])

    expect(await idsOf(world)).toEqual([5, 4, 3, 2, 1])
    expect(await idsOf(world, '--limit', '2')).toEqual([5, 4])
    expect(await idsOf(world, '--since', '1h')).toEqual([5, 4, 3])
    expect(await idsOf(world, '--since', '2026-01-01T02:00:00+01:00')).toEqual([5, 4, 3, 2])
    expect(await idsOf(world, '--actor', 'cli:bob')).toEqual([3])
    expect(await idsOf(world, '--action', 'user.create', '--subject', 'default/ann')).toEqual([1])
  })

  it('writes JSON in the form of the other commands', async () => {
    const world = await worldOfFour()

    const { out } = await world.sallyport(['audit', 'list', '--action', 'user.disabled', '--output', 'json'])

    expect(JSON.parse(out)).toEqual([
      {
        id: 3,
        at: '2026-01-01T02:00:00.000000+00:00',
        actor: 'cli:bob',
        origin: '203.0.113.7',
        request_id: null,
        action: 'user.disabled',
        subject: 'default/ann',
        details: {},
        before: { status: 'enabled' },
        after: { status: 'disabled' },
        hash: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
      },
    ])
  })

  it.each([
    [['--since', 'yesterday'], '--since: `yesterday` is no span and no time'],
    [['--limit', '0'], '--limit: `0` is no number from 1 to 999999'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const world = await cliWorld()

    const ran = await world.sallyport(['audit', 'list', ...args])

    expect([ran.code, ran.err]).toEqual([2, expect.stringContaining(`error: ${message}`)])
  })
})

describe('sallyport audit export', () => {
  it('writes JSON Lines, oldest first, from which anybody can compute the chain', async () => {
    const world = await worldOfFour()
    const lines = await exported(world)

    expect(lines.map(({ id, action }) => [id, action])).toEqual([
      [1, 'user.create'],
      [2, 'token.create'],
      [3, 'user.disabled'],
      [4, 'user.set-roles'],
    ])
    let previous = createHash('sha256').update('sallyport audit chain 1').digest('hex')
    const netstring = (text: string | null): string => (text === null ? '-' : `${Buffer.byteLength(text)}:${text},`)
    const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value))
    for (const line of lines) {
      const { id, at, actor, origin, request_id: request, action, subject, details, before, after } = line
      const fields = [`${id}`, `${Date.parse(at)}`, actor, origin, request, action, subject]
      const text = [...fields, json(details), json(before), json(after)].map(netstring).join('')
      previous = createHash('sha256').update(previous).update(text).digest('hex')
      expect(line.hash).toBe(previous)
    }
    expect((await world.sallyport(['audit', 'verify'])).out).toContain(`head ${previous}\n`)
  })

  it('goes on after the last entry that was exported before', async () => {
    const world = await worldOfFour()

    expect((await exported(world, '--after', '2')).map(({ id }) => id)).toEqual([3, 4])
    expect(await world.sallyport(['audit', 'export', '--after', '4'])).toEqual({ code: 0, out: '', err: '' })
    expect((await world.sallyport(['audit', 'export', '--after', 'last'])).code).toBe(2)
  })

  it('writes more than one page without a gap', async () => {
    const world = await cliWorld()
    const lines = Array.from({ length: 2001 }, (_, i) => `{"name":"u${i}"}\n`).join('')
    await world.sallyport(['import', '-'], { stdin: lines })

    expect((await exported(world)).map(({ subject }) => subject)).toEqual(
      Array.from({ length: 2001 }, (_, i) => `default/u${i}`),
    )
  })

  it('never holds a token or its hash', async () => {
    const world = await cliWorld()
    await world.sallyport(['user', 'add', 'ann'])
    const token = (await world.sallyport(['token', 'new', 'ann'])).out.trim()
    const sha256 = createHash('sha256').update('another').digest('hex')
    await world.sallyport(['import', '-'], { stdin: `{"name":"bob","token_sha256":"${sha256}"}\n` })

    const { out } = await world.sallyport(['audit', 'export'])

    expect(token).toMatch(/^spt_/)
    expect(out).toContain('user.import')
    for (const secret of [token, sha256, createHash('sha256').update(token).digest('hex')]) {
      expect(out).not.toContain(secret)
      expect(out).not.toContain(Buffer.from(secret, 'hex').toString('base64').slice(0, 20) || secret)
    }
  })
})

describe('sallyport audit verify', () => {
  it('says that the trail is whole, and its head', async () => {
    const world = await worldOfFour()
    const head = (await exported(world)).at(-1)?.hash ?? ''

    expect(await world.sallyport(['audit', 'verify'])).toEqual({
      code: 0,
      out: `the audit trail is whole: 4 entries\nhead ${head}\n`,
      err: '',
    })
    expect(await world.sallyport(['audit', 'verify', '--output', 'json'])).toEqual({
      code: 0,
      out: `{"whole":true,"count":4,"head":"${head}"}\n`,
      err: '',
    })
  })

  it('names the first entry that is wrong, and exits with 1', async () => {
    const world = await worldOfFour()
    tamper(world, `update audit set actor = 'cli:eve' where id = 3`)

    const message = 'the audit trail is broken at entry 3: it is not what was written there (the 2 before it are good)'
    expect(await world.sallyport(['audit', 'verify'])).toEqual({ code: 1, out: '', err: `error: ${message}\n` })
    expect(await world.sallyport(['audit', 'verify', '--output', 'json'])).toEqual({
      code: 1,
      out: `${JSON.stringify({ whole: false, good: 2, entry: '3', reason: 'changed', message })}\n`,
      err: `error: ${message}\n`,
    })
  })

  it.each([
    ['delete from audit where id = 1', 'broken at entry 2: entries before it are missing (none before it is good)'],
    ['delete from audit where id > 2', 'broken after its first 2 entries: there were more'],
    ['update audit_head set count = 3', 'broken at entry 4: it stands after the last one that was written'],
    ['delete from audit_head', 'broken: its head is missing or was altered, after 4 entries that are good'],
  ])('says what was done: %s', async (statement, message) => {
    const world = await worldOfFour()
    tamper(world, statement)

    const ran = await world.sallyport(['audit', 'verify'])

    expect([ran.code, ran.err]).toEqual([1, expect.stringContaining(`error: the audit trail is ${message}`)])
  })

  it('compares with a head that was noted elsewhere', async () => {
    const world = await worldOfFour()
    const { head, count } = JSON.parse((await world.sallyport(['audit', 'verify', '--output', 'json'])).out) as {
      readonly head: string
      readonly count: number
    }
    await world.sallyport(['user', 'add', 'bob'])
    const verify = (...args: readonly string[]) => world.sallyport(['audit', 'verify', ...args])
    const noted = ['--head', head.toUpperCase(), '--count', String(count)]

    const { code, out } = await verify(...noted)
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^the audit trail is whole: 5 entries\nthe noted head is that of the first 4\nhead /),
    ])
    // Whoever can write the file writes everything anew, and it is whole in itself.
    tamper(
      world,
      'delete from audit where id > 3',
      'update audit_head set count = 3, last_id = 3, hash = (select hash from audit where id = 3)',
    )
    expect((await verify()).code).toBe(0)
    expect(await verify(...noted)).toEqual({
      code: 1,
      out: '',
      err: 'error: the audit trail is not the one that was noted: its first 4 entries do not end in that head\n',
    })
  })

  it.each([
    [['--head', '0'.repeat(64)], '--head and --count belong together: give both'],
    [['--count', '3'], '--head and --count belong together: give both'],
    [['--head', 'abc', '--count', '3'], '--head: `abc` is no head'],
    [['--head', '0'.repeat(64), '--count', '-3'], '--count: `-3` is no number of entries'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const world = await cliWorld()

    const ran = await world.sallyport(['audit', 'verify', ...args])

    expect([ran.code, ran.err]).toEqual([2, expect.stringContaining(`error: ${message}`)])
  })
})
