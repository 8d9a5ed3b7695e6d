/** The recordings, replayed over sockets against a whole gateway: every pair of request and user, byte for byte. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { TenantConfig } from '../../src/config/config.ts'
import type { Backend } from '../../src/demo/backend/server.ts'
import type { ListRole, PolicySet, RateClass, UserRole } from '../../src/policy/rule.ts'
import { defaultTenant, openGateway, type User } from '../helpers/gateway.ts'
import { bodyOf, readWorld, type WorldUser } from './replay-gateway.ts'
import { openWire, type Wire, type WireAnswer } from './replay-sockets-wire.ts'
import { effectsBetween, snapshot, type Effect, type Recording } from './recordings.ts'

/** What came of one request. */
export interface Seen {
  readonly answer: WireAnswer
  /** `data.code` of the gateway's own failures. */
  readonly code: string | undefined
  /** Lists that such a failure names. */
  readonly lists: readonly number[]
  readonly reason: string | undefined
  /** `undefined`: the backend is not ours to look into. */
  readonly effects: readonly Effect[] | undefined
  readonly mails: readonly (readonly [string, string])[] | undefined
}

export interface Stage {
  ask(recording: Recording, user: string): Promise<Seen>
  close(): Promise<void>
}

/** A backend of the test's own, and the address at which the gateway reaches it. */
export interface Between {
  readonly backend: Backend
  readonly url: string
}

const at = { file: 'world.json', line: 1 }
const boundless = (name: string): RateClass => ({ name, limit: 1e9, windowMs: 60_000 })

/** Roles of the recorded world's users, and limits that nobody reaches. */
function policiesOf(shipped: PolicySet, users: readonly WorldUser[]): PolicySet {
  const userRoles = users.map(({ username, permissions }): [string, UserRole] => [
    `role of ${username}`,
    { name: `role of ${username}`, permissions, admin: [], at },
  ])
  const listRoles = users.map(({ username, lists }): [string, ListRole] => {
    const grants = lists.map(({ id, permissions }) => ({
      list: id,
      get: permissions.includes('list:get'),
      manage: permissions.includes('list:manage'),
      until: undefined,
    }))
    return [`lists of ${username}`, { name: `lists of ${username}`, grants, at }]
  })
  const plans = new Map(
    [...shipped.limits.plans].map(([name, plan]) => [
      name,
      { name, classes: new Map([...plan.classes.keys()].map((each) => [each, boundless(each)])) },
    ]),
  )
  return {
    ...shipped,
    userRoles: new Map(userRoles),
    listRoles: new Map(listRoles),
    limits: { plans, failures: boundless('failures'), inFlight: 1_000_000 },
  }
}

/**
 * A gateway with every user of the recorded world, over a backend of its own: the demo's, or, with REPLAY_BACKEND, a real
 * listmonk at that address, with a super admin `super` whose token is `demo`, in the state of src/demo/world.json.
 * REPLAY_RESET is then the command that puts that state back; it runs after each write that may have reached the backend, and
 * REPLAY_ROUTE tells it which. With REPLAY_DUMP, a command that prints every row as a JSON array of `{table, key, row}`, what a
 * write changed is compared too; else only its answer is.
 */
