/**
 * The authorization matrix: every endpoint × who asks. A row says how to ask so that whoever is let in gets one certain answer and
 * nothing changes; who is let in follows from the endpoint's `needs`, and from the exceptions that are written out below.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cookiesOf } from '../../src/admin/cookies.ts'
import type { Endpoint, Needs } from '../../src/admin/endpoint.ts'
import { allEndpoints } from '../../src/admin/listener.ts'
import type { AdminParts } from '../../src/admin/parts.ts'
import { adminPermissionNames, isAdminPermission, type AdminPermission } from '../../src/model/admin-permission.ts'
import { openAdmin, otherTenant, twoTenants, type AdminAnswer, type AdminWorld, type Client } from '../helpers/admin.ts'
import { systemClock } from '../helpers/gateway.ts'

interface Row {
  /** `GET /path`: of the tenant `default`, where the path names one. */
  readonly ask: string
  readonly body?: unknown
  readonly etag?: string
  /** What whoever is let in gets: the status, and of a failure its code; of `not-found` also what is not there. */
  readonly gets: string
}

const t = '/api/tenants/default'
const ann = `${t}/users/ann`
const stale = '"v99"'

/** By operation id. */
const rows: Readonly<Record<string, Row>> = {
  getSignInOptions: { ask: 'GET /api/sign-in', gets: '200' },
  signIn: { ask: 'POST /api/session', body: {}, gets: '422 body-invalid' },
  signOut: { ask: 'DELETE /api/session', gets: '200' },
  getLink: { ask: 'POST /api/link/inspection', body: {}, gets: '422 body-invalid' },
  useLink: { ask: 'POST /api/link', body: {}, gets: '422 body-invalid' },
  makeUserLink: { ask: `POST ${t}/users/eve/link`, gets: '201' },
  resetSecondFactor: { ask: `DELETE ${t}/users/eve/second-factor`, gets: '200' },
  endUserSessions: { ask: `DELETE ${t}/users/eve/sessions`, gets: '200' },
  getMe: { ask: 'GET /api/me', gets: '200' },
  changePassword: { ask: 'PUT /api/me/password', body: {}, gets: '422 body-invalid' },
  startTotp: { ask: 'POST /api/me/totp', gets: '201' },
  confirmTotp: { ask: 'PUT /api/me/totp', body: {}, gets: '422 body-invalid' },
  removeTotp: { ask: 'POST /api/me/totp/removal', body: {}, gets: '422 body-invalid' },
  replaceRecoveryCodes: { ask: 'POST /api/me/recovery-codes', body: {}, gets: '422 body-invalid' },
  listMySessions: { ask: 'GET /api/me/sessions', gets: '200' },
  endMyOtherSessions: { ask: 'DELETE /api/me/sessions', gets: '200' },
  getOverview: { ask: `GET ${t}/overview`, gets: '200' },
  // By its head: it does not end.
  streamOverview: { ask: `HEAD ${t}/overview/events`, gets: '200' },
  getQuotaUse: { ask: `GET ${t}/use`, gets: '200' },
  listTenants: { ask: 'GET /api/tenants', gets: '200' },
  getTenant: { ask: `GET ${t}`, gets: '200' },
  setTenantPlan: { ask: `PUT ${t}/plan`, body: { plan: null }, etag: stale, gets: '412 precondition-failed' },
  listUsers: { ask: `GET ${t}/users`, gets: '200' },
  createUser: { ask: `POST ${t}/users`, body: {}, gets: '422 body-invalid' },
  getUser: { ask: `GET ${ann}`, gets: '200' },
  updateUser: { ask: `PATCH ${ann}`, body: { note: 'x' }, etag: stale, gets: '412 precondition-failed' },
  deleteUser: { ask: `DELETE ${ann}`, etag: stale, gets: '412 precondition-failed' },
  getUserRights: { ask: `GET ${ann}/rights`, gets: '200' },
  listUserRefusals: { ask: `GET ${ann}/refusals`, gets: '200' },
  grantUserList: { ask: `PUT ${ann}/lists/3`, body: {}, gets: '422 body-invalid' },
  ungrantUserList: { ask: `DELETE ${ann}/lists/3`, gets: '404 not-found: ann holds no grant of their own on list 3' },
  listTokens: { ask: `GET ${ann}/tokens`, gets: '200' },
  createToken: { ask: `POST ${ann}/tokens`, body: { label: 1 }, gets: '422 body-invalid' },
  updateToken: { ask: `PATCH ${ann}/tokens/999`, body: { label: 'x' }, gets: '404 not-found: ann has no token 999' },
  rotateToken: { ask: `POST ${ann}/tokens/999/rotation`, body: {}, gets: '404 not-found: ann has no token 999' },
  revokeToken: { ask: `DELETE ${ann}/tokens/999`, gets: '404 not-found: ann has no token 999' },
  listExpiringTokens: { ask: `GET ${t}/tokens/expiring`, gets: '200' },
  listUserRoles: { ask: `GET ${t}/user-roles`, gets: '200' },
  getUserRole: { ask: `GET ${t}/user-roles/reader`, gets: '200' },
  createUserRole: { ask: `POST ${t}/user-roles`, body: {}, gets: '422 body-invalid' },
  updateUserRole: { ask: `PUT ${t}/user-roles/reader`, body: {}, etag: stale, gets: '422 body-invalid' },
  deleteUserRole: { ask: `DELETE ${t}/user-roles/reader`, etag: stale, gets: '409 conflict' },
  listListRoles: { ask: `GET ${t}/list-roles`, gets: '200' },
  getListRole: { ask: `GET ${t}/list-roles/alpha%20team`, gets: '200' },
  createListRole: { ask: `POST ${t}/list-roles`, body: {}, gets: '422 body-invalid' },
  updateListRole: { ask: `PUT ${t}/list-roles/alpha%20team`, body: {}, etag: stale, gets: '422 body-invalid' },
  deleteListRole: { ask: `DELETE ${t}/list-roles/alpha%20team`, etag: stale, gets: '409 conflict' },
  listPermissions: { ask: `GET ${t}/permissions`, gets: '200' },
  listLists: { ask: `GET ${t}/lists`, gets: '200' },
  listRetiredLists: { ask: `GET ${t}/retired-lists`, gets: '200' },
  retireList: { ask: `PUT ${t}/retired-lists/4000000000`, gets: '404 not-found: there is no list of this id' },
  unretireList: { ask: `DELETE ${t}/retired-lists/4000000000`, gets: '404 not-found: there is no list of this id' },
  listPlans: { ask: `GET ${t}/plans`, gets: '200' },
  getPlan: { ask: `GET ${t}/plans/default`, gets: '200' },
  createPlan: { ask: `POST ${t}/plans`, body: {}, gets: '422 body-invalid' },
  updatePlan: { ask: `PUT ${t}/plans/default`, body: {}, etag: stale, gets: '422 body-invalid' },
  deletePlan: { ask: `DELETE ${t}/plans/default`, etag: stale, gets: '409 conflict' },
  getUserUse: { ask: `GET ${ann}/use`, gets: '200' },
  getPolicy: { ask: `GET ${t}/policy`, gets: '200' },
  getPolicyFile: { ask: `GET ${t}/policy/file?file=policies/limits.yaml`, gets: '200' },
  checkDraft: { ask: `POST ${t}/policy/check`, body: {}, gets: '422 body-invalid' },
  explain: { ask: `POST ${t}/explain`, body: { as: null, method: 'GET', target: '/' }, gets: '200' },
  whoCan: { ask: `POST ${t}/who-can`, body: { method: 'GET', target: '/' }, gets: '200' },
  getDataPathDocument: { ask: `GET ${t}/openapi`, gets: '200' },
  getOwnDataPathDocument: { ask: 'GET /openapi/data-path.json', gets: '200' },
  listAudit: { ask: 'GET /api/audit', gets: '200' },
  exportAudit: { ask: 'GET /api/audit/export', gets: '200' },
  verifyAudit: { ask: 'POST /api/audit/verification', gets: '200' },
  listSessions: { ask: 'GET /api/sessions', gets: '200' },
  // The session of somebody else, who holds nothing.
  endSession: { ask: 'DELETE /api/sessions/EVE', gets: '200' },
  getSettings: { ask: 'GET /api/settings', gets: '200' },
}

