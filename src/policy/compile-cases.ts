/** Makes cases of one parsed case file. */
import { check, checkSections } from '../config/check.ts'
import { deepFreeze } from '../config/freeze.ts'
import { reportOn, type Report } from '../config/report.ts'
import { quoted, remedyFor } from '../config/suggest.ts'
import { placeAt, treeAt, type Path, type Tree } from '../config/tree.ts'
import type { Problem } from '../model/problem.ts'
import { caseSchema, casesSchema, type Case, type CaseFile, type CaseWords } from './cases-language.ts'
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
  const items = treeAt(tree, ['cases'])
  const cases = (items?.kind === 'list' ? items.items : []).flatMap((item, index) => {
    const path = ['cases', index]
    // Checked above with the whole file: here only what is right is taken.
    const found = check(item, caseSchema, reportOn(item, []))
    return found === undefined ? [] : [caseFrom(found, roles, tree, path, report)]
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

function caseFrom(words: CaseWords, roles: Roles, tree: Tree, path: Path, report: Report): Case {
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
    expect: words.expect,
    at: placeAt(tree, path),
  }
}

function checkNames(names: readonly string[], known: ReadonlyMap<string, unknown>, path: Path, report: Report): void {
  for (const [index, name] of names.entries()) {
    if (!known.has(name))
      report.add([...path, index], `there is no role ${quoted(name)}`, remedyFor(name, known.keys()))
  }
}
