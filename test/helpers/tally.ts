/** How many rows of a table are held, told by the tests that ran them; `tally-report.ts` adds them up at the end. */
import { appendFileSync } from 'node:fs'
import { inject } from 'vitest'

interface Named {
  readonly id: string
  readonly why: string
}

export interface Tally {
  /** `hostile rows`, … */
  readonly what: string
  readonly held: number
  /** All rows, those that do not apply among them. */
  readonly total: number
  readonly notApplicable: readonly Named[]
  /** Rows that apply and are not held. */
  readonly open: readonly Named[]
  readonly cases: number
}

export function tally(told: Tally): void {
  appendFileSync(inject('tallyFile'), `${JSON.stringify(told)}\n`)
}

declare module 'vitest' {
  export interface ProvidedContext {
    tallyFile: string
  }
}
