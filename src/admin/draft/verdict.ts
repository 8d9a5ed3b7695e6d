/** What is to be said of a draft of policies: every mistake, or what it would decide otherwise. Pure, and slow. */
import { Problems, type Problem } from '../../model/problem.ts'
import { compileDraft, type DraftFile } from '../../policy/compile-files.ts'
import { diffPolicies } from '../../policy/diff.ts'
import type { PolicySet } from '../../policy/rule.ts'

export interface Draft {
  /** What messages call the folder. */
  readonly label: string
  readonly before: readonly DraftFile[]
  readonly after: readonly DraftFile[]
}

export interface DraftVerdict {
  readonly problems: Problem[]
  readonly diff: DraftDiff | null
}

interface DraftDiff {
  readonly is_same: boolean
  readonly opened: number
  readonly closed: number
  readonly different: number
  readonly judged: number
  readonly routes: { readonly route: string; readonly kind: 'added' | 'removed' | 'changed' }[]
}

export function judgeDraft({ label, before, after }: Draft): DraftVerdict {
  try {
    return { problems: [], diff: diffOf(compileDraft(label, before), compileDraft(label, after)) }
  } catch (error) {
    if (!(error instanceof Problems)) throw error
    return {
      problems: error.problems.map(({ file, line, key, message, remedy }) => ({ file, line, key, message, remedy })),
      diff: null,
    }
  }
}

function diffOf(before: PolicySet, after: PolicySet): DraftDiff {
  const { isSame, counts, routes } = diffPolicies(before, after)
  return {
    is_same: isSame,
    opened: counts.opened,
    closed: counts.closed,
    different: counts.different,
    judged: counts.judged,
    routes: routes.map(({ route, kind }) => ({ route, kind })),
  }
}
