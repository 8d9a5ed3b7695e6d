/** The words of `roles.yaml` and `limits.yaml`. */
import { Type, type Static } from 'typebox'
import { closed, named, text } from '../config/shape.ts'
import { adminPermissionNames } from '../model/admin-permission.ts'
import { need } from './language-effects.ts'
import { permission } from './language.ts'

/** Role names are people's words: `spring team`. */
const roleName = '^[^\\s\\p{Cc}](?:[^\\p{Cc}]{0,98}[^\\s\\p{Cc}])?$'
const listNeeds = Type.Array(need, { minItems: 1, uniqueItems: true })
const until = text('a time with its offset', { format: 'instant', examples: ['2026-12-31T00:00:00+01:00'] })
const userRoleSchema = closed({
  permissions: Type.Array(permission, { uniqueItems: true }),
  admin: Type.Optional(
    Type.Array(Type.Enum([...adminPermissionNames]), {
      uniqueItems: true,
      description: 'what it opens in the admin API and pages of the gateway',
    }),
  ),
})
const listRoleSchema = closed({
  lists: named('^[1-9][0-9]{0,9}$', 'a list id', Type.Union([listNeeds, closed({ allow: listNeeds, until })])),
})
export const rolesSchema = closed({
  user_roles: Type.Optional(named(roleName, 'the name of a role', userRoleSchema)),
  list_roles: Type.Optional(named(roleName, 'the name of a role', listRoleSchema)),
})
export type RolesWords = Static<typeof rolesSchema>

const rate = closed({
  limit: Type.Integer({ minimum: 1, maximum: 1_000_000_000 }),
  window: text('a span', { format: 'span', examples: ['1m'] }),
})
export const limitsSchema = closed({
  failures: Type.Optional(rate),
  in_flight: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
  plans: Type.Optional(
    named(
      '^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$',
      'the name of a plan',
      named('^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$', 'the name of a rate class', rate),
    ),
  ),
})
export type LimitsWords = Static<typeof limitsSchema>
