/** Rate plans: of files and of the store, and how much of them is used. */
import type { Tenant } from '../../context.ts'
import type { PlanInForce } from '../../directory.ts'
import { windowKey } from '../../limit/quota-store.ts'
import type { ManagedRate } from '../../model/managed.ts'
import { refused } from '../../model/failure.ts'
import { spanText } from '../../model/time.ts'
import { done, endpoint, type Current, type Endpoint } from '../endpoint.ts'
import { invalid, spanMs } from '../inputs.ts'
import type { AdminParts } from '../parts.ts'
import { shownMaybe } from '../present.ts'
import { closed, planName, tenantName } from '../schemas/common.ts'
import { newPlan, plan, planChange, planList, use } from '../schemas/plans.ts'
import { tenantPath } from './roles.ts'
import { identityOf, userPath } from './users.ts'

const planPath = closed({ tenant: tenantName, plan: planName })

export function planEndpoints(parts: AdminParts): readonly Endpoint[] {
  const { store, directory, windows, clock } = parts
  const find = (tenant: Tenant, name: string): PlanInForce => {
    const found = directory.plansOf(tenant).get(name)
    if (found === undefined) throw refused('not-found', { message: `there is no rate plan ${name}` })
    return found
  }
  const show = async (tenant: Tenant, name: string) => {
    const data = await planJson(parts, tenant, find(tenant, name))
    return { data, version: data.version }
  }
  const current: Current<{ readonly plan: string }> = {
    of: plan,
    show: ({ tenant, params }) => show(tenant, params.plan),
  }
  const mustBeInStore = (tenant: Tenant, name: string): void => {
    if (find(tenant, name).managedIn === 'store') return
    throw refused('conflict', { message: `the rate plan ${name} is managed in limits.yaml: it is read-only here` })
  }
  return [
    endpoint({
      id: 'listPlans',
      route: 'GET /api/tenants/:tenant/plans',
      tag: 'plans',
      summary: 'Rate plans, of the files and of the store',
      needs: 'plans:get',
      params: tenantPath,
      answer: planList,
      handle: async ({ tenant }) => {
        const results = []
        for (const found of directory.plansOf(tenant).values()) results.push(await planJson(parts, tenant, found))
        return { data: { results, classes: [...classesOf(parts, tenant)] } }
      },
    }),
    endpoint({
      id: 'getPlan',
      route: 'GET /api/tenants/:tenant/plans/:plan',
      tag: 'plans',
      summary: 'One rate plan',
      needs: 'plans:get',
      params: planPath,
      answer: plan,
      handle: async ({ tenant, params }) => show(tenant, params.plan),
    }),
    endpoint({
      id: 'createPlan',
      route: 'POST /api/tenants/:tenant/plans',
      tag: 'plans',
      summary: 'A new rate plan in the store',
      needs: 'plans:manage',
      params: tenantPath,
      body: newPlan,
      answer: plan,
      status: 201,
      failures: ['conflict'],
      isOnce: true,
      handle: async ({ tenant, body, by }) => {
        const { name, description = '', classes } = body
        if (directory.plansOf(tenant).get(name)?.managedIn === 'file') {
          throw refused('conflict', { message: `there is already a rate plan ${name} in limits.yaml` })
        }
        const words = { classes: ratesIn(parts, tenant, classes) }
        await store.managed.createPlan({ tenant: tenant.config.name, name }, { description, words }, by)
        return show(tenant, name)
      },
    }),
    endpoint({
      id: 'updatePlan',
      route: 'PUT /api/tenants/:tenant/plans/:plan',
      tag: 'plans',
      summary: 'Change a rate plan; what was counted stays counted',
      needs: 'plans:manage',
      params: planPath,
      body: planChange,
      answer: plan,
      failures: ['conflict'],
      ifMatch: 'required',
      current,
      handle: async ({ tenant, params, body, by }) => {
        mustBeInStore(tenant, params.plan)
        const words = { classes: ratesIn(parts, tenant, body.classes) }
        const key = { tenant: tenant.config.name, name: params.plan }
        await store.managed.updatePlan(key, { description: body.description ?? '', words }, by)
        return show(tenant, params.plan)
      },
    }),
    endpoint({
      id: 'deletePlan',
      route: 'DELETE /api/tenants/:tenant/plans/:plan',
      tag: 'plans',
      summary: 'Delete a rate plan that nobody has',
      needs: 'plans:manage',
      params: planPath,
      failures: ['conflict'],
      ifMatch: 'required',
      current,
      handle: async ({ tenant, params, by }) => {
        mustBeInStore(tenant, params.plan)
        await store.managed.deletePlan({ tenant: tenant.config.name, name: params.plan }, by)
        return done
      },
    }),
    endpoint({
      id: 'getUserUse',
      route: 'GET /api/tenants/:tenant/users/:user/use',
      tag: 'plans',
      summary: 'How much of their quotas a user has used, and when it comes back',
      needs: 'users:get',
      params: userPath,
      answer: use,
      handle: async ({ tenant, params }) => {
        const identity = await identityOf(parts, tenant, params.user)
        const { name, classes } = directory.planOf(tenant, identity.plan)
        const nowMs = clock.monotonicMs()
        return {
          data: {
            plan: name,
            classes: [...classes.values()].map((rate) => {
              const key = windowKey(tenant.config.name, identity.id, rate.name)
              const { current, waitMs } = windows.peek(key, 0, nowMs, rate)
              const seconds = Math.ceil(Math.min(waitMs, rate.windowMs) / 1000)
              return { ...rateJson(rate), used: current, resets_in_seconds: seconds }
            }),
          },
        }
      },
    }),
  ]
}

