/** Vitest's global set-up: a file in which tests tell how many rows are held, and the sum at the end of the run. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import type { Tally } from './tally.ts'

export function setup(project: TestProject): () => void {
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-tally-'))
  const file = path.join(folder, 'tally.jsonl')
  writeFileSync(file, '')
  project.provide('tallyFile', file)
  return () => {
    const told = readFileSync(file, 'utf8').split('\n').filter(Boolean)
    rmSync(folder, { recursive: true, force: true })
    for (const line of report(told.map((each) => JSON.parse(each) as Tally))) console.log(line)
  }
}

/** In the order of the tables: ways in, the store, backends that fail. */
const order: readonly string[] = ['hostile rows', 'store rows', 'fault rows']

export function report(tallies: readonly Tally[]): readonly string[] {
  const sorted = tallies.toSorted((one, other) => order.indexOf(one.what) - order.indexOf(other.what))
  const lines = sorted.flatMap(({ what, held, total, notApplicable, open, cases }) => [
    `${what} held ${held} / ${total - notApplicable.length}, not applicable ${notApplicable.length}, in all ${total} (${cases} cases)`,
    ...notApplicable.map(({ id, why }) => `  ${id} does not apply: ${why}`),
    ...open.map(({ id, why }) => `  ${id} is NOT held: ${why}`),
  ])
  if (sorted.length < order.length) return lines
  const sum = (of: (tally: Tally) => number): number => sorted.reduce((all, each) => all + of(each), 0)
  const applying = sum(({ total, notApplicable }) => total - notApplicable.length)
  // Of the faults three ids of the certificates (F27, F28, F29) are one row of the list that these tables come from.
  return [
    ...lines,
    `all rows held ${sum(({ held }) => held)} / ${applying}, not applicable ${sum(({ notApplicable }) => notApplicable.length)}, in all ${sum(({ total }) => total)} (F27 to F29 counted as one: ${sum(({ total }) => total) - 2})`,
  ]
}
