/** Fills `${NAME}` and `${NAME:-otherwise}` into texts of a parsed file: after parsing, so that no value can become structure. */
import type { Problem } from '../model/problem.ts'
import { nearest, quoted } from './suggest.ts'
import { dotted, type Path, type ScalarTree, type Tree } from './tree.ts'

export type Environment = Readonly<Record<string, string | undefined>>

const opening = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g

/** The tree with its variables filled in; `$${` is a literal `${`. Unknown variables and unclosed ones are problems. */
export function fillVariables(tree: Tree, env: Environment, problems: Problem[], path: Path = []): Tree {
  if (tree.kind === 'list') {
    return { ...tree, items: tree.items.map((item, index) => fillVariables(item, env, problems, [...path, index])) }
  }
  if (tree.kind === 'scalar') return fillScalar(tree, env, problems, path)
  const entries = [...tree.entries].map(
    ([key, entry]) =>
      [key, { at: entry.at, value: fillVariables(entry.value, env, problems, [...path, key]) }] as const,
  )
  return { ...tree, entries: new Map(entries) }
}

function fillScalar(tree: ScalarTree, env: Environment, problems: Problem[], path: Path): ScalarTree {
  if (typeof tree.value !== 'string' || !tree.value.includes('${')) return tree
  const refuse = (message: string, remedy: string): string => {
    problems.push({ ...tree.at, key: dotted(path), message, remedy })
    return ''
  }
  const value = tree.value.replace(
    opening,
    (found: string, name: string | undefined, otherwise: string | undefined) => {
      if (found === '$${') return '${'
      if (name === undefined)
        return refuse('has a `${` that is not `${NAME}` or `${NAME:-otherwise}`', 'write `$${` for a literal `${`')
      const given = Object.hasOwn(env, name) ? env[name] : undefined
      // As in a shell, `:-` also stands in for an empty variable.
      if (given !== undefined && (given !== '' || otherwise === undefined)) return given
      if (otherwise !== undefined) return otherwise
      const meant = nearest(name, Object.keys(env))
      const hint = meant === undefined ? '' : `; did you mean ${quoted(meant)}?`
      return refuse(
        `the environment variable ${quoted(name)} is not set`,
        `set it, or write \`\${${name}:-otherwise}\`${hint}`,
      )
    },
  )
  return { ...tree, value, source: 'variable' }
}
