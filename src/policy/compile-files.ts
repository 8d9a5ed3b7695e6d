/** Makes a policy set of a folder's files, wherever they were read. Pure. */
import { parseYaml } from '../config/document.ts'
import type { Tree } from '../config/tree.ts'
import type { Problem } from '../model/problem.ts'
import { compilePolicySet, ownFiles } from './compile.ts'
import type { PolicySet } from './rule.ts'

/** A file of the folder. `tree` is `undefined` where it is no YAML. */
export interface ReadFile {
  /** Its name in the folder: `roles.yaml`. */
  readonly name: string
  readonly tree: Tree | undefined
  readonly text: string
}

/** `label` is what messages call the folder. Throws `Problems` with every mistake of every file; `before` are those of reading. */
export function compileFiles(label: string, files: readonly ReadFile[], before: readonly Problem[] = []): PolicySet {
  const problems = [...before]
  const treeOf = (name: string): Tree | undefined => files.find((file) => file.name === name)?.tree
  const backends = files.filter(({ name }) => !ownFiles.includes(name))
  if (backends.length === 0 && problems.length === 0) {
    problems.push(problemOf(label, 'holds no backend file', 'add one, for example `listmonk.yaml`'))
  }
  return compilePolicySet(
    {
      backends: backends.flatMap(({ tree }) => tree ?? []),
      roles: treeOf('roles.yaml'),
      limits: treeOf('limits.yaml'),
      unread: files.flatMap(({ name, tree }) => (tree === undefined ? [name] : [])),
      sources: files.map(({ name, text }) => ({ file: `${label}/${name}`, text })),
    },
    problems,
  )
}

export interface DraftFile {
  readonly name: string
  readonly text: string
}

/** A folder that is nowhere on the disk. Throws `Problems`. */
export function compileDraft(label: string, drafts: readonly DraftFile[]): PolicySet {
  const problems: Problem[] = []
  const files = drafts.map(({ name, text }): ReadFile => {
    const document = parseYaml(text, `${label}/${name}`)
    problems.push(...document.problems)
    return { name, tree: document.tree, text }
  })
  return compileFiles(label, files, problems)
}

export const problemOf = (file: string, message: string, remedy: string): Problem => ({
  file,
  line: 1,
  key: '',
  message,
  remedy,
})
