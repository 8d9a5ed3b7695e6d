/** Makes cases of one parsed case file. */
import { check, checkSections } from '../config/check.ts'
import { deepFreeze } from '../config/freeze.ts'
import { reportOn, type Report } from '../config/report.ts'
import { quoted, remedyFor } from '../config/suggest.ts'
import { placeAt, treeAt, type Path, type Tree } from '../config/tree.ts'
import type { FoundThings } from '../model/decision.ts'
import { type ListId, listIdFrom } from '../model/ids.ts'
import type { Problem } from '../model/problem.ts'
import {
  caseSchema,
  casesSchema,
  type Case,
  type CaseFile,
  type CaseWords,
  type StoredWords,
} from './cases-language.ts'
import { compileRoles, type Roles } from './compile-roles.ts'
import type { PolicySet } from './rule.ts'

/** The file's cases, or nothing with the mistakes in `problems`. */
export function compileCases(tree: Tree, set: PolicySet, problems: Problem[]): readonly CaseFile[] {
  const before = problems.length
  const report = reportOn(tree, problems)
  const words = checkSections(tree, casesSchema, report)
  const policy = words.policy ?? onlyPolicy(set, report)
  const permissions = set.policies.get(policy)?.permissions ?? new Set()
  if (!set.policies.has(policy) && words.policy !== undefined) {
    report.add(['policy'], `there is no policy ${quoted(policy)}`, remedyFor(policy, set.policies.keys()))
  }
  const own = compileRoles(words.roles ?? {}, permissions, tree, report, ['roles'])
  const roles: Roles = {
    userRoles: new Map([...set.userRoles, ...own.userRoles]),
    listRoles: new Map([...set.listRoles, ...own.listRoles]),
  }
  const resources = set.policies.get(policy)?.resources
  checkNames(Object.keys(words.stored ?? {}), resources, ['stored'], report, 'resource')
  const items = treeAt(tree, ['cases'])
  const cases = (items?.kind === 'list' ? items.items : []).flatMap((item, index) => {
    const path = ['cases', index]
    // Checked above with the whole file: here only what is right is taken.
    const found = check(item, caseSchema, reportOn(item, []))
    if (found === undefined) return []
    checkNames(Object.keys(found.stored ?? {}), resources, [...path, 'stored'], report, 'resource')
    return [caseFrom(found, roles, words.stored, tree, path, report)]
  })
  if (problems.length > before) return []
  return [deepFreeze({ file: tree.at.file, policy, roles, partial: words.partial, cases })]
}

/** A folder with one policy need not name it. */
function onlyPolicy(set: PolicySet, report: Report): string {
  const [first = '', ...others] = set.policies.keys()
  if (others.length > 0)
    report.add([], '`policy` is missing', `name one of ${[first, ...others].map(quoted).join(', ')}`)
  return first
}

function caseFrom(words: CaseWords, roles: Roles, stored: StoredWords, tree: Tree, path: Path, report: Report): Case {
  const space = words.ask.indexOf(' ')
  const as =
    words.as === 'anonymous'
      ? ({ kind: 'anonymous' } as const)
      : ({ kind: 'roles', roles: words.as.roles ?? [], listRoles: words.as.list_roles ?? [] } as const)
  if (as.kind === 'roles') {
    checkNames(as.roles, roles.userRoles, [...path, 'as', 'roles'], report)
    checkNames(as.listRoles, roles.listRoles, [...path, 'as', 'list_roles'], report)
  }
  return {
    name: words.name,
    as,
    ask: { method: words.ask.slice(0, space), target: words.ask.slice(space + 1) },
    body: words.body,
    headers: words.headers ?? {},
    stored: foundIn(stored, words.stored),
    expect: words.expect,
    at: placeAt(tree, path),
  }
}

/** What the file says is stored, and what the case says: where both name a thing, the case is right. */
function foundIn(...words: readonly StoredWords[]): FoundThings {
  const found = new Map<string, Map<string, readonly ListId[] | undefined>>()
  for (const [resource, things] of words.flatMap((each) => Object.entries(each ?? {}))) {
    const known = found.get(resource) ?? new Map<string, readonly ListId[] | undefined>()
    found.set(resource, known)
    for (const [key, lists] of Object.entries(things)) {
      known.set(key.toLowerCase(), lists === 'none' ? undefined : lists.flatMap((id) => listIdFrom(id) ?? []))
    }
  }
  return found
}

function checkNames(
  names: readonly string[],
  known: ReadonlyMap<string, unknown> | undefined,
  path: Path,
  report: Report,
  what: 'role' | 'resource' = 'role',
): void {
  for (const [index, name] of names.entries()) {
    // Without its policy nobody knows; that is told elsewhere.
    if (known?.has(name) ?? true) continue
    // Roles stand in a list, resources are keys.
    const at = what === 'role' ? [...path, index] : [...path, name]
    report.add(at, `there is no ${what} ${quoted(name)}`, remedyFor(name, known?.keys() ?? []))
  }
}
