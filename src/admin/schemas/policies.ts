/** Policies, drafts and explanations of the admin API. */
import { Type } from 'typebox'
import { closed, line, listId, nullable, userName } from './common.ts'

const policy = closed({
  name: Type.String(),
  file: Type.String(),
  permissions: Type.Array(Type.String()),
  partial: Type.Enum(['refuse', 'narrow']),
  routes: Type.Array(
    closed({
      id: Type.String({ description: '`METHOD /path`' }),
      method: Type.String(),
      path: Type.String(),
      line: Type.Integer(),
      allow: Type.Union([Type.Enum(['public', 'authenticated']), Type.Array(Type.String())]),
      scoped: Type.Boolean({ description: 'it is judged by lists' }),
      limit: Type.String({ description: 'rate class' }),
      cost: Type.Integer(),
      gone: nullable(Type.String()),
    }),
  ),
})
export const policySource = closed({ file: Type.String(), text: Type.String() })
export const policyBook = closed({
  policy,
  files: Type.Array(Type.String(), { description: 'the files of the folder' }),
})

export const fileFilter = closed({
  file: Type.String({ maxLength: 200, description: 'a file of the folder, as `policies/listmonk.yaml`' }),
})

export const documentFilter = closed({
  user: Type.Optional(userName),
  format: Type.Optional(Type.Enum(['json', 'yaml'])),
})

/** The name of a file in a folder of policies. */
const fileName = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,62}\\.yaml$', examples: ['roles.yaml'] })

export const draft = closed({
  files: Type.Array(closed({ name: fileName, text: Type.String({ maxLength: 1_048_576 }) }), {
    minItems: 1,
    maxItems: 20,
    description: 'files in place of those in force, which count for what is not named',
  }),
})

export const draftVerdict = closed({
  problems: Type.Array(
    closed({
      file: Type.String(),
      line: Type.Integer(),
      key: Type.String(),
      message: Type.String(),
      remedy: Type.String(),
    }),
  ),
  diff: nullable(
    closed(
      {
        is_same: Type.Boolean({ description: 'nobody gets another answer' }),
        opened: Type.Integer({ description: 'judged requests that are allowed and were not' }),
        closed: Type.Integer({ description: 'judged requests that are refused and were not' }),
        different: Type.Integer({ description: 'judged requests that are decided otherwise' }),
        judged: Type.Integer(),
        routes: Type.Array(closed({ route: Type.String(), kind: Type.Enum(['added', 'removed', 'changed']) })),
      },
      { description: 'what it would decide otherwise than what is in force' },
    ),
  ),
})

const method = Type.Enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const target = Type.String({
  pattern: '^/[!-~]{0,8191}$',
  description: 'path and query',
  examples: ['/api/lists/3?minimal=true'],
})
const body = Type.Optional(
  nullable(
    closed({
      type: Type.String({ maxLength: 200, examples: ['application/json'] }),
      text: Type.String({ maxLength: 1_048_576 }),
    }),
  ),
)
const stored = Type.Optional(
  Type.Array(
    closed({
      resource: line('the name of a resource of the policy', 63),
      key: line('the id or the address of the thing', 254),
      lists: nullable(Type.Array(listId, { maxItems: 1_000 })),
    }),
    { maxItems: 100, description: 'what look-ups of stored things would find; null: there is no such thing' },
  ),
)

export const question = closed({
  method,
  target,
  as: nullable(Type.String({ ...userName, description: 'whose rights to use; null: no credentials' })),
  body,
  stored,
})

export const explanation = closed({
  effect: Type.Enum(['allow', 'deny']),
  status: nullable(Type.Integer()),
  code: nullable(Type.String()),
  message: nullable(Type.String({ description: 'the sentence that the caller gets' })),
  reason: nullable(Type.String()),
  rule: nullable(Type.String()),
  at: nullable(Type.String({ description: '`file:line` of the rule' })),
  permission: nullable(Type.String()),
  role: nullable(Type.String()),
  permissions: Type.Array(Type.String(), { description: 'any of which would do' }),
  lists: Type.Union([Type.Array(Type.Integer()), Type.Enum(['every', 'none'])]),
  fields: Type.Array(closed({ path: Type.String(), problem: Type.String() })),
  detail: nullable(Type.String()),
  sends: nullable(Type.String({ description: 'what would be sent to the backend' })),
  sends_body: nullable(Type.String()),
  limit: nullable(
    closed({
      plan: Type.String(),
      class: Type.String(),
      limit: Type.Integer(),
      window: Type.String(),
      cost: Type.Integer(),
      used: Type.Integer(),
    }),
  ),
  steps: Type.Array(
    closed({
      stage: Type.Enum(['screen', 'authenticate', 'authorize', 'limit', 'scope', 'forward']),
      outcome: Type.Enum(['passed', 'ended', 'not-reached']),
      says: Type.String(),
    }),
    { description: 'the way of the request through the stages' },
  ),
})

export const asking = closed({ method, target, body })

export const whoCan = closed({
  anonymous: Type.Enum(['may', 'partly', 'depends', 'may-not']),
  counts: closed({
    may: Type.Integer(),
    partly: Type.Integer(),
    depends: Type.Integer(),
    may_not: Type.Integer(),
    disabled: Type.Integer(),
  }),
  groups: Type.Array(
    closed({
      verdict: Type.Enum(['may', 'partly', 'depends', 'may-not']),
      reason: nullable(Type.String()),
      code: nullable(Type.String()),
      permission: nullable(Type.String()),
      role: nullable(Type.String()),
      by: nullable(Type.String()),
      things: Type.Array(Type.String()),
      roles: Type.Array(Type.String()),
      list_roles: Type.Array(Type.String()),
      count: Type.Integer(),
      users: Type.Array(Type.String()),
    }),
  ),
})
