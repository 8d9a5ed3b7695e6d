/** Matches a path to a route as echo does: static before parameter, with backtracking, on the path as it was sent. */

export type Params = Readonly<Record<string, string>>

interface Match<T> {
  readonly handler: T
  readonly params: Params
}

interface Node<T> {
  readonly statics: Map<string, Node<T>>
  param: { readonly name: string; readonly node: Node<T> } | undefined
  readonly handlers: Map<string, T>
  readonly names: Map<string, readonly string[]>
}

export interface Router<T> {
  add(method: string, pattern: string, handler: T): void
  find(method: string, path: string): Match<T> | undefined
}

export function createRouter<T>(): Router<T> {
  const root = createNode<T>()

  function add(method: string, pattern: string, handler: T): void {
    let node = root
    const names: string[] = []
    for (const segment of pattern.slice(1).split('/')) {
      if (segment.startsWith(':')) {
        names.push(segment.slice(1))
        node.param ??= { name: segment, node: createNode<T>() }
        node = node.param.node
      } else {
        const next: Node<T> = node.statics.get(segment) ?? createNode<T>()
        node.statics.set(segment, next)
        node = next
      }
    }
    node.handlers.set(method, handler)
    node.names.set(method, names)
  }

  function find(method: string, path: string): Match<T> | undefined {
    const segments = canonical(path).slice(1).split('/')
    const values: string[] = []
    const found = walk(root, segments, 0, method, values)
    if (found === undefined) return undefined
    const names = found.names.get(method) ?? []
    const params = Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']))
    const handler = found.handlers.get(method)
    return handler === undefined ? undefined : { handler, params }
  }

  return { add, find }
}

function createNode<T>(): Node<T> {
  return { statics: new Map(), param: undefined, handlers: new Map(), names: new Map() }
}

function walk<T>(
  node: Node<T>,
  segments: readonly string[],
  at: number,
  method: string,
  values: string[],
): Node<T> | undefined {
  const segment = segments[at]
  if (segment === undefined) return node.handlers.has(method) ? node : undefined
  const next = node.statics.get(segment)
  const found = next && walk(next, segments, at + 1, method, values)
  if (found !== undefined) return found
  if (node.param === undefined || segment === '') return undefined
  const leaf = node.param.node
  // A parameter under which no longer route exists swallows the rest, slashes included.
  const swallows = leaf.statics.size === 0 && leaf.param === undefined
  values.push(swallows ? segments.slice(at).join('/') : segment)
  const end = walk(leaf, segments, swallows ? segments.length : at + 1, method, values)
  if (end === undefined) values.pop()
  return end
}

/** Go matches the decoded path only where the escaping was its own canonical one. */
function canonical(path: string): string {
  if (!path.includes('%')) return path
  try {
    const decoded = decodeURIComponent(path)
    const encoded = encodeURI(decoded).replace(
      /[!'()*#?[\]]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    )
    return encoded === path ? decoded : path
  } catch {
    return path
  }
}
