/** Rate plans of the admin API. */
import { Type, type Static } from 'typebox'
import { closed, line, managedIn, nullable, planName, spanIn, tenantName, time, version } from './common.ts'

const limit = Type.Integer({ minimum: 1, maximum: 1_000_000_000, description: 'requests a window' })

export const plan = closed({
  name: planName,
  description: Type.String(),
  managed_in: managedIn,
  version,
  classes: Type.Array(closed({ name: planName, limit, window: Type.String() })),
  is_tenants: Type.Boolean({ description: 'it holds for everybody of the tenant who has none of their own' }),
  users: Type.Integer({ minimum: 0, description: 'users who have it of their own' }),
  updated_at: nullable(time),
})
export type Plan = Static<typeof plan>

const content = {
  description: Type.Optional(line('what it is for', 1000)),
  classes: Type.Array(closed({ name: planName, limit, window: spanIn }), { minItems: 1, maxItems: 50 }),
}
export const newPlan = closed({ name: planName, ...content })
export const planChange = closed(content)
export const planList = closed({
  results: Type.Array(plan),
  classes: Type.Array(planName, { description: 'the rate classes that every plan must have' }),
})

/** How much of a user's quotas is used now. */
export const use = closed({
  plan: planName,
  classes: Type.Array(
    closed({
      name: planName,
      limit,
      window: Type.String(),
      used: Type.Integer({ minimum: 0 }),
      resets_in_seconds: Type.Integer({ minimum: 0, description: 'until the window is empty again' }),
    }),
  ),
})

export const tenantPlan = closed({
  plan: nullable(planName),
})

export const tenant = closed({
  name: tenantName,
  hosts: Type.Array(Type.String()),
  url: nullable(Type.String({ description: 'where callers reach it, as far as this process knows' })),
  upstream: nullable(
    Type.Array(Type.String(), { description: 'the origins of the members of its backend; null: not for this caller' }),
  ),
  policy: Type.String(),
  partial: Type.Enum(['refuse', 'narrow']),
  contract: Type.Enum(['backend', 'documented']),
  plan: planName,
  plan_of: Type.Enum(['configuration', 'store'], { description: 'where the plan is said' }),
  configured_plan: planName,
  version,
  users: nullable(Type.Integer({ minimum: 0, description: 'how many; null: not for this caller' })),
})
export const tenantList = closed({ results: Type.Array(tenant) })
