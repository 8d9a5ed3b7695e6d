/** The query string against what the rule declares. Pure. */
import type { Reading } from '../model/decision.ts'
import { matchComparison, writeComparison } from '../model/comparison.ts'
import { parseListId, type ListId } from '../model/ids.ts'
import { foldKey } from '../model/json.ts'
import type { Alias, QueryShape, QueryType, Rule } from '../policy/rule.ts'

export type Pairs = readonly (readonly [name: string, value: string])[]

/** What is wrong with a query, in one sentence; `undefined` when the rule takes it. */
export function queryProblem(shape: QueryShape, pairs: Pairs): string | undefined {
  if (shape.kind === 'any' || pairs.length === 0) return undefined
  const seen = new Set<string>()
  for (const [name, value] of pairs) {
    const type = shape.parameters.get(name)
    if (type === undefined) return unknownName(shape.parameters, name)
    if (seen.has(name) && (type === 'one' || type === 'id')) return `the parameter \`${name}\` may stand once`
    seen.add(name)
    // An empty value names nothing: the same as if it were not there, and it is not sent on.
    if ((type === 'id' || type === 'ids') && value !== '' && parseListId(value) === undefined) {
      return `the parameter \`${name}\` takes ids in plain decimal (1 to 2147483647)`
    }
    const alias = shape.aliases.get(name)
    const problem = alias === undefined ? undefined : aliasProblem(name, alias, value, pairs)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** An empty value is refused too: it would ask for everybody. */
function aliasProblem(name: string, alias: Alias, value: string, pairs: Pairs): string | undefined {
  const { parameter, comparison } = alias
  if (writeComparison(comparison, value) === undefined)
    return `the parameter \`${name}\` takes one ${nameOf[comparison.value]}`
  return pairs.some(([each]) => each === parameter)
    ? `the parameters \`${name}\` and \`${parameter}\` cannot be used together`
    : undefined
}

const nameOf = { email: 'plain e-mail address', id: 'id', uuid: 'UUID in lower case' } as const

/** The pairs with every alias written as the parameter that it stands for; `queryProblem` has passed them. */
export function writeAliases(shape: QueryShape, pairs: Pairs): Pairs {
  if (shape.kind === 'any' || shape.aliases.size === 0) return pairs
  return pairs.map(([name, value]) => {
    const alias = shape.aliases.get(name)
    return alias === undefined ? [name, value] : [alias.parameter, writeComparison(alias.comparison, value) ?? '']
  })
}

/** The pairs with values that a `when` excepts in canonical spelling. */
export function writeExcepted(rule: Rule, pairs: Pairs): Pairs {
  if (!rule.when.some((when) => when.except.length > 0)) return pairs
  return pairs.map(([name, value]) => {
    const when = rule.when.find((each) => each.in === 'query' && each.name === name && each.except.length > 0)
    return [name, (when === undefined ? undefined : matchComparison(when.except, value)) ?? value]
  })
}

function unknownName(parameters: ReadonlyMap<string, QueryType>, name: string): string {
  const folded = foldKey(name)
  const near = [...parameters.keys()].find((known) => foldKey(known) === folded)
  return near === undefined
    ? 'the query names a parameter that this endpoint does not take'
    : `the parameter is spelt \`${near}\``
}

/** The ids that stand in the parameter `name`; `queryProblem` has passed them. */
export function readQueryIds(pairs: Pairs, name: string): Reading {
  const values = pairs.filter(([each]) => each === name)
  if (values.length === 0) return { kind: 'absent' }
  const ids: ListId[] = []
  for (const [, value] of values) {
    if (value === '') continue
    const id = parseListId(value)
    if (id === undefined) return { kind: 'unreadable', why: `the parameter \`${name}\`` }
    ids.push(id)
  }
  const [first, ...others] = ids
  return first === undefined ? { kind: 'empty' } : { kind: 'lists', ids: [first, ...others] }
}

/** The pairs with exactly `ids` in the parameter `name`, where its first value stood. */
export function writeQueryIds(pairs: Pairs, name: string, ids: readonly number[]): Pairs {
  const at = pairs.findIndex(([each]) => each === name)
  const written = ids.map((id) => [name, String(id)] as const)
  if (at === -1) return [...pairs, ...written]
  return [...pairs.slice(0, at), ...written, ...pairs.slice(at).filter(([each]) => each !== name)]
}
