/** Reads the bodies of the admin API: JSON that can be read in exactly one way, and nothing else. */
import { refused } from '../model/failure.ts'
import { parseJson } from '../model/json.ts'
import { parseContentType } from '../scope/content-type.ts'

/** The most that a body may have; a draft of policies is the largest. */
export const maxBodyBytes = 2 * 1024 * 1024

/** The value in plain JavaScript; throws the Failure `body-unreadable`, or `media-type-unsupported` for JSON in another encoding. */
export function readBody(bytes: Buffer, contentType: string | undefined): unknown {
  const type = parseContentType(contentType)
  if (type.kind !== 'type' || (type.charset ?? 'utf-8') !== 'utf-8') throw refused('media-type-unsupported')
  if (bytes.length === 0) return undefined
  const reading = parseJson(bytes)
  if (reading.kind === 'invalid') {
    throw refused('body-unreadable', { message: `the body cannot be read in exactly one way: ${reading.why}` })
  }
  return JSON.parse(bytes.toString('utf8'))
}
