/** Explain, who-can and the check of a draft: what is said of a request is what the data path then does with it. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBackend, type Backend } from '../../src/demo/backend/server.ts'
import type { World } from '../../src/demo/backend/world.ts'
import type { ListRole, PolicySet, RateClass, UserRole } from '../../src/policy/rule.ts'
import { openTap, type Tap } from '../contracts/replay-sockets-tap.ts'
import { openAdmin, startAdmin, type AdminWorld, type TokenHolder } from '../helpers/admin.ts'
import { defaultTenant } from '../helpers/gateway.ts'
import { send, type Got } from '../helpers/send.ts'
import { furnish, idOf, worldPlan, type Caller } from './worlds.ts'
import { ask, type Ask } from './worlds-requests.ts'

const t = '/api/tenants/default'

const code = ({ text }: Got): string | undefined => {
  try {
    return (JSON.parse(text) as { data?: { code?: string } }).data?.code
  } catch {
    return undefined
  }
}

/** Sends it on the data path, as it stands. */
const onDataPath = (url: string, { method, target, type, body }: Ask, credential: Readonly<Record<string, string>>) =>
  send({
    method,
    url: `${url}${target}`,
    headers: { ...credential, ...(type === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { body }),
  })

const question = ({ method, target, type, body }: Ask, as: string | null) => ({
  ...{ method, target, as },
  ...(body === undefined ? {} : { body: { type: type ?? '', text: body } }),
})

describe('explain, asked about a generated request of a generated caller', () => {
  let world: AdminWorld
  let close: () => Promise<void>
  let tap: Tap
  let backend: Backend
  let caller: TokenHolder
  const counts = new Map<string, number>()

  beforeAll(async () => {
    backend = await startBackend()
    tap = await openTap(Number(new URL(backend.url).port))
    ;({ world, close } = await openAdmin({ upstreamUrl: tap.url, policies: boundless }))
    caller = await world.tokenHolder('caller', { roles: ['role'], listRoles: ['lists'] })
  })
  afterAll(async () => {
    await close()
    await tap.close()
    await backend.close()
  })

  /** What it says, with what a look-up would find. */
  async function explained(request: Ask) {
    const first = (await world.owner.post(`${t}/explain`, question(request, 'caller'))).data
    const missing = /would look up (.*)$/.exec(first.detail ?? '')?.[1]?.split(', ') ?? []
    if (missing.length === 0) return first
    const stored = missing.map((thing) => foundIn(backend.world(), thing))
    return (await world.owner.post(`${t}/explain`, { ...question(request, 'caller'), stored })).data
  }

  async function differences(request: Ask, meanwhile: () => void = () => undefined): Promise<readonly string[]> {
    const said = await explained(request)
    const verdict = (
      await world.owner.post(`${t}/who-can`, { method: request.method, target: request.target, ...bodyOf(request) })
    ).data
    meanwhile()
    tap.take()
    const answer = await onDataPath(world.running.url, request, bare(caller.credential))
    const sent = tap.take().map(({ method, target }) => `${method} ${target}`)
    const label = `${request.method} ${request.target} ${request.body ?? ''}: said ${said.effect} ${String(said.code)} ${String(said.sends)}`
    const got = `got ${answer.status} ${String(code(answer))}, sent ${sent.join(' and ')}`
    counts.set(said.effect, (counts.get(said.effect) ?? 0) + 1)
    const faults: string[] = []
    if (said.effect === 'deny') {
      const { message } = JSON.parse(answer.text) as { message?: string }
      const isSame = said.status === answer.status && said.code === code(answer) && said.message === message
      if (!isSame) faults.push(`${label}, ${String(said.message)}; ${got}, ${String(message)}`)
      // Nothing but look-ups reached the backend.
      const isWrite = request.method !== 'GET' && sent.some((each) => each.startsWith(`${request.method} `))
      if (isWrite) faults.push(`${label}; ${got}`)
    } else if (said.sends !== null && !sent.includes(said.sends)) {
      faults.push(`${label}; ${got}`)
    }
    const group = verdict.groups.find(({ users }: { users: readonly string[] }) => users.includes('caller'))?.verdict
    const isTold = { may: 'allow', 'may-not': 'deny' }[group as string] ?? said.effect
    if (group === undefined || isTold !== said.effect) faults.push(`who-can says ${String(group)}; ${label}`)
    return faults
  }

  const holding = (what: Caller): void => {
    const { gateway, config, policies } = world.running
    gateway.reload(config, { ...policies, ...rolesOf(what) })
  }

  it('would be caught out where the two did not agree', async () => {
    const request = { method: 'GET', target: `/api/lists/${idOf.list}` }
    const [some, none]: readonly Caller[] = [
      { permissions: [], grants: ['get'] },
      { permissions: [], grants: [] },
    ]
    if (some === undefined || none === undefined) throw new Error('no callers')
    holding(some)
    expect(await differences(request)).toEqual([])
    expect(await differences(request, () => holding(none))).toHaveLength(1)
    expect(await differences(request, () => holding(some))).toHaveLength(1)
  })

  it('says what the data path then does, in the same words, and what is sent', async () => {
    const play = fc.record({ plan: worldPlan, asks: fc.array(ask, { minLength: 6, maxLength: 6 }) })
    await fc.assert(
      fc.asyncProperty(play, async ({ plan, asks }) => {
        backend.reset()
        furnish(backend.world(), plan)
        holding(plan.caller)
        const faults: string[] = []
        for (const request of asks) faults.push(...(await differences(request)))
        for (const list of world.running.store.retired(defaultTenant)) {
          await world.running.store.unretireList(defaultTenant, list, 'test')
        }
        expect(faults).toEqual([])
      }),
      { numRuns: Number(process.env['EXPLAINED'] ?? 60), seed: 20_261_127 },
    )

    // Enough of both for this to mean something.
    expect(counts.get('allow')).toBeGreaterThan(60)
    expect(counts.get('deny')).toBeGreaterThan(60)
  }, 120_000)
})

/** As the data path takes it: without the tenant, which the host names. */
const bare = ({ authorization }: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  authorization === undefined ? {} : { authorization: authorization.replace('default/', '') }

const bodyOf = ({ body, type }: Ask) => (body === undefined ? {} : { body: { type: type ?? '', text: body } })

/** `subscriber 18`, as the backend has it. */
function foundIn(world: World, thing: string) {
  const [resource = '', key = ''] = thing.split(' ')
  const byEmail = [...world.subscribers.values()].find(({ email }) => email === key)
  const things = {
    subscriber: world.subscribers.get(Number(key))?.lists.keys(),
    subscriber_email: byEmail?.lists.keys() ?? [],
    campaign: world.campaigns.get(Number(key))?.lists.flatMap(({ id }) => id ?? []),
  }
  const lists = things[resource as keyof typeof things]
  return { resource, key, lists: lists === undefined ? null : [...lists] }
}

const at = { file: 'explained.ts', line: 1 }

function rolesOf({ permissions, grants }: Caller): Pick<PolicySet, 'userRoles' | 'listRoles'> {
  const lists = grants.flatMap((grant, index) => {
    if (grant === 'none') return []
    return [{ list: idOf.list + index, get: grant !== 'manage', manage: grant !== 'get', until: undefined }]
  })
  return {
    userRoles: new Map<string, UserRole>([['role', { name: 'role', permissions, admin: [], at }]]),
    listRoles: new Map<string, ListRole>([['lists', { name: 'lists', grants: lists, at }]]),
  }
}

function boundless(shipped: PolicySet): PolicySet {
  const wide = (name: string): RateClass => ({ name, limit: 1e9, windowMs: 60_000 })
  const plans = [...shipped.limits.plans].map(([name, plan]) => {
    return [name, { name, classes: new Map([...plan.classes.keys()].map((each) => [each, wide(each)])) }] as const
  })
  return { ...shipped, limits: { ...shipped.limits, plans: new Map(plans), failures: wide('failures') } }
}

describe('explain', () => {
  let world: AdminWorld
  let close: () => Promise<void>
  const holders = new Map<string, TokenHolder>()
  beforeAll(async () => {
    ;({ world, close } = await openAdmin({
      tenant: { auth: { unauthenticatedStatus: 401, realm: 'x', bearer: false, apiKey: false } },
    }))
    for (const [name, more] of [
      ['reader', { roles: ['reader'], listRoles: ['alpha team'] }],
      ['off', { roles: ['reader'] }],
    ] as const) {
      holders.set(name, await world.tokenHolder(name, more))
    }
    await world.owner.patch(`${t}/users/off`, { status: 'disabled' }, { etag: '*' })
  })
  afterAll(() => close())

  const requests: readonly Ask[] = [
    { method: 'GET', target: '/api/lists' },
    { method: 'GET', target: '/api/lists/4' },
    { method: 'GET', target: '/api/nothing' },
    { method: 'PATCH', target: '/api/lists' },
    { method: 'GET', target: '/api/lists/%zz' },
    { method: 'GET', target: '/api/../api/lists' },
    { method: 'GET', target: '/api/lists?nothing=1' },
    { method: 'GET', target: '/api/lists/03' },
    { method: 'GET', target: '//api/lists' },
    { method: 'OPTIONS', target: '/api/lists' },
    { method: 'GET', target: '/api/public/lists' },
    {
      method: 'POST',
      target: '/api/public/subscription',
      type: 'application/json',
      body: '{"email":"a@example.org","list_uuids":[]}',
    },
    { method: 'GET', target: '/api/profile' },
    { method: 'POST', target: '/api/subscribers', type: 'application/json', body: '{"lists":"3"}' },
    { method: 'POST', target: '/api/subscribers', type: 'text/plain', body: 'x' },
    { method: 'POST', target: '/api/subscribers', type: 'application/json', body: '{"a":1,"a":2}' },
    { method: 'PUT', target: '/api/settings', type: 'application/json', body: '{}' },
    { method: 'DELETE', target: '/api/lists/3' },
  ]

  it.each(['reader', 'off', null])('says of odd requests of %s what the data path says', async (as) => {
    const credential = holders.get(as ?? '')?.credential ?? {}
    const found: string[] = []
    const wanted: string[] = []
    for (const request of requests) {
      const { data } = await world.owner.post(`${t}/explain`, question(request, as))
      const answer = await onDataPath(world.running.url, request, bare(credential))
      const label = `${request.method} ${request.target} ${request.body ?? ''}`
      const refused = code(answer)
      wanted.push(`${label}: ${refused === undefined ? 'passes' : `${answer.status} ${refused}`}`)
      found.push(`${label}: ${data.effect === 'deny' ? `${data.status} ${data.code}` : 'passes'}`)
    }
    expect(found).toEqual(wanted)
  })

  it('tells the way through the stages, where it ends, and why', async () => {
    const { data } = await world.owner.post(`${t}/explain`, { method: 'GET', target: '/api/lists/4', as: 'reader' })
    expect(data).toMatchObject({
      effect: 'deny',
      status: 403,
      code: 'list-denied',
      reason: 'list-not-granted',
      rule: 'GET /api/lists/:id',
      at: expect.stringMatching(/^policies\/listmonk\.yaml:\d+$/),
      permissions: ['lists:get_all'],
      lists: [4],
      sends: null,
      limit: { plan: 'default', class: 'read', limit: 600, window: '1m', cost: 1, used: expect.any(Number) },
    })
    expect(data.steps.map(({ stage, outcome }: { stage: string; outcome: string }) => `${stage} ${outcome}`)).toEqual([
      'screen passed',
      'authenticate passed',
      'authorize passed',
      'limit passed',
      'scope ended',
      'forward not-reached',
    ])
  })

  it.each([
    ['off', 'off is disabled: every token of theirs is refused'],
    ['boss', 'boss is a person: people hold no tokens'],
  ])('says of %s why nothing of theirs gets in', async (as, says) => {
    const { data } = await world.owner.post(`${t}/explain`, { method: 'GET', target: '/api/lists', as })
    // It said that credentials were missing: the data path says that they are wrong.
    expect(data).toMatchObject({ effect: 'deny', status: 401, code: 'credentials-invalid' })
    expect(data.steps[1]).toEqual({ stage: 'authenticate', outcome: 'ended', says })
  })

  it('knows nobody who is not there, and asks nobody', async () => {
    const before = world.running.backend.requests()
    expect(await world.owner.post(`${t}/explain`, { method: 'GET', target: '/', as: 'nobody' })).toMatchObject({
      status: 404,
      message: 'there is no user nobody',
    })
    await world.owner.post(`${t}/explain`, { method: 'DELETE', target: '/api/lists/3', as: 'reader' })
    expect(world.running.backend.requests()).toBe(before)
  })
})

describe('the check of a draft', () => {
  const check = (world: AdminWorld, files: readonly { name: string; text: string }[]) =>
    world.owner.post(`${t}/policy/check`, { files })

  it('finds every mistake, with its place and what to do, and changes nothing', async () => {
    const world = await startAdmin()
    const before = world.running.policies
    const { data } = await check(world, [
      { name: 'roles.yaml', text: 'user_roles:\n  reader: { permissions: [subscribers:gett] }\n  x: 5\n' },
    ])

    expect(data.diff).toBe(null)
    expect(data.problems.length).toBeGreaterThanOrEqual(2)
    expect(data.problems).toContainEqual(
      expect.objectContaining({
        file: 'policies/roles.yaml',
        line: 2,
        remedy: expect.stringContaining('subscribers:get'),
      }),
    )
    expect(world.running.policies).toBe(before)
  })

  it.each([
    ['no YAML', 'a: [1'],
    ['nothing', ''],
    [
      'an alias that grows without end',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`,
    ],
    ['a prototype', '__proto__: { permissions: [x] }\nconstructor: 1\n'],
  ])('of %s is an answer and no failure', async (_what, text) => {
    const world = await startAdmin()
    const answer = await check(world, [{ name: 'roles.yaml', text }])

    expect(answer.status).toBe(200)
    expect(answer.data.problems.length > 0 || answer.data.diff !== null).toBe(true)
  })

  it('counts what it opens and closes, while requests go on being answered', async () => {
    const world = await startAdmin()
    const { data } = await world.owner.get(`${t}/policy/file?file=policies/roles.yaml`)
    const checking = Promise.all([
      check(world, [
        { name: 'roles.yaml', text: data.text.replace('permissions: [tx:send]', 'permissions: [tx:send, media:get]') },
      ]),
      // One at a time: a second one is told to come again.
      check(world, [{ name: 'roles.yaml', text: data.text }]),
    ])
    let answered = 0
    let isDone = false
    void checking.finally(() => (isDone = true))
    while (!isDone) {
      expect((await send({ method: 'GET', url: `${world.origin}/healthz` })).status).toBe(200)
      answered += 1
    }
    const [opened, busy] = (await checking).toSorted((one, other) => one.status - other.status)

    expect(busy).toMatchObject({ status: 503, code: 'overloaded', headers: { 'retry-after': '2' } })
    expect(opened?.data).toMatchObject({ problems: [], diff: { is_same: false, closed: 0 } })
    expect(opened?.data.diff.opened).toBeGreaterThan(0)
    expect(opened?.data.diff.routes).toContainEqual({ route: 'GET /api/media', kind: 'changed' })
    // A thread that judges for most of a second would have let none of them through, had it been this one.
    expect(answered).toBeGreaterThan(10)
    const same = await check(world, [{ name: 'roles.yaml', text: `${data.text}\n# no change\n` }])
    expect(same.data.diff).toMatchObject({ is_same: true, opened: 0, closed: 0, different: 0 })
    const less = await check(world, [
      { name: 'roles.yaml', text: data.text.replace('permissions: [tx:send]', 'permissions: []') },
    ])
    expect(less.data.diff.closed).toBeGreaterThan(0)
    expect(less.data.diff.opened).toBe(0)
  })

  it('names only files of the folder', async () => {
    const world = await startAdmin()
    for (const name of ['../roles.yaml', 'a/b.yaml', 'roles.yml', '.yaml', '']) {
      expect(await check(world, [{ name, text: '' }])).toMatchObject({
        status: 422,
        fields: [{ path: 'files[0].name' }],
      })
    }
    expect(await world.owner.get(`${t}/policy/file?file=../../package.json`)).toMatchObject({ status: 404 })
    expect(await world.owner.get(`${t}/policy/file?file=/etc/passwd`)).toMatchObject({ status: 404 })
    expect(await world.owner.get(`${t}/policy/file`)).toMatchObject({ status: 400, fields: [{ path: 'file' }] })
  })
})

describe('a policy', () => {
  it('is shown with the line of each rule, and that line holds it', async () => {
    const { owner } = await startAdmin()
    const { data } = await owner.get(`${t}/policy`)
    const source = (await owner.get(`${t}/policy/file?file=${data.policy.file}`)).data.text.split('\n') as string[]

    expect(data.policy.routes.length).toBeGreaterThan(100)
    for (const { id, line } of data.policy.routes) expect(source[line - 1]).toContain(id)
    expect(data.files).toContain('policies/roles.yaml')
  })
})