/** Who asks. `admin`: what they hold; `undefined`: nobody is known. */
interface Actor {
  readonly name: string
  readonly admin: ReadonlySet<AdminPermission> | undefined
  readonly isOwnTenant: boolean
  readonly isPerson: boolean
}

const everything: ReadonlySet<AdminPermission> = new Set(adminPermissionNames)
const without = (permission: AdminPermission) => new Set([...everything].filter((each) => each !== permission))

const actors: readonly Actor[] = [
  { name: 'nobody', admin: undefined, isOwnTenant: true, isPerson: false },
  { name: 'a token without admin permissions', admin: new Set(), isOwnTenant: true, isPerson: false },
  { name: 'a person without admin permissions', admin: new Set(), isOwnTenant: true, isPerson: true },
  { name: 'a person with all', admin: everything, isOwnTenant: true, isPerson: true },
  ...adminPermissionNames.flatMap((permission): Actor[] => [
    { name: `only ${permission}`, admin: new Set([permission]), isOwnTenant: true, isPerson: false },
    { name: `all but ${permission}`, admin: without(permission), isOwnTenant: true, isPerson: false },
  ]),
  { name: 'another tenant’s, all but tenants:all', admin: without('tenants:all'), isOwnTenant: false, isPerson: false },
  {
    name: 'another tenant’s person, all but tenants:all',
    admin: without('tenants:all'),
    isOwnTenant: false,
    isPerson: true,
  },
  { name: 'another tenant’s, all', admin: everything, isOwnTenant: false, isPerson: false },
]

