/** The words of case files, and what they become. */
import { Type, type Static } from 'typebox'
import { closed, named, text } from '../config/shape.ts'
import type { AllowReason, DenyReason, FoundThings } from '../model/decision.ts'
import { catalogue, type FailureCode } from '../model/failure.ts'
import type { Place } from '../model/problem.ts'
import type { Roles } from './compile-roles.ts'
import { rolesSchema } from './language-roles.ts'
import type { PartialMode } from './rule.ts'

/** Who asks. */
type CaseCaller =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'roles'; readonly roles: readonly string[]; readonly listRoles: readonly string[] }

/** What is expected; only what is named is compared. */
interface CaseExpectation {
  readonly effect?: 'allow' | 'deny'
  readonly reason?: AllowReason | DenyReason
  /** Of the failure. */
  readonly code?: FailureCode
  readonly lists?: readonly number[] | 'every' | 'none'
  readonly permissions?: readonly string[]
  readonly status?: number
  /** The target that would be sent. */
  readonly sends?: string
  /** The body that would be sent: a text, or what its JSON holds. */
  readonly sends_body?: unknown
}

export interface Case {
  readonly name: string
  readonly as: CaseCaller
  readonly ask: { readonly method: string; readonly target: string }
  /** A text is sent as it is, anything else as JSON; `undefined` is no body. */
  readonly body: unknown
  /** In lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** What look-ups find. */
  readonly stored: FoundThings
  readonly expect: CaseExpectation
  readonly at: Place
}

export interface CaseFile {
  readonly file: string
  readonly policy: string
  /** The roles of the folder and of the file together. */
  readonly roles: Roles
  readonly partial: PartialMode | undefined
  readonly cases: readonly Case[]
}

const reasons = {
  public: true,
  authenticated: true,
  permission: true,
  'every-list': true,
  'lists-granted': true,
  'lists-narrowed': true,
  'lists-filled': true,
  'credentials-missing': true,
  'permission-missing': true,
  'list-not-granted': true,
  'no-list-granted': true,
  'lists-absent': true,
  'lists-intersect': true,
  'everywhere-not-granted': true,
  'thing-not-granted': true,
  'scope-unreadable': true,
  gone: true,
} as const satisfies Record<AllowReason | DenyReason, true>

const listIds = Type.Array(Type.Integer({ minimum: 1, maximum: 2_147_483_647 }))
/** A thing by its id or e-mail address, and the lists that it is on. */
const stored = Type.Optional(
  named(
    '^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$',
    'the name of a resource',
    named('^[1-9][0-9]{0,9}$|@', 'an id or an e-mail address', Type.Union([listIds, Type.Literal('none')])),
  ),
)

const roleNames = Type.Optional(Type.Array(text('the name of a role')))

export const caseSchema = closed({
  name: text('a name', { pattern: '\\S' }),
  as: Type.Union([Type.Literal('anonymous'), closed({ roles: roleNames, list_roles: roleNames })], {
    title: '`anonymous` or `{ roles: […], list_roles: […] }`',
  }),
  ask: text('a method and a target', { pattern: '^[A-Z]+ [^\\s]+$', examples: ['GET /api/lists/3'] }),
  body: Type.Optional(Type.Unknown()),
  headers: Type.Optional(
    Type.Record(Type.String({ pattern: '^[a-z0-9-]+$' }), text('a text'), { title: 'a header name in lower case' }),
  ),
  stored,
  expect: closed({
    effect: Type.Optional(Type.Enum(['allow', 'deny'])),
    reason: Type.Optional(Type.Enum(Object.keys(reasons) as (keyof typeof reasons)[])),
    code: Type.Optional(Type.Enum(Object.keys(catalogue) as FailureCode[])),
    lists: Type.Optional(Type.Union([Type.Enum(['every', 'none']), listIds])),
    permissions: Type.Optional(Type.Array(text('a permission'))),
    status: Type.Optional(Type.Integer({ minimum: 100, maximum: 599 })),
    sends: Type.Optional(text('a target', { pattern: '^/' })),
    sends_body: Type.Optional(Type.Unknown()),
  }),
})

export const casesSchema = closed({
  policy: Type.Optional(text('the name of a policy')),
  roles: Type.Optional(rolesSchema),
  partial: Type.Optional(Type.Enum(['refuse', 'narrow'])),
  stored,
  cases: Type.Array(caseSchema, { minItems: 1 }),
})
export type CaseWords = Static<typeof caseSchema>
export type StoredWords = Static<typeof casesSchema>['stored']
