/** Reads a folder of policies from the disk. */
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { readDocument } from '../config/document.ts'
import { Problems, type Problem } from '../model/problem.ts'
import { byPlace } from './compile.ts'
import { compileCases } from './compile-cases.ts'
import { compileFiles, problemOf, type ReadFile } from './compile-files.ts'
import type { CaseFile } from './cases-language.ts'
import type { PolicySet } from './rule.ts'

/** Loads every `*.yaml` of the folder, in the order of their names. Throws `Problems` with every mistake of every file. */
export async function loadPolicies(dir: string): Promise<PolicySet> {
  const problems: Problem[] = []
  const files = await readFolder(dir, problems)
  return compileFiles(nameOf(dir), files, problems)
}

/** Loads `cases/*.yaml` of the folder; names of roles and policies are judged by `set`. No folder is no cases. */
export async function loadCases(dir: string, set: PolicySet): Promise<readonly CaseFile[]> {
  const problems: Problem[] = []
  const files = await readFolder(join(dir, 'cases'), problems, `${nameOf(dir)}/cases`, 'may be missing')
  const cases = files.flatMap(({ tree }) => (tree === undefined ? [] : compileCases(tree, set, problems)))
  if (problems.length > 0) throw new Problems(problems.toSorted(byPlace))
  return cases
}

/** What messages and decisions call the folder: its own name, so that they read the same on every machine. */
const nameOf = (dir: string): string => basename(dir) || dir

async function readFolder(
  dir: string,
  problems: Problem[],
  label = nameOf(dir),
  missing?: 'may be missing',
): Promise<readonly ReadFile[]> {
  const entries = await readdir(dir).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    if (code !== 'ENOENT' || missing === undefined) {
      problems.push(
        problemOf(label, `cannot be read (${code})`, 'check that the folder is there and that this user may read it'),
      )
    }
    return []
  })
  const files: ReadFile[] = []
  for (const name of entries.toSorted((a, b) => (a < b ? -1 : 1))) {
    // A rule that nobody reads would be missed only when it is needed.
    if (name.endsWith('.yml')) problems.push(problemOf(`${label}/${name}`, 'ends in `.yml`', 'name it `.yaml`'))
    if (!name.endsWith('.yaml') || name.startsWith('.')) continue
    const document = await readDocument(join(dir, name), `${label}/${name}`)
    problems.push(...document.problems)
    files.push({ name, tree: document.tree, text: document.text })
  }
  return files
}
