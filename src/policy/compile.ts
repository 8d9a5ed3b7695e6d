/** Makes a policy set of parsed files. Pure: trees in, the frozen set or every mistake out. */
import { checkSections } from '../config/check.ts'
import { deepFreeze } from '../config/freeze.ts'
import { reportOn, type Report } from '../config/report.ts'
import { quoted, remedyFor } from '../config/suggest.ts'
import { placeAt, treeAt, type Tree } from '../config/tree.ts'
import { decodeEscapes } from '../model/pairs.ts'
import { formatPlace, Problems, type Place, type Problem } from '../model/problem.ts'
import { checkRateClass, compileLimits, rateClassesOf } from './compile-limits.ts'
import { compileRoles } from './compile-roles.ts'
import { compileRoute, routeKey, type RouteContext } from './compile-route.ts'
import { limitsSchema, rolesSchema } from './language-roles.ts'
import { backendSchema, type BackendWords } from './language.ts'
import type { ListScope, Policy, PolicySet, Resource, Rule } from './rule.ts'
import type { PolicySource } from './source.ts'

/** What a folder holds, read but not judged. */
export interface PolicyDocuments {
  readonly backends: readonly Tree[]
  readonly roles: Tree | undefined
  readonly limits: Tree | undefined
  /** Files that are there and are no YAML: what they may have declared is not missed elsewhere. */
  readonly unread?: readonly string[]
  readonly sources?: readonly PolicySource[]
}

/** The files of a folder that are no backend. */
export const ownFiles: readonly string[] = ['roles.yaml', 'limits.yaml']

/** Throws `Problems` with every mistake of every file; `before` are those found while reading. */
export function compilePolicySet(documents: PolicyDocuments, before: readonly Problem[] = []): PolicySet {
  const problems: Problem[] = [...before]
  const empty: Tree = { kind: 'map', at: { file: 'policies', line: 1 }, entries: new Map() }

  const limitsTree = documents.limits ?? empty
  const limitsReport = reportOn(limitsTree, problems)
  const limits = compileLimits(checkSections(limitsTree, limitsSchema, limitsReport), limitsReport)
  const unread = documents.unread ?? []
  // One mistake is one message, here and below: names that stand in what is wrong itself are not judged where they are used.
  const arePlansWrong = problems.some(({ file, key }) => file === limitsTree.at.file && key.startsWith('plans'))
  const classes = unread.includes('limits.yaml') || arePlansWrong ? everything : rateClassesOf(limits)

  const backends = documents.backends.map((tree) => ({
    tree,
    words: checkSections(tree, backendSchema, reportOn(tree, problems)),
  }))
  const policies = new Map<string, Policy>()
  for (const { tree, words } of backends) {
    const report = reportOn(tree, problems)
    const policy = compileBackend(tree, words, classes, report)
    if (policy === undefined) continue
    if (policies.has(policy.name))
      report.add(['policy'], `another file holds the policy ${quoted(policy.name)}`, 'give each its own name')
    policies.set(policy.name, policy)
  }

  const isEveryPermissionKnown =
    unread.every((name) => ownFiles.includes(name)) && backends.every(({ words }) => words.permissions !== undefined)
  const permissions = isEveryPermissionKnown
    ? new Set(backends.flatMap(({ words }) => words.permissions ?? []))
    : everything
  const rolesTree = documents.roles ?? empty
  const rolesReport = reportOn(rolesTree, problems)
  const roles = compileRoles(checkSections(rolesTree, rolesSchema, rolesReport), permissions, rolesTree, rolesReport)

  if (problems.length > 0) throw new Problems(problems.toSorted(byPlace))
  return deepFreeze({ policies, ...roles, limits, sources: documents.sources ?? [] })
}

/** In the order of a reader: file, then line. */
export function byPlace(a: Place, b: Place): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.line - b.line
}

/** The policy, also when some of it is wrong (then `report` says what); `undefined` when what all else hangs on is missing. */
function compileBackend(
  tree: Tree,
  words: Partial<BackendWords>,
  rateClasses: ReadonlySet<string>,
  report: Report,
): Policy | undefined {
  const resources = compileResources(words, report)
  const permissions = words.permissions === undefined ? everything : new Set(words.permissions)
  const scope = words.scope === undefined ? undefined : compileScope(words.scope, permissions, report)
  const known = {
    permissions,
    resources:
      words.resources === undefined && treeAt(tree, ['resources']) !== undefined
        ? everything
        : new Set(resources.keys()),
    byEmail: new Set([...resources.values()].flatMap(({ name, key }) => (key === 'email' ? [name] : []))),
  }
  const context: RouteContext = { known, groups: words.parameters ?? {} }
  const rules = compileRoutes(tree, words.routes ?? {}, context, rateClasses, report)
  if (words.policy === undefined || scope === undefined) return undefined
  const refused = words.credential_refused
  const names = words.names && { ...words.names, from: words.names.from.slice('GET '.length) }
  return { name: words.policy, permissions, scope, names, resources, rules, credentialRefused: refused }
}

const everything: ReadonlySet<string> = Object.assign(new Set<string>(), { has: () => true })

function compileScope(words: BackendWords['scope'], permissions: ReadonlySet<string>, report: Report): ListScope {
  for (const need of ['get', 'manage'] as const) {
    const { all } = words[need]
    if (!permissions.has(all)) {
      report.add(
        ['scope', need, 'all'],
        `the permission ${quoted(all)} is not among \`permissions\``,
        remedyFor(all, permissions),
      )
    }
  }
  return { get: words.get, manage: words.manage, partial: words.partial ?? 'refuse', none: words.none }
}

function compileResources(words: Partial<BackendWords>, report: Report): ReadonlyMap<string, Resource> {
  const entries = Object.entries(words.resources ?? {})
  for (const [name, { from }] of entries) {
    if (decodeEscapes(from) === undefined)
      report.add(['resources', name, 'from'], 'holds an escape that is not UTF-8', 'write `%25` for a percent sign')
  }
  return new Map(
    entries.map(
      ([name, { from, lists, absent }]) =>
        [name, { name, from: from.slice('GET '.length), key: keyOf(from), lists, absent }] as const,
    ),
  )
}

const keyOf = (from: string): Resource['key'] => (from.includes('{email}') ? 'email' : 'id')

function compileRoutes(
  tree: Tree,
  routes: BackendWords['routes'],
  context: RouteContext,
  rateClasses: ReadonlySet<string>,
  report: Report,
): readonly Rule[] {
  const rules: Rule[] = []
  const shapes = new Map<string, Place>()
  const all = treeAt(tree, ['routes'])
  // Keys are judged also where the route itself is wrong.
  for (const id of all?.kind === 'map' ? all.entries.keys() : []) {
    const here = report.from(['routes', id])
    const at = placeAt(tree, ['routes', id])
    const key = routeKey(id, here)
    if (key === undefined) continue
    const first = shapes.get(key.shape)
    if (first !== undefined)
      here.add([], `matches the same requests as the route at ${formatPlace(first)}`, 'keep one of them')
    shapes.set(key.shape, first ?? at)
    const route = routes[id]
    if (route === undefined) continue
    const rule = compileRoute(id, key, at, route, context, here)
    checkRateClass(rule.limit, rateClasses, here)
    rules.push(rule)
  }
  return rules
}