type Verdict = 'unknown' | 'denied' | 'hidden' | 'let in'

/** What must come out, from the endpoint's needs alone. */
function byNeeds({ needs, url }: Pick<Endpoint, 'needs' | 'url'>, { admin, isOwnTenant, isPerson }: Actor): Verdict {
  if (needs === 'anybody') return 'let in'
  if (admin === undefined) return 'unknown'
  if (url.includes(':tenant') && !isOwnTenant && !admin.has('tenants:all')) return 'hidden'
  if (needs === 'signed-in') return 'let in'
  if (needs === 'person') return isPerson ? 'let in' : 'denied'
  return admin.has(needs) ? 'let in' : 'denied'
}

/** Where more is asked than `needs` says. */
const exceptions: Readonly<Record<string, (actor: Actor) => Verdict>> = {
  // The chain is one over all tenants.
  verifyAudit: ({ admin }) => {
    if (admin === undefined) return 'unknown'
    return admin.has('audit:get') && admin.has('tenants:all') ? 'let in' : 'denied'
  },
  // Everybody may end their own.
  endSession: ({ admin, isOwnTenant }) => {
    if (admin === undefined) return 'unknown'
    if (!isOwnTenant && !admin.has('tenants:all')) return 'hidden'
    return admin.has('sessions:manage') ? 'let in' : 'denied'
  },
}

const expected = (endpoint: Pick<Endpoint, 'id' | 'needs' | 'url'>, actor: Actor): Verdict =>
  exceptions[endpoint.id]?.(actor) ?? byNeeds(endpoint, actor)

/** What came out, in the words of the row. */
function outcomeOf({ status, code, message }: AdminAnswer): string {
  if (code === undefined) return String(status)
  return code === 'not-found' ? `404 not-found: ${String(message)}` : `${status} ${code}`
}

const told: Readonly<Record<Verdict, (row: Row) => string>> = {
  unknown: () => '401 credentials-missing',
  denied: () => '403 permission-denied',
  hidden: () => '404 not-found: there is no such thing',
  'let in': (row) => row.gets,
}

let world: AdminWorld
let close: () => Promise<void>
const clients = new Map<string, Client>()

beforeAll(async () => {
  ;({ world, close } = await openAdmin({ tenants: twoTenants }))
  await world.tokenHolder('ann')
  for (const [at, { name, admin, isOwnTenant, isPerson }] of actors.entries()) {
    const holding = { admin: [...(admin ?? [])], ...(isOwnTenant ? {} : { tenant: otherTenant }) }
    const make = isPerson ? world.person : world.tokenHolder
    clients.set(name, admin === undefined ? world.anonymous : await make(`actor${at}`, holding))
  }
  await world.person('eve')
}, 60_000)
afterAll(() => close())