export async function openStage(partial: TenantConfig['partial'], between?: Between): Promise<Stage> {
  const { users } = readWorld()
  const real = between === undefined ? process.env['REPLAY_BACKEND'] : undefined
  const upstreamUrl = between?.url ?? real
  const { running, close } = await openGateway({
    tenant: { partial },
    policies: (shipped) => policiesOf(shipped, users),
    ...(upstreamUrl === undefined ? {} : { upstreamUrl }),
  })
  const { store, url } = running
  const backend = between?.backend ?? running.backend
  const known = new Map<string, User>()
  for (const { username, status, lists } of users) {
    const made = await running.user(
      username,
      [`role of ${username}`],
      lists.length === 0 ? [] : [`lists of ${username}`],
    )
    known.set(username, made)
    if (status === 'disabled') await store.setUserStatus(defaultTenant, username, 'disabled', 'test')
  }
  backend.reset()
  const initial = snapshot(backend.world())
  const dumped = real === undefined ? undefined : await dumpReal()
  const wires: Wire[] = []
  const idle: Wire[] = []

  /** What a write left behind is put back, at the gateway too. */
  const restore = async (recording: Recording): Promise<void> => {
    if (real === undefined) backend.reset()
    else await resetReal(recording)
    for (const list of store.retired(defaultTenant)) await store.unretireList(defaultTenant, list, 'test')
    if (recording.route === 'POST /api/lists') await forgetGrants()
  }
  const effectsNow = async (): Promise<readonly Effect[]> => {
    if (real === undefined) return effectsBetween(initial, snapshot(backend.world()))
    const now = dumped === undefined ? undefined : await dumpReal()
    return dumped === undefined || now === undefined ? [] : effectsBetween(dumped, now)
  }
  const forgetGrants = async (): Promise<void> => {
    for (const name of known.keys()) {
      const grants = (await store.find(defaultTenant, name))?.listGrants ?? []
      for (const { list } of grants) await store.ungrantList(defaultTenant, name, list, 'test')
    }
  }

  return {
    async ask(recording, user) {
      const wire = idle.pop() ?? openWire(url)
      if (!wires.includes(wire)) wires.push(wire)
      const before = backend.requests()
      const waitMs = recording.answers.some(({ error }) => error === 'timeout') ? 400 : undefined
      const bytes = requestBytes(recording, known.get(user), user)
      const answer = await wire.send(bytes, recording.method === 'HEAD', waitMs)
      idle.push(wire)
      const { code, lists } = failureIn(answer)
      const mayHaveWritten = recording.write && (real === undefined ? backend.requests() > before : isBackends(code))
      const isOurs = real === undefined && recording.write
      const effects = mayHaveWritten ? await effectsNow() : []
      const mails = isOurs ? [...backend.world().mails] : []
      if (mayHaveWritten) await restore(recording)
      const reason = running.log().findLast((line) => line['request_id'] === answer.headers['x-request-id'])?.['reason']
      return {
        answer,
        code,
        lists,
        reason: typeof reason === 'string' ? reason : undefined,
        effects: isOurs || dumped !== undefined ? effects : undefined,
        mails: isOurs ? mails : undefined,
      }
    },
    async close() {
      for (const wire of wires) wire.close()
      await close()
    },
  }
}

const run = promisify(execFile)

/** Settings make a real listmonk start anew. */
async function resetReal({ route }: Recording): Promise<void> {
  const command = process.env['REPLAY_RESET']
  if (command === undefined) throw new Error('REPLAY_RESET says how the backend is put back')
  await run('/bin/sh', ['-c', command], { env: { ...process.env, REPLAY_ROUTE: route } })
}

interface Dumped {
  readonly table: string
  readonly key: Effect['key']
  readonly row: Record<string, unknown>
}

async function dumpReal(): Promise<Map<string, Dumped> | undefined> {
  const command = process.env['REPLAY_DUMP']
  if (command === undefined) return undefined
  const { stdout } = await run('/bin/sh', ['-c', command], { maxBuffer: 64 << 20 })
  const rows = JSON.parse(stdout) as readonly Dumped[]
  return new Map(rows.map((row) => [JSON.stringify([row.table, row.key]), row]))
}

const isBackends = (code: string | undefined): boolean =>
  code === undefined || code === 'backend-error' || code.startsWith('upstream-')

function failureIn({ text, headers }: WireAnswer): {
  readonly code: string | undefined
  readonly lists: readonly number[]
} {
  if (headers['content-type']?.startsWith('application/json') !== true || !text.startsWith('{"message"'))
    return { code: undefined, lists: [] }
  const { data } = JSON.parse(text) as {
    readonly data?: { readonly code?: string; readonly lists?: readonly number[] }
  }
  return { code: data?.code, lists: data?.lists ?? [] }
}

function requestBytes(recording: Recording, caller: User | undefined, user: string): Buffer {
  const { method, target, headers = [] } = recording
  const content = bodyOf(recording)
  const hasOwn = headers.some(([name]) => name.toLowerCase() === 'authorization')
  const name = caller?.name ?? user
  const token = caller?.token ?? 'demo'
  const basic = Buffer.from(`${name}:${token}`).toString('base64')
  const filledIn = (value: string): string =>
    value.replaceAll('{user}', name).replaceAll('{token}', token).replaceAll('{basic}', basic)
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Host: lists.example.org',
    ...(caller === undefined || hasOwn ? [] : [`Authorization: ${caller.authorization}`]),
    ...headers.map(([header, value]) => `${header}: ${filledIn(value)}`),
    ...(content.length > 0 || method === 'POST' || method === 'PUT' ? [`Content-Length: ${content.length}`] : []),
  ]
  return Buffer.concat([Buffer.from(lines.join('\r\n') + '\r\n\r\n', 'utf8'), content])
}
