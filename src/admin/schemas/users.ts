/** Users of the admin API. */
import { Type, type Static } from 'typebox'
import {
  closed,
  countedPage,
  cursor,
  limitText,
  line,
  listId,
  nullable,
  planName,
  roleName,
  rowId,
  tenantName,
  time,
  timeIn,
  userName,
  version,
} from './common.ts'

const listGrant = closed({
  list: listId,
  get: Type.Boolean(),
  manage: Type.Boolean(),
  until: nullable(time),
})

const email = Type.String({
  pattern: '^[^\\s@\\p{Cc}]{1,64}@[^\\s@\\p{Cc}]{1,189}$',
  description: 'an e-mail address; kept in lower case',
  examples: ['ann@example.org'],
})

export const user = closed({
  id: rowId,
  tenant: tenantName,
  name: userName,
  kind: Type.Enum(['api', 'person'], { description: 'a program with tokens, or somebody who signs in here' }),
  status: Type.Enum(['enabled', 'disabled']),
  roles: Type.Array(roleName),
  list_roles: Type.Array(roleName),
  list_grants: Type.Array(listGrant, { description: 'lists of their own, beside list roles' }),
  plan: nullable(planName),
  email: nullable(Type.String()),
  note: Type.String(),
  version,
  created_at: time,
  updated_at: time,
})
export type User = Static<typeof user>

const roles = Type.Array(roleName, { maxItems: 100, uniqueItems: true })

export const newUser = closed({
  name: userName,
  kind: Type.Enum(['api', 'person']),
  roles: Type.Optional(roles),
  list_roles: Type.Optional(roles),
  plan: Type.Optional(nullable(planName)),
  email: Type.Optional(nullable(email)),
  note: Type.Optional(line('what it is for', 1000)),
})

/** What is left out stays as it is. */
export const userChange = closed(
  {
    status: Type.Optional(Type.Enum(['enabled', 'disabled'])),
    roles: Type.Optional(roles),
    list_roles: Type.Optional(roles),
    plan: Type.Optional(nullable(planName)),
    email: Type.Optional(nullable(email)),
    note: Type.Optional(line('what it is for', 1000)),
  },
  { minProperties: 1 },
)

export const userFilter = closed({
  search: Type.Optional(line('a part of the name, the address or the note')),
  kind: Type.Optional(Type.Enum(['api', 'person'])),
  status: Type.Optional(Type.Enum(['enabled', 'disabled'])),
  role: Type.Optional(roleName),
  list_role: Type.Optional(roleName),
  plan: Type.Optional(planName),
  sort: Type.Optional(
    Type.Enum(['name', '-name', 'created_at', '-created_at', 'updated_at', '-updated_at'], {
      description: 'a field; with `-` the other way round',
      default: 'name',
    }),
  ),
  limit: Type.Optional(limitText),
  cursor: Type.Optional(cursor),
})

export const userPage = countedPage(user)

export const grantChange = closed({
  get: Type.Boolean(),
  manage: Type.Boolean(),
  until: Type.Optional(nullable(timeIn)),
})

/** Where a right comes from: the name of a role, or `own grant`. */
const source = Type.String({ description: 'the role that gives it, or `own grant`' })

export const rights = closed({
  permissions: Type.Array(closed({ permission: Type.String(), role: source })),
  admin: Type.Array(closed({ permission: Type.String(), role: source })),
  every_list: closed({ get: nullable(source), manage: nullable(source) }),
  lists: Type.Array(closed({ list: listId, get: nullable(source), manage: nullable(source), retired: Type.Boolean() })),
  changes_at: nullable(time),
  missing_roles: Type.Array(roleName, {
    description: 'roles that are held and that nothing defines: they give nothing',
  }),
})
export type Rights = Static<typeof rights>

export const refusal = closed({
  at: time,
  request_id: Type.String(),
  user: nullable(Type.String()),
  address: Type.String(),
  method: Type.String(),
  path: nullable(Type.String()),
  route: nullable(Type.String()),
  status: Type.Integer(),
  code: Type.String(),
  reason: nullable(Type.String()),
  rule: nullable(Type.String({ description: '`file:line`' })),
  permissions: Type.Array(Type.String()),
  lists: Type.Array(Type.Integer()),
})
export type RefusalJson = Static<typeof refusal>