/** A session of somebody who holds nothing. */
async function sessionOfEve(): Promise<string> {
  await world.signIn('eve', 'correct horse battery staple')
  const [newest] = (await world.owner.get('/api/sessions?limit=1')).data.results as readonly { readonly id: number }[]
  return String(newest?.id)
}

async function ask(row: Row, client: Client): Promise<string> {
  const [method = '', path = ''] = row.ask.split(' ')
  const target = path.includes('EVE') ? path.replace('EVE', await sessionOfEve()) : path
  const { body, etag } = row
  return outcomeOf(await client.ask(method, target, { ...(body === undefined ? {} : { body }), etag }))
}

// Only what they are, nothing of what they do, is asked of the endpoints here.
const endpoints = allEndpoints(
  { clock: systemClock } as unknown as AdminParts,
  cookiesOf({ tls: undefined, publicUrl: undefined } as Parameters<typeof cookiesOf>[0]),
  async () => undefined,
)

/** Endpoints without a row, and rows without an endpoint. */
const unmatched = (ids: readonly string[], known: readonly string[]): readonly string[] => [
  ...ids.filter((id) => !known.includes(id)),
  ...known.filter((id) => !ids.includes(id)),
]

describe('the authorization matrix', () => {
  it('has a row for every endpoint, and none for what is gone', () => {
    expect(
      unmatched(
        endpoints.map(({ id }) => id),
        Object.keys(rows),
      ),
    ).toEqual([])
  })

  it.each(endpoints.map((endpoint) => [endpoint.id, endpoint] as const))('%s', async (id, endpoint) => {
    const row = rows[id]
    if (row === undefined) throw new Error(`no row for ${id}`)
    const found: Record<string, string> = {}
    const wanted: Record<string, string> = {}
    for (const actor of actors) {
      const client = clients.get(actor.name) ?? world.anonymous
      found[actor.name] = await ask(row, client)
      const whole = told[expected(endpoint, actor)](row)
      // A head has no body to say more.
      wanted[actor.name] = row.ask.startsWith('HEAD ') ? whole.slice(0, 3) : whole
      // Whoever signed out needs another session for the rows to come.
      if (id === 'signOut' && actor.isPerson) await signInAgain(actor)
    }

    expect(found).toEqual(wanted)
  })
})

async function signInAgain(actor: Actor): Promise<void> {
  const old = clients.get(actor.name)
  if (old === undefined || found401(actor)) return
  const tenant = actor.isOwnTenant ? 'default' : otherTenant
  const { cookies } = await world.signIn(old.name, 'correct horse battery staple', { tenant })
  clients.set(actor.name, world.with(old.name, { cookie: cookies.join('; '), origin: world.origin }))
}

const found401 = ({ admin }: Actor): boolean => admin === undefined

describe('the authorization matrix can fail', () => {
  it('finds an endpoint without a row, and a row without an endpoint', () => {
    expect(unmatched(['getMe', 'dropEverything'], ['getMe', 'gone'])).toEqual(['dropEverything', 'gone'])
  })

  it('tells each way in which an endpoint could let the wrong ones in', () => {
    const url = '/api/tenants/:tenant/users'
    const verdicts = (needs: Needs): readonly Verdict[] =>
      actors.map((actor) => expected({ id: 'x', needs, url }, actor))
    const needs: readonly Needs[] = [
      'anybody',
      'signed-in',
      'person',
      ...adminPermissionNames.filter(isAdminPermission),
    ]

    // No two needs are told apart by nobody: a wrong one in the table changes a row.
    expect(new Set(needs.map((each) => JSON.stringify(verdicts(each)))).size).toBe(needs.length)
  })

  it('sees it when somebody is let in, or kept out, who should not be', async () => {
    const row = rows['listUsers'] as Row
    const kept = clients.get('all but users:get') ?? world.anonymous

    expect(await ask(row, kept)).not.toBe(row.gets)
    expect(await ask(row, world.owner)).toBe(row.gets)
  })
})
