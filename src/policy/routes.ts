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
  readonly rules: Map<string, Entry>
  readonly rest: Map<string, Entry>
}

interface Entry {
  readonly rule: Rule
  /** Where the parameters stand, by their names; `*` takes the rest. */
  readonly params: readonly (readonly [name: string, at: number])[]
}

const newNode = (): Node => ({ fixed: new Map(), param: undefined, rules: new Map(), rest: new Map() })

const unknown: Match = Object.freeze({ kind: 'unknown' })
const noParams: Readonly<Record<string, string>> = Object.freeze({})

/** Compiles the rules of one policy; the loader has refused duplicates and overlaps. */
export function routeTable(rules: readonly Rule[]): RouteTable {
  const root = newNode()
  for (const rule of rules) insert(root, rule)

  return {
    match(method, segments) {
      const asked = method === 'HEAD' ? 'GET' : method
      const entry = find(root, segments, 0, (node) => node.get(asked))
      if (entry !== undefined) return { kind: 'rule', rule: entry.rule, params: paramsOf(entry, segments) }
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
  const entry: Entry = { rule, params: segments.flatMap((segment, at) => placeOf(segment, at)) }
  for (const segment of segments) {
    if (segment === '*') {
      node.rest.set(rule.method, entry)
      return
    }
    node = segment.startsWith(':') ? (node.param ??= newNode()) : childOf(node, segment)
  }
  node.rules.set(rule.method, entry)
}

function placeOf(segment: string, at: number): Entry['params'] {
  if (segment === '*') return [['*', at]]
  return segment.startsWith(':') ? [[segment.slice(1), at]] : []
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
  pick: (entries: ReadonlyMap<string, Entry>) => Entry | undefined,
): Entry | undefined {
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

function paramsOf({ params: places }: Entry, segments: readonly string[]): Readonly<Record<string, string>> {
  if (places.length === 0) return noParams
  const params: Record<string, string> = {}
  for (const [name, at] of places) params[name] = name === '*' ? segments.slice(at).join('/') : (segments[at] ?? '')
  return params
}
