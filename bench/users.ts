/** The callers of the benchmark. Their tokens follow from their numbers, so that load and gateway agree without a file. */
import { createHash } from 'node:crypto'
import { newToken } from '../src/model/token.ts'

export const userName = (index: number): string => `bench-${index}`

export function userToken(index: number): string {
  let call = 0
  return newToken((n) => createHash('sha512').update(`${index}:${call++}`).digest().subarray(0, n))
}
