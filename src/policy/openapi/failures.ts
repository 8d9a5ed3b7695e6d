/** Which failures a route may end with, by status. Pure. */
import { catalogue, type FailureCode } from '../../model/failure.ts'
import type { Rule } from '../rule.ts'

export const failureSchema = {
  type: 'object',
  description: 'a failure that the gateway makes',
  required: ['message', 'data'],
  properties: {
    message: { type: 'string', description: 'for people' },
    data: {
      type: 'object',
      required: ['code', 'request_id'],
      properties: {
        code: { type: 'string', description: 'a stable word' },
        request_id: { type: 'string', description: 'as in `X-Request-Id`' },
        permissions: { type: 'array', items: { type: 'string' }, description: 'any of which would do' },
        lists: { type: 'array', items: { type: 'integer' }, description: 'lists out of reach' },
        fields: {
          type: 'array',
          items: { type: 'object', properties: { path: { type: 'string' }, problem: { type: 'string' } } },
          description: 'what is wrong with the body',
        },
      },
    },
  },
} as const

const always: readonly FailureCode[] = [
  'target-ambiguous',
  'header-invalid',
  'header-duplicate',
  'rate-limited',
  'internal',
  'backend-error',
  'upstream-refused',
  'upstream-reset',
  'upstream-protocol',
  'upstream-unavailable',
  'overloaded',
  'draining',
  'upstream-connect-timeout',
  'upstream-timeout',
  'upstream-deadline',
]

function codesOf({ allow, query, body, lists, when, everywhere, answer, gone, own }: Rule): readonly FailureCode[] {
  if (gone !== undefined) return ['gone']
  const isKnown = allow.kind !== 'public'
  const isScoped = lists.length > 0 || everywhere !== undefined || answer.some(({ act }) => act === 'refuse')
  const known: readonly FailureCode[] = [
    'credentials-missing',
    'credentials-invalid',
    'too-many-failures',
    'store-unavailable',
  ]
  const bodied: readonly FailureCode[] = [
    'body-unreadable',
    'body-too-large',
    'media-type-unsupported',
    'request-timeout',
  ]
  return [
    ...(own === undefined ? always : always.filter((code) => !code.startsWith('upstream') && code !== 'backend-error')),
    ...(isKnown ? known : []),
    ...(isKnown && (allow.kind === 'any-of' || isScoped || when.length > 0) ? (['permission-denied'] as const) : []),
    ...(isScoped ? (['list-denied', 'scope-unreadable'] as const) : []),
    ...(query.kind === 'declared' ? (['query-invalid'] as const) : []),
    ...(body.kind === 'none' ? (['body-not-expected'] as const) : bodied),
    ...(body.kind === 'none' || body.kind === 'stream' ? [] : (['body-invalid'] as const)),
  ]
}

export function failureResponses(rule: Rule): Readonly<Record<string, unknown>> {
  const byStatus = Map.groupBy(codesOf(rule), (code) => catalogue[code].status)
  return Object.fromEntries(
    [...byStatus]
      .toSorted(([one], [other]) => one - other)
      .map(([status, codes]) => [status, responseOf(status, [...new Set(codes)])]),
  )
}

const responseOf = (status: number, codes: readonly FailureCode[]) => ({
  description: codes.map((code) => `\`${code}\`: ${catalogue[code].message}`).join('; '),
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Failure' } } },
  ...(status === 429 || status === 503
    ? { headers: { 'Retry-After': { description: 'whole seconds', schema: { type: 'integer', minimum: 1 } } } }
    : {}),
})
