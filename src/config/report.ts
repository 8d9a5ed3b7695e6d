/** Collects the mistakes of one file: a path and words in, a `Problem` with its line out. */
import type { Problem } from '../model/problem.ts'
import { dotted, placeAt, type Path, type Tree } from './tree.ts'

export interface Report {
  readonly problems: Problem[]
  /** Notes a mistake at `path`, counted from where this report looks. */
  add(path: Path, message: string, remedy: string): void
  /** The same report, looking from `path` on. */
  from(path: Path): Report
}

export function reportOn(tree: Tree, problems: Problem[] = [], base: Path = []): Report {
  return {
    problems,
    add(path, message, remedy) {
      const whole = [...base, ...path]
      problems.push({ ...placeAt(tree, whole), key: dotted(whole), message, remedy })
    },
    from: (path) => reportOn(tree, problems, [...base, ...path]),
  }
}
