/** One rule as an operation. Pure. */
import { formatPlace } from '../../model/problem.ts'
import { spanText } from '../../model/time.ts'
import type { ListDemand, Policy, RatePlan, Rule } from '../rule.ts'
import { bodyOf } from './body.ts'
import { failureResponses } from './failures.ts'

export function operationOf(rule: Rule, policy: Policy, plan: RatePlan): Readonly<Record<string, unknown>> {
  const rate = plan.classes.get(rule.limit)
  const body = bodyOf(rule.body)
  return {
    operationId: idOf(rule),
    summary: rule.id,
    description: sentences(rule, policy).join(' '),
    ...(rule.allow.kind === 'public' ? { security: [] } : {}),
    ...(rule.gone === undefined ? {} : { deprecated: true }),
    parameters: [...pathParameters(rule), ...queryParameters(rule)],
    ...(body === undefined ? {} : { requestBody: body }),
    responses: {
      ...(rule.gone === undefined ? { '2XX': { description: success(rule) } } : {}),
      ...failureResponses(rule),
    },
    'x-sallyport': {
      rule: formatPlace(rule.at),
      allow: rule.allow.kind === 'any-of' ? rule.allow.permissions : rule.allow.kind,
      limit: {
        class: rule.limit,
        cost: rule.cost,
        ...(rate === undefined ? {} : { limit: rate.limit, window: spanText(rate.windowMs) }),
      },
    },
  }
}

/** `GET /api/lists/:id` as `get_api_lists_id`. */
const idOf = ({ method, path }: Rule): string =>
  `${method}_${path}`
    .toLowerCase()
    .replaceAll('*', 'rest')
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_|_$/g, '')

function success({ own, answer }: Rule): string {
  if (own !== undefined) return 'answered by the gateway'
  return answer.length === 0 ? 'as the backend answers' : 'as the backend answers, less what is out of your reach'
}

function sentences(rule: Rule, { scope }: Policy): readonly string[] {
  const { allow, lists, everywhere, when } = rule
  const needs = allow.kind === 'any-of' ? [`Takes ${allow.permissions.map((each) => `\`${each}\``).join(' or ')}.`] : []
  return [
    ...(rule.gone === undefined ? [] : [`No longer offered: ${rule.gone}.`]),
    ...(allow.kind === 'public' ? ['For anybody.'] : needs),
    ...lists.map((demand) => `Judged by lists: ${placeOf(demand)} needs ${demand.need}.`),
    ...(everywhere === undefined
      ? []
      : [`Only for holders of \`${scope[everywhere].all}\`: its effect knows no list.`]),
    ...when.flatMap(({ name, allow: more }) =>
      more.length === 0 ? [] : [`\`${name}\` takes ${more.map((each) => `\`${each}\``).join(' or ')} too.`],
    ),
  ]
}

function placeOf(demand: ListDemand): string {
  switch (demand.in) {
    case 'path':
      return `\`${demand.name}\` in the path`
    case 'query':
      return `\`${demand.name}\` in the query`
    case 'body':
      return `\`${demand.name}\` in the body`
    case 'part':
      return `\`${demand.name}\` in the part \`${demand.part ?? ''}\``
    case 'stored':
      return `the lists of the ${demand.resource}`
  }
}

const listId = { type: 'integer', minimum: 1, maximum: 2_147_483_647 } as const

function pathParameters({ path, lists }: Rule) {
  const ids = new Set(
    lists.flatMap((demand) => {
      if (demand.in === 'path') return [demand.name]
      return demand.in === 'stored' && demand.id.in === 'path' ? [demand.id.name] : []
    }),
  )
  const names = [...path.matchAll(/:([A-Za-z0-9_]+)/g)].map(([, name = '']) => name)
  const rest = path.endsWith('*') ? ['rest'] : []
  return [...names, ...rest].map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: ids.has(name) ? listId : { type: 'string', minLength: 1 },
  }))
}

function queryParameters({ query }: Rule) {
  if (query.kind === 'any') return []
  return [...query.parameters].map(([name, type]) => {
    const item = type === 'id' || type === 'ids' ? listId : { type: 'string' }
    const isMany = type === 'ids' || type === 'many'
    return {
      name,
      in: 'query',
      required: false,
      schema: isMany ? { type: 'array', items: item } : item,
      ...(isMany ? { style: 'form', explode: true } : {}),
    }
  })
}
