/** A mistake in a file that a person wrote: where it is, what was found, what to do. Loaders collect all of them. */

export interface Place {
  readonly file: string
  /** From 1; 0 where there are no lines (environment variables, flags). */
  readonly line: number
}

export interface Problem extends Place {
  /** The key, as a dotted path; empty for the file itself. */
  readonly key: string
  /** What is wrong, with what was found in backticks. */
  readonly message: string
  readonly remedy: string
}

export const formatPlace = (place: Place): string => (place.line === 0 ? place.file : `${place.file}:${place.line}`)

// oxlint-disable-next-line no-control-regex -- a message is one line whatever the file holds
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

/** One line: `policies/roles.yaml:12: user_roles.reader: … - remedy`. */
export function formatProblem(problem: Problem): string {
  const key = problem.key === '' ? '' : `${problem.key.replaceAll(unprintable, '?')}: `
  return `${formatPlace(problem)}: ${key}${problem.message} - ${problem.remedy}`
}

/** All problems of a load at once; the command line prints one line each and exits with 2. */
export class Problems extends Error {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'))
    this.name = 'Problems'
    this.problems = problems
  }
}
