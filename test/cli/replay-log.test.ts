/** The log of a real gateway judged again by other policies, with the roles of its own store. */
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startGateway, type Running } from '../helpers/gateway.ts'
import { cliWorld, oneTenant, shippedPolicies, type CliWorld } from './world.ts'

const logText = (running: Running): string =>
  running
    .log()
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('')

/** A world over the gateway's own store, and its log so far in `access.log`. */
async function worldOf(running: Running): Promise<CliWorld> {
  const world = await cliWorld(`${oneTenant}store: { file: ${JSON.stringify(running.config.store.file)} }\n`)
  await world.write('access.log', logText(running))
  return world
}

async function otherPolicies(world: CliWorld, text: string, instead: string): Promise<void> {
  await cp(shippedPolicies, join(world.folder, 'other'), { recursive: true })
  const path = join(world.folder, 'other', 'roles.yaml')
  const before = await readFile(path, 'utf8')
  expect(before).toContain(text)
  await writeFile(path, before.replace(text, instead))
}

async function dayOfWork(): Promise<Running> {
  const running = await startGateway()
  const ann = await running.user('ann', ['reader'], ['alpha readers'])
  await running.ask(ann, 'GET', '/api/lists/3')
  await running.ask(ann, 'GET', '/api/lists/4')
  await running.ask(ann, 'GET', '/api/subscribers?list_id=3')
  await running.ask(ann, 'GET', '/api/subscribers?search=secret')
  await running.ask(ann, 'DELETE', '/api/media/1')
  await running.ask(undefined, 'GET', '/api/lists/3')
  await running.ask(undefined, 'GET', '/api/public/lists')
  await expect.poll(() => running.log().length).toBe(7)
  return running
}

describe('replay', () => {
  it('finds nothing changed by the policies in force', async () => {
    const running = await dayOfWork()
    const world = await worldOf(running)

    expect(logText(running)).not.toContain('secret')
    expect(await world.sallyport(['replay', 'access.log'])).toEqual({
      code: 0,
      err: '',
      out: `7 lines
  6 would be decided the same
  1 ended before anything was decided
`,
    })
  })

  it('shows what other roles would refuse and allow, with who and where', async () => {
    const world = await worldOf(await dayOfWork())
    await otherPolicies(world, 'alpha readers: { lists: { 3: [get] } }', 'alpha readers: { lists: { 4: [get] } }')

    expect(await world.sallyport(['replay', 'access.log', '--policies', 'other'])).toEqual({
      code: 0,
      err: '',
      out: `would be refused
  1 of GET /api/lists/:id: allow (lists-granted) → deny (list-not-granted)
    by ann; first in line 1: GET /api/lists/3
  1 of GET /api/subscribers: allow (lists-granted) → deny (list-not-granted)
    by ann; first in line 3: GET /api/subscribers

would be allowed
  1 of GET /api/lists/:id: deny (list-not-granted) → allow (lists-granted)
    by ann; first in line 2: GET /api/lists/4

7 lines
  3 would be decided differently
  3 would be decided the same
  1 ended before anything was decided
`,
    })
  })

  it('gives JSON, counts unknown users and unreadable lines, and reads standard input', async () => {
    const world = await worldOf(await dayOfWork())
    const stranger = `{"request_id":"r","method":"GET","status":200,"tenant":"default","path":"/api/lists/3","user":"bob","decision":"allow","reason":"x"}\n`
    const started = '{"level":"info","time":"2026-01-01T00:00:00.000Z","msg":"listening"}\n'
    const elsewhere = stranger.replace('default', 'elsewhere')
    const stdin = `${started}${stranger}${elsewhere}not json\n\n${await readFile(join(world.folder, 'access.log'), 'utf8')}`
    const { code, out } = await world.sallyport(['replay', '-', '--output', 'json'], { stdin })

    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual({
      lines: 11,
      unreadable: 1,
      other: 1,
      same: 6,
      changed: 0,
      partly: 0,
      undecided: 1,
      ungrouped: 0,
      unknown_users: 1,
      unknown_tenants: 1,
      groups: [],
    })
  })

  it.each([
    ['text', 'hello\nworld\n', 'is no log of Sallyport: no line of it can be read'],
    ['another kind of log', '{"message":"hello"}\n'.repeat(3000), 'is no log of Sallyport: no line of it can be read'],
    ['one endless line', 'x'.repeat(3_000_000), 'is no log of Sallyport: line 1 is longer than'],
  ])('says of %s in one sentence that it is no log, and exits with 2', async (_what, text, message) => {
    const world = await cliWorld(oneTenant)
    await world.write('access.log', text)
    const { code, out, err } = await world.sallyport(['replay', 'access.log'])

    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(`error: access.log ${message}`)
    expect(err.trim().split('\n')).toHaveLength(1)
  })

  it('says which log or policies cannot be read', async () => {
    const { sallyport } = await cliWorld(oneTenant)
    const log = await sallyport(['replay', 'nowhere.log'])
    const policies = await sallyport(['replay', 'nowhere.log', '--policies', 'nowhere'])

    expect(log).toEqual({ code: 2, out: '', err: 'error: nowhere.log cannot be read (ENOENT)\n' })
    expect(policies).toMatchObject({ code: 2, out: '', err: expect.stringContaining('nowhere') })
  })

  it('takes an empty log for one without requests', async () => {
    const world = await cliWorld(oneTenant)
    await world.write('access.log', '')

    expect(await world.sallyport(['replay', 'access.log'])).toEqual({ code: 0, out: '0 lines\n', err: '' })
  })
})
