/** A file that a person wrote, as plain data with a line for every key and value: what YAML, environment and flags become. */
import type { Place } from '../model/problem.ts'

/** Who gave a value. `variable`: a `${NAME}` in the file that was filled in. */
type Source = 'file' | 'variable' | 'environment' | 'flag'

export interface ScalarTree {
  readonly kind: 'scalar'
  readonly at: Place
  readonly value: string | number | boolean | null
  /** How a message may show it: as the file has it, never with a variable filled in. */
  readonly shown: string
  readonly source: Source
}

export interface MapTree {
  readonly kind: 'map'
  readonly at: Place
  readonly entries: ReadonlyMap<string, { readonly at: Place; readonly value: Tree }>
}

interface ListTree {
  readonly kind: 'list'
  readonly at: Place
  readonly items: readonly Tree[]
}

export type Tree = ScalarTree | MapTree | ListTree
export type Path = readonly (string | number)[]

/** The tree at `path`, or `undefined`. */
export function treeAt(tree: Tree, path: Path): Tree | undefined {
  let here: Tree | undefined = tree
  for (const step of path) here = here === undefined ? undefined : childOf(here, step)
  return here
}

function childOf(tree: Tree, step: string | number): Tree | undefined {
  if (tree.kind === 'map') return tree.entries.get(String(step))?.value
  return tree.kind === 'list' && typeof step === 'number' ? tree.items[step] : undefined
}

/** Where `path` stands: the line of its key, or of the nearest thing around it that is there. */
export function placeAt(tree: Tree, path: Path): Place {
  let here = tree
  let at = tree.at
  for (const step of path) {
    const next = childOf(here, step)
    if (next === undefined) return at
    at = here.kind === 'map' ? (here.entries.get(String(step))?.at ?? next.at) : next.at
    here = next
  }
  return at
}

/** The tree with `value` at `path`; what stands in the way is replaced by maps. */
export function withValue(tree: Tree | undefined, path: readonly string[], value: ScalarTree): Tree {
  const [step, ...rest] = path
  if (step === undefined) return value
  const entries = new Map(tree?.kind === 'map' ? tree.entries : [])
  entries.set(step, { at: value.at, value: withValue(entries.get(step)?.value, rest, value) })
  return { kind: 'map', at: tree?.at ?? value.at, entries }
}

/** The tree without what stands at `path`. */
export function withoutValue(tree: Tree, path: readonly string[]): Tree {
  const [step, ...rest] = path
  if (step === undefined || tree.kind !== 'map') return tree
  const entry = tree.entries.get(step)
  if (entry === undefined) return tree
  const entries = new Map(tree.entries)
  if (rest.length === 0) entries.delete(step)
  else entries.set(step, { at: entry.at, value: withoutValue(entry.value, rest) })
  return { ...tree, entries }
}

/** The tree as JSON would hold it. Keys become own properties, `__proto__` too. */
export function plainFrom(tree: Tree): unknown {
  switch (tree.kind) {
    case 'scalar':
      return tree.value
    case 'list':
      return tree.items.map(plainFrom)
    case 'map':
      return Object.fromEntries([...tree.entries].map(([key, entry]) => [key, plainFrom(entry.value)]))
  }
}

/** `routes.GET /api/lists.when[0].query`. */
export function dotted(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    return text === '' ? step : `${text}.${step}`
  }, '')
}
