/** `ETag` and `If-Match` (RFC 9110 §8.8.3, §13.1.1): a version as a strong validator. Pure. */
import { refused } from '../model/failure.ts'

export const etagOf = (version: number): string => `"v${version}"`

/** The version that the header asks for; `undefined` for `*` and for none. Throws a Failure for what no ETag of ours says. */
export function versionAsked(ifMatch: string | undefined): number | undefined {
  const value = ifMatch?.trim()
  if (value === undefined || value === '*') return undefined
  const match = /^"v([0-9]{1,15})"$/.exec(value)
  // An ETag that was never given can match nothing.
  if (match === null) throw refused('precondition-failed')
  return Number(match[1])
}
