/** The route table: from method and path to the one rule that speaks for it. */
import type { Rule } from './rule.ts'

export type Match =
  | { readonly kind: 'rule'; readonly rule: Rule; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: 'method-not-allowed'; readonly allow: readonly string[] }
  | { readonly kind: 'unknown' }

export interface RouteTable {
  /** `segments` are decoded; a fixed segment wins over `:name`, which wins over `*`. HEAD is asked as GET. */
  match(method: string, segments: readonly string[]): Match
}

interface Node {
  readonly fixed: Map<string, Node>
  param: Node | undefined
  readonly rules: Map<string, Rule>
  readonly rest: Map<string, Rule>
}

const newNode = (): Node => ({ fixed: new Map(), param: undefined, rules: new Map(), rest: new Map() })

const unknown: Match = Object.freeze({ kind: 'unknown' })
const noParams: Readonly<Record<string, string>> = Object.freeze({})

/** Compiles the rules of one policy; the loader has refused duplicates and overlaps. */
export function routeTable(rules: readonly Rule[]): RouteTable {
  const root = newNode()
  // Paths without a parameter, the most of all requests: one look-up, no walk.
  const exact = new Map<string, Match>()
  for (const rule of rules) {
    insert(root, rule)
    if (!/[:*]/.test(rule.path)) exact.set(`${rule.method} ${rule.path}`, { kind: 'rule', rule, params: noParams })
  }

  return {
    match(method, segments) {
      const asked = method === 'HEAD' ? 'GET' : method
      const known = exact.get(`${asked} /${segments.join('/')}`)
      if (known !== undefined && segments.every((segment) => !segment.includes('/'))) return known
      const rule = find(root, segments, 0, (node) => node.get(asked))
      if (rule !== undefined) return { kind: 'rule', rule, params: paramsOf(rule, segments) }
      const methods = new Set<string>()
      find(root, segments, 0, (node) => {
        for (const each of node.keys()) methods.add(each)
        return undefined
      })
      if (methods.size === 0) return unknown
      if (methods.has('GET')) methods.add('HEAD')
      return { kind: 'method-not-allowed', allow: [...methods].toSorted() }
    },
  }
}

function insert(root: Node, rule: Rule): void {
  let node = root
  const segments = rule.path.slice(1).split('/')
  for (const segment of segments) {
    if (segment === '*') {
      node.rest.set(rule.method, rule)
      return
    }
    node = segment.startsWith(':') ? (node.param ??= newNode()) : childOf(node, segment)
  }
  node.rules.set(rule.method, rule)
}

function childOf(node: Node, segment: string): Node {
  const child = node.fixed.get(segment) ?? newNode()
  node.fixed.set(segment, child)
  return child
}

/** The first rule that `pick` takes, most specific first; goes back where a branch has the path but not the method. */
function find(
  node: Node,
  segments: readonly string[],
  at: number,
  pick: (rules: ReadonlyMap<string, Rule>) => Rule | undefined,
): Rule | undefined {
  const segment = segments[at]
  if (segment === undefined) return pick(node.rules)
  const fixed = node.fixed.get(segment)
  const found = fixed === undefined ? undefined : find(fixed, segments, at + 1, pick)
  if (found !== undefined) return found
  // An empty segment is a trailing slash: a different path, never a parameter.
  if (node.param !== undefined && segment !== '') {
    const deeper = find(node.param, segments, at + 1, pick)
    if (deeper !== undefined) return deeper
  }
  return pick(node.rest)
}

function paramsOf(rule: Rule, segments: readonly string[]): Readonly<Record<string, string>> {
  const params: Record<string, string> = {}
  const names = rule.path.slice(1).split('/')
  for (let i = 0; i < names.length; i += 1) {
    const name = names[i]
    if (name?.startsWith(':')) params[name.slice(1)] = segments[i] ?? ''
    else if (name === '*') params['*'] = segments.slice(i).join('/')
  }
  return params
}
