import { type Failure, refused } from '../../model/failure.ts'

/** Refuses an answer of which nobody can say what in it is in the caller's reach. `why` goes to the log. */
export const unreadable = (why: string): Failure => refused('scope-unreadable', { cause: `the answer: ${why}` })
