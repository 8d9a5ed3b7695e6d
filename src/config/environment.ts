/** Puts environment variables and flags over the file: `SALLYPORT_UPSTREAM_URL` is `upstream.url`. */
import type { Problem } from '../model/problem.ts'
import { kindsOf, type Shape } from './shape.ts'
import { quoted, remedyFor } from './suggest.ts'
import { treeAt, withoutValue, withValue, type ScalarTree, type Tree } from './tree.ts'
import type { Environment } from './variables.ts'

const prefix = 'SALLYPORT_'
/** Names the file itself; read by `load`. */
export const fileVariable = 'SALLYPORT_CONFIG'

/** What Kubernetes puts into every pod for a Service that is called `sallyport` or `sallyport-admin`; not meant for us. */
const serviceLink =
  /_SERVICE_(?:HOST|PORT(?:_[A-Z0-9_]+)?)$|_PORT(?:_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?$/

/** Variable name → path of every key that one text can hold. Lists of texts are one text with commas; tenants have none. */
export function variablesOf(shape: Shape): ReadonlyMap<string, readonly string[]> {
  return new Map(leavesOf(shape, []).map((path) => [prefix + path.join('_').toUpperCase(), path] as const))
}

function leavesOf(shape: Shape, path: readonly string[]): readonly (readonly string[])[] {
  if (shape.anyOf !== undefined) {
    const inner = shape.anyOf
      .filter((variant) => variant.type === 'object')
      .flatMap((variant) => leavesOf(variant, path))
    return kindsOf(shape).includes('scalar') ? [path, ...inner] : inner
  }
  if (shape.type === 'object') {
    return Object.entries(shape.properties ?? {}).flatMap(([key, inner]) => leavesOf(inner, [...path, key]))
  }
  if (shape.type === 'array') return shape.items?.type === 'string' ? [path] : []
  return [path]
}

/** The tree with what the environment says; an unknown `SALLYPORT_…` is a problem, an empty one is as good as none. */
export function withEnvironment(tree: Tree, env: Environment, shape: Shape, problems: Problem[]): Tree {
  const known = variablesOf(shape)
  let result = tree
  for (const [name, value] of Object.entries(env).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (!name.startsWith(prefix) || name === fileVariable || value === undefined || value === '') continue
    const path = known.get(name)
    const at = { file: `environment ${name}`, line: 0 }
    if (path === undefined && serviceLink.test(name)) continue
    if (path === undefined) {
      problems.push({
        ...at,
        key: '',
        message: `${quoted(name)} is not a known variable`,
        remedy: remedyFor(name, [...known.keys(), fileVariable]),
      })
    } else result = given(result, path, { kind: 'scalar', at, value, shown: value, source: 'environment' })
  }
  return result
}

/** Dotted path → text, as flags of the command line give it. */
export type Overrides = Readonly<Record<string, string | undefined>>

/** The tree with what flags say. A secret on the command line is refused: every user of the machine can read it. */
export function withOverrides(tree: Tree, overrides: Overrides, shape: Shape, problems: Problem[]): Tree {
  const known = new Map([...variablesOf(shape).values()].map((path) => [path.join('.'), path] as const))
  let result = tree
  for (const [key, value] of Object.entries(overrides)) {
    if (value === undefined) continue
    const path = known.get(key)
    const at = { file: 'command line', line: 0 }
    if (path === undefined) {
      problems.push({ ...at, key, message: `${quoted(key)} is not a known key`, remedy: remedyFor(key, known.keys()) })
    } else if (key === 'upstream.credential.token') {
      problems.push({
        ...at,
        key,
        message: 'stands on the command line, where other users can read it',
        remedy: 'use `token_file` or `token_env`',
      })
    } else result = given(result, path, { kind: 'scalar', at, value, shown: value, source: 'flag' })
  }
  return result
}

/** Of each group one key is used: the one given with the higher precedence takes out the others. */
const alternatives: readonly (readonly string[])[] = [
  ['token', 'token_file', 'token_env'],
  ['url', 'urls'],
]

function given(tree: Tree, path: readonly string[], value: ScalarTree): Tree {
  const [last = ''] = path.slice(-1)
  const group = alternatives.find((keys) => keys.includes(last)) ?? []
  const others = group.filter((key) => key !== last)
  const cleared = others.reduce((result, source) => withoutLower(result, [...path.slice(0, -1), source], value), tree)
  return withValue(cleared, path, value)
}

function withoutLower(tree: Tree, path: readonly string[], value: ScalarTree): Tree {
  const here = treeAt(tree, path)
  // Two of them from the same hand stay, and are refused later.
  const isSameHand = here?.kind === 'scalar' && here.source === value.source
  return isSameHand ? tree : withoutValue(tree, path)
}
