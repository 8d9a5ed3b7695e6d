/** The words of the policy files, as schemas: what policies/README.md says. */
import { Type, type Static } from 'typebox'
import { closed, named, text } from '../config/shape.ts'
import { comparisonPattern } from '../model/comparison.ts'
import { body } from './language-body.ts'
import { effects, need } from './language-effects.ts'

const name = (title: string) => text(title, { pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$' })
/** Permissions are the backend's words: `lists:get_all`. */
const permission = text('a permission', { pattern: '^[a-z0-9_]+:[a-z0-9_]+$', examples: ['lists:get_all'] })
const permissions = Type.Array(permission, { uniqueItems: true })

const listNeed = Type.Enum(['get', 'manage', 'either'], {
  description: 'either: lists with get, or those with manage where there is none with get',
})

const names = '[A-Za-z0-9_-]+(?:\\[\\])?'
const dataPath = text('a path into JSON', {
  pattern: `^${names}(?:\\.${names})*$`,
  examples: ['data.results[]', 'data.id'],
})
/** The ids of an item: it is in reach by any one of them. */
const itemIds = text('the path of the ids in an item', {
  pattern: `^${names}(?:\\.${names})*$`,
  examples: ['id', 'lists[].id'],
})
const parameterName = '^[A-Za-z0-9_.-]{1,64}$'
const parameter = (description: string) => text('the name of a parameter', { pattern: parameterName, description })
const partPath = text('a field of a part', {
  pattern: `^[A-Za-z0-9_-]+\\.${names}(?:\\.${names})*$`,
  examples: ['params.lists'],
})
const orList = <T extends Parameters<typeof Type.Array>[0]>(item: T) =>
  Type.Union([item, Type.Array(item, { minItems: 1 })])

const absent = Type.Enum(['none', 'fill', 'refuse', 'everywhere', 'empty'], {
  description: 'what it means that the place holds nothing; `empty`: what `keeps` leaves is put there',
})
const intersects = Type.Optional(Type.Boolean({ description: 'the backend intersects several ids' }))
const unless = Type.Optional(
  Type.Array(permission, {
    minItems: 1,
    description: 'holders of one of these count as holders of the `all` permission here',
  }),
)
const fillUnless = Type.Optional(
  Type.Array(permission, { minItems: 1, description: 'who is not filled in, in place of the `all` permission' }),
)
const placePartial = Type.Optional(Type.Enum(['refuse', 'narrow'], { description: 'the mode for this place' }))
const keeps = Type.Optional(
  text('the name of a resource', {
    pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$',
    description: "its lists out of the caller's reach are kept in what is sent; it must be looked up by another line",
  }),
)
const namedRest = { need: listNeed, absent, partial: placePartial, fill_unless: fillUnless, intersects, unless }

const listDemand = Type.Union(
  [
    closed({ path: parameter('a `:name` of the route'), need: listNeed, unless }),
    closed({ query: parameter('a query parameter; declared as `ids` by this'), ...namedRest }),
    closed({ body: dataPath, keeps, ...namedRest }),
    closed({ part: partPath, ...namedRest }),
    closed({
      stored: name('the name of a resource'),
      id: text('where the id stands', {
        pattern: `^(?:path|query|body)\\.${names}(?:\\.${names})*$`,
        examples: ['path.id', 'query.id', 'body.ids'],
      }),
      need: listNeed,
      of: Type.Enum(['any', 'all'], { description: 'of the lists of the stored thing' }),
      absent: Type.Optional(
        Type.Enum(['none', 'another', 'refuse'], {
          description: 'what it means that no such thing is named; `another`: another place must name one',
        }),
      ),
      unless,
    }),
  ],
  { title: 'a place where list ids stand' },
)

const demands = {
  is: Type.Optional(orList(text('a text', { description: 'JSON booleans and numbers as JSON writes them' }))),
  allow: Type.Optional(Type.Array(permission, { minItems: 1, uniqueItems: true })),
  everywhere: Type.Optional(need),
  every: Type.Optional(name('the name of a resource')),
}
const headerName = text('a header name in lower case', { pattern: '^[a-z0-9-]{1,64}$', examples: ['bcc'] })
const headerNames = { named: Type.Optional(Type.Array(headerName, { minItems: 1, uniqueItems: true })) }
const comparison = text('a comparison of a column with `{email}`, `{id}` or `{uuid}`', {
  pattern: `^${comparisonPattern}$`,
  examples: ["subscribers.email='{email}'", 'subscribers.id={id}'],
})
const when = Type.Union(
  [
    closed({
      query: parameter('a query parameter; declared as `one` by this'),
      except: Type.Optional(
        Type.Array(comparison, { minItems: 1, uniqueItems: true, description: 'values that ask nothing' }),
      ),
      ...demands,
    }),
    closed({ body: dataPath, ...headerNames, ...demands }),
    closed({ part: partPath, ...headerNames, ...demands }),
  ],
  { title: 'a demand' },
)

const queryType = Type.Enum(['one', 'many', 'id', 'ids'])
const parameters = named(parameterName, 'the name of a parameter', queryType)
const groupName = text('the name of a group of parameters', {
  pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$',
  examples: ['paging', 'any'],
})
const query = Type.Union([groupName, parameters, Type.Array(Type.Union([groupName, parameters]), { minItems: 1 })], {
  title: 'a map of parameters, the name of a group, or `any`',
})

const pagingRule = closed({
  empty: Type.Optional(Type.Enum(['zeros'], { description: 'an empty page is reported as page 0 of 0' })),
  unpaged: Type.Optional(parameter('asks the backend, when it is true, for everything as one page')),
})
const paging = Type.Union([Type.Boolean(), pagingRule], { title: '`true`, or a map with `empty` or `unpaged`' })

const answerRest = {
  by: itemIds,
  need: listNeed,
  resource: Type.Optional(name('the name of a resource')),
  unless,
}
const answer = Type.Union(
  [
    closed({
      keep: dataPath,
      ...answerRest,
      pages: Type.Optional(paging),
    }),
    closed({ mask: dataPath, ...answerRest }),
    closed({ refuse: dataPath, ...answerRest }),
  ],
  { title: 'what is done to the answer' },
)

const routeSchema = closed({
  allow: Type.Union(
    [Type.Enum(['public', 'authenticated']), Type.Array(permission, { minItems: 1, uniqueItems: true })],
    {
      title: '`public`, `authenticated` or a list of permissions',
      description: 'who may call it; of a list any one suffices',
      examples: ['authenticated'],
    },
  ),
  query: Type.Optional(query),
  aliases: Type.Optional(
    named(
      parameterName,
      'the name of a parameter of the gateway',
      text('a parameter and a comparison that it holds', {
        pattern: `^[A-Za-z0-9_.-]{1,64}=${comparisonPattern}$`,
        examples: ["query=subscribers.email='{email}'"],
      }),
    ),
  ),
  body: Type.Optional(body),
  lists: Type.Optional(orList(listDemand)),
  everywhere: Type.Optional(need),
  when: Type.Optional(orList(when)),
  answer: Type.Optional(orList(answer)),
  ...effects,
  limit: Type.Optional(name('the name of a rate class')),
  cost: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
  timeout: Type.Optional(text('a span or `none`', { format: 'span-or-none', examples: ['30s', '5m', 'none'] })),
  gone: Type.Optional(text('a message', { pattern: '\\S' })),
  credential: Type.Optional(Type.Enum(['pass', 'strip'])),
  websocket: Type.Optional(Type.Boolean()),
})
export type RouteWords = Static<typeof routeSchema>

const access = closed({ role: permission, all: permission })
const resourceSchema = closed({
  from: text('a GET with `{id}` or `{email}` in it', {
    pattern: '^GET /[^{}\\s]*\\{(?:id|email)\\}[^{}\\s]*$',
    examples: ['GET /api/subscribers/{id}'],
  }),
  lists: dataPath,
  absent: Type.Array(Type.Integer({ minimum: 400, maximum: 599 }), {
    description: 'statuses that mean: no such thing',
  }),
})

export const backendSchema = closed(
  {
    policy: name('the name of a policy'),
    permissions: Type.Array(permission, { minItems: 1, uniqueItems: true, description: 'all that may be granted' }),
    credential_refused: Type.Optional(
      closed({
        status: Type.Array(Type.Integer({ minimum: 400, maximum: 599 }), { minItems: 1 }),
        messages: Type.Array(text('a message', { pattern: '\\S' }), { minItems: 1 }),
      }),
    ),
    scope: closed({
      kind: name('what a list role grants on'),
      id: Type.Enum(['int32'], { examples: ['int32'] }),
      get: access,
      manage: access,
      partial: Type.Optional(Type.Enum(['refuse', 'narrow'])),
      none: Type.Optional(
        Type.Integer({ minimum: -2_147_483_648, maximum: 0, description: 'an id that matches nothing' }),
      ),
    }),
    resources: Type.Optional(named('^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$', 'the name of a resource', resourceSchema)),
    parameters: Type.Optional(named('^(?!any$)[A-Za-z0-9][A-Za-z0-9_-]{0,62}$', 'the name of a group', parameters)),
    routes: named('', 'a route', routeSchema),
  },
  { description: 'one backend of Sallyport' },
)
export type BackendWords = Static<typeof backendSchema>

/** Role names are people's words: `spring team`. */
const roleName = '^[^\\s\\p{Cc}](?:[^\\p{Cc}]{0,98}[^\\s\\p{Cc}])?$'
const listNeeds = Type.Array(need, { minItems: 1, uniqueItems: true })
const until = text('a time with its offset', { format: 'instant', examples: ['2026-12-31T00:00:00+01:00'] })
const userRoleSchema = closed({ permissions })
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
