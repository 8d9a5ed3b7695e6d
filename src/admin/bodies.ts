/** Reads the bodies of the admin API: JSON that can be read in exactly one way, and nothing else. */
import { refused } from '../model/failure.ts'
import { parseJson } from '../model/json.ts'

/** The most that a body may have; a draft of policies is the largest. */
export const maxBodyBytes = 2 * 1024 * 1024

/** The value in plain JavaScript; throws the Failure `body-unreadable`. */
export function readBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined
  const reading = parseJson(bytes)
  if (reading.kind === 'invalid') {
    throw refused('body-unreadable', { message: `the body cannot be read in exactly one way: ${reading.why}` })
  }
  return JSON.parse(bytes.toString('utf8'))
}
