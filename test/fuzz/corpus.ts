/** Inputs on disk: one file a target, one JSON string a line, a character for each byte. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const fileOf = (folder: 'corpus' | 'found', target: string): URL =>
  new URL(`${folder}/${target}.jsonl`, import.meta.url)

/** `corpus`: inputs that each go another way through the code. `found`: those that once broke a property. */
export function readInputs(folder: 'corpus' | 'found', target: string): readonly Buffer[] {
  const file = fileOf(folder, target)
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Buffer.from(JSON.parse(line) as string, 'latin1'))
}

export function writeCorpus(target: string, inputs: readonly Buffer[]): void {
  writeFileSync(fileOf('corpus', target), inputs.map((input) => `${shown(input)}\n`).join(''))
}

/** ASCII only, so that editors and diffs show what is there. */
export const shown = (input: Buffer): string =>
  JSON.stringify(input.toString('latin1')).replaceAll(
    /[\u007f-\u00ff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
