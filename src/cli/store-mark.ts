/** What was seen last of a store, written beside it: so that a store which was put back as it was earlier is noticed. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import type { TrailEnd } from '../store/examine.ts'

export interface StoreMark extends TrailEnd {
  /** Epoch milliseconds. */
  readonly at: number
}

const markOf = (storeFile: string): string => `${storeFile}.mark`

/** `undefined` where there is none, or none that can be read. */
export async function readMark(storeFile: string): Promise<StoreMark | undefined> {
  try {
    return parseMark(await readFile(markOf(storeFile), 'utf8'))
  } catch {
    return undefined
  }
}

/** In one step: a crash leaves the mark before it, or this one. */
export async function writeMark(storeFile: string, { at, count, lastId, hash }: StoreMark): Promise<void> {
  const file = markOf(storeFile)
  await writeFile(`${file}.new`, `${JSON.stringify({ at, count, lastId, hash })}\n`, { mode: 0o600 })
  await rename(`${file}.new`, file)
}

function parseMark(text: string): StoreMark | undefined {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) return undefined
  const { at, count, lastId, hash } = value as Readonly<Record<string, unknown>>
  const areNumbers = [at, count, lastId].every((each) => Number.isSafeInteger(each))
  if (!areNumbers || typeof hash !== 'string') return undefined
  return { at: Number(at), count: Number(count), lastId: Number(lastId), hash }
}