/** What every plan must have: the classes of the tenant's plan in the files, which the routes of its policy name. */
function classesOf({ live }: AdminParts, { config }: Tenant): ReadonlySet<string> {
  return new Set(live.current().policies.limits.plans.get(config.plan)?.classes.keys() ?? [])
}

interface RateWords {
  readonly name: string
  readonly limit: number
  readonly window: string
}

/** The longest window: counters are in memory. */
const maxWindowMs = 7 * 86_400_000

function ratesIn(parts: AdminParts, tenant: Tenant, words: readonly RateWords[]): readonly ManagedRate[] {
  const needed = classesOf(parts, tenant)
  const names = words.map(({ name }) => name)
  const problems = words.flatMap(({ name, window }, at) => [
    ...(needed.has(name) ? [] : [{ path: `classes[${at}].name`, problem: 'no route has this rate class' }]),
    ...(names.indexOf(name) === at ? [] : [{ path: `classes[${at}].name`, problem: 'stands here again' }]),
    ...(spanMs(`classes[${at}].window`, window) <= maxWindowMs
      ? []
      : [{ path: `classes[${at}].window`, problem: 'is more than 7d' }]),
  ])
  const missing = [...needed].filter((name) => !names.includes(name))
  if (missing.length > 0) problems.push({ path: 'classes', problem: `has no class ${missing.join(', ')}` })
  if (problems.length > 0) throw invalid(...problems)
  return words.map(({ name, limit, window }) => ({ name, limit, windowMs: spanMs('window', window) }))
}

const rateJson = ({ name, limit, windowMs }: ManagedRate) => ({ name, limit, window: spanText(windowMs) })

async function planJson({ store, directory }: AdminParts, tenant: Tenant, { plan: found, managedIn }: PlanInForce) {
  const managed = managedIn === 'store' ? store.managed.book(tenant.config.name).plans.get(found.name) : undefined
  const users = { tenant: tenant.config.name, plan: found.name, order: 'name', isDescending: false, limit: 1 } as const
  return {
    name: found.name,
    description: managed?.description ?? '',
    managed_in: managedIn,
    version: managed?.version ?? 0,
    classes: [...found.classes.values()].map(rateJson),
    is_tenants: directory.planOf(tenant, undefined).name === found.name,
    users: await store.countUsers(users),
    updated_at: shownMaybe(managed?.updatedAt),
  }
}
