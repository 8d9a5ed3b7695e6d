/** Explain: what would be decided of a request, and why, as a way through the stages; and who may send it. Nothing is sent. */
import type { Tenant } from '../../context.ts'
import { explain } from '../../explain.ts'
import { paperJudge, type Judgement } from '../../judge.ts'
import { windowKey } from '../../limit/quota-store.ts'
import { unauthenticated } from '../../model/challenge.ts'
import { listIdFrom, type ListId } from '../../model/ids.ts'
import type { FoundThings } from '../../model/decision.ts'
import type { Identity } from '../../model/identity.ts'
import { spanText } from '../../model/time.ts'
import { grantsOf } from '../../policy/grants.ts'
import { answerOf, tallyUsers, type Group } from '../../who-can.ts'
import { endpoint, type Endpoint } from '../endpoint.ts'
import { stepsOf } from '../explain-steps.ts'
import type { AdminParts } from '../parts.ts'
import { asking, explanation, question, whoCan } from '../schemas/policies.ts'
import { tenantPath } from './roles.ts'
import { identityOf } from './users.ts'

export function explainEndpoints(parts: AdminParts): readonly Endpoint[] {
  const { store, directory, clock } = parts
  const judgeOf = ({ policy, config }: Tenant) => paperJudge(policy, config.partial ?? policy.scope.partial)
  const grantsFor = (tenant: Tenant, identity: Identity) =>
    grantsOf(identity, directory.rolesOf(tenant), clock.epochMs(), store.retired(tenant.config.name))

  return [
    endpoint({
      id: 'explain',
      route: 'POST /api/tenants/:tenant/explain',
      tag: 'policies',
      summary: 'What would be decided of a request, by which rule and role; nothing is sent',
      needs: 'policies:get',
      params: tenantPath,
      body: question,
      answer: explanation,
      handle: async ({ tenant, body }) => {
        const { method, target, as } = body
        const identity = as === null ? undefined : await identityOf(parts, tenant, as)
        const isUsable = identity === undefined || (identity.status === 'enabled' && identity.kind === 'api')
        const grants = identity === undefined || !isUsable ? undefined : grantsFor(tenant, identity)
        const request = { ...requestOf(method, target, body.body), stored: storedThings(body.stored ?? []) }
        const judgement = knocking(judgeOf(tenant).judge(grants, request), tenant, identity)
        const told = explain(judgement, { method, target, as: as ?? 'anonymous', tenant: tenant.config.name })
        const { lists } = told
        return {
          data: {
            effect: told.effect,
            status: told.status ?? null,
            code: told.code ?? null,
            message: told.message ?? null,
            reason: told.reason ?? null,
            rule: told.rule ?? null,
            at: told.at ?? null,
            permission: told.permission ?? null,
            role: told.role ?? null,
            permissions: [...told.permissions],
            lists: typeof lists === 'string' ? lists : [...lists],
            fields: told.fields.map((each) => ({ ...each })),
            detail: told.detail ?? null,
            sends: told.sends ?? null,
            sends_body: told.sends_body ?? null,
            limit: limitOf(parts, tenant, identity, judgement),
            steps: stepsOf(judgement, told, identity),
          },
        }
      },
    }),
    endpoint({
      id: 'whoCan',
      route: 'POST /api/tenants/:tenant/who-can',
      tag: 'policies',
      summary: 'Which users may send a request, and through which roles',
      needs: 'users:get',
      params: tenantPath,
      body: asking,
      answer: whoCan,
      handle: async ({ tenant, body }) => {
        const judge = judgeOf(tenant)
        const request = requestOf(body.method, body.target, body.body)
        const roles = directory.rolesOf(tenant)
        const retired = store.retired(tenant.config.name)
        const nowMs = clock.epochMs()
        const tally = tallyUsers((held) => {
          const grants = grantsOf(held, roles, nowMs, retired)
          return answerOf(judge.judge(grants, request), grants)
        }, 20)
        await eachPage(parts, tenant, (members) => tally.add(members.filter(({ kind }) => kind === 'api')))
        const groups = tally.groups()
        const count = (verdict: Group['verdict']): number =>
          groups.reduce((sum, group) => sum + (group.verdict === verdict ? group.count : 0), 0)
        return {
          data: {
            anonymous: answerOf(judge.judge(undefined, request), undefined).verdict,
            counts: {
              may: count('may'),
              partly: count('partly'),
              depends: count('depends'),
              may_not: count('may-not'),
              disabled: tally.disabled(),
            },
            groups: groups.map(groupJson),
          },
        }
      },
    }),
  ]
}

/** Where nobody is let in, the caller is told so in the words and with the status of their tenant; whoever gives a credential, that it is wrong. */
function knocking(judgement: Judgement, { config }: Tenant, identity: Identity | undefined): Judgement {
  if (judgement.failure?.code !== 'credentials-missing') return judgement
  const code = identity === undefined ? 'credentials-missing' : 'credentials-invalid'
  return { ...judgement, failure: unauthenticated(config.auth, code) }
}

interface BodyWords {
  readonly type: string
  readonly text: string
}

const requestOf = (method: string, target: string, body: BodyWords | null | undefined) => ({
  method,
  target,
  headers: body === null || body === undefined ? {} : { 'content-type': body.type },
  body: body === null || body === undefined ? undefined : Buffer.from(body.text, 'utf8'),
})

interface StoredWords {
  readonly resource: string
  readonly key: string
  readonly lists: readonly number[] | null
}

function storedThings(words: readonly StoredWords[]): FoundThings {
  const found = new Map<string, Map<string, readonly ListId[] | undefined>>()
  for (const { resource, key, lists } of words) {
    const things = found.get(resource) ?? new Map<string, readonly ListId[] | undefined>()
    things.set(
      key,
      lists?.flatMap((list) => listIdFrom(list) ?? []),
    )
    found.set(resource, things)
  }
  return found
}

function limitOf(
  { directory, windows, clock }: AdminParts,
  tenant: Tenant,
  identity: Identity | undefined,
  { rule }: Judgement,
) {
  const rate = rule === undefined ? undefined : directory.rateOf(tenant, identity?.plan, rule.limit)
  if (rule === undefined || rate === undefined) return null
  const key = identity === undefined ? undefined : windowKey(tenant.config.name, identity.id, rate.name)
  return {
    plan: directory.planOf(tenant, identity?.plan).name,
    class: rate.name,
    limit: rate.limit,
    window: spanText(rate.windowMs),
    cost: rule.cost,
    used: key === undefined ? 0 : windows.peek(key, 0, clock.monotonicMs(), rate).current,
  }
}

type Members = Awaited<ReturnType<AdminParts['store']['listUsers']>>

/** Page by page: all users are never held at once. */
async function eachPage({ store }: AdminParts, { config }: Tenant, take: (members: Members) => void): Promise<void> {
  const limit = 1_000
  for (let after: { tenant: string; name: string } | undefined; ;) {
    const found = await store.listUsers({ tenant: config.name, limit, ...(after === undefined ? {} : { after }) })
    take(found)
    if (found.length < limit) return
    after = found.at(-1)
  }
}

const groupJson = ({ listRoles, ...group }: Group) => ({
  verdict: group.verdict,
  reason: group.reason ?? null,
  code: group.code ?? null,
  permission: group.permission ?? null,
  role: group.role ?? null,
  by: group.by ?? null,
  things: [...group.things],
  roles: [...group.roles],
  list_roles: [...listRoles],
  count: group.count,
  users: [...group.users],
})
