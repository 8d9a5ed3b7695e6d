/** Reads the `Authorization` header as listmonk does: one API user is known, everything else is refused with its words. */

export interface Credential {
  readonly user: string
  readonly secret: string
}

const wrapped = (text: string): string => `code=400, message=${text}`

interface AuthHeaders {
  readonly authorization: string | undefined
  readonly cookie: string | undefined
}

/** Why the headers are refused, `undefined` where they hold the credential. */
export function refusedBecause(
  { authorization: header, cookie }: AuthHeaders,
  credential: Credential,
): string | undefined {
  // A cookie with this text anywhere in it makes listmonk look at the cookie alone, and there are no sessions here.
  if (cookie?.includes('session=') === true) return 'invalid session'
  const value = (header ?? '').trim()
  if (value === '') return 'invalid session'
  const pair = readPair(value)
  if (pair.problem !== undefined) return wrapped(pair.problem)
  const colon = pair.text.indexOf(':')
  if (colon === -1) return wrapped('api_key:token missing')
  const [user, secret] = [pair.text.slice(0, colon), pair.text.slice(colon + 1)]
  if (user === '' || secret === '') return wrapped('empty `api_key` or `token`')
  return user === credential.user && secret === credential.secret ? undefined : 'invalid API credentials'
}

/** The scheme is a prefix in exact case and needs no space behind it. */
function readPair(value: string): { text: string; problem?: undefined } | { problem: string } {
  const trimmed = (text: string): string => text.replace(/^ +| +$/g, '')
  if (value.startsWith('token')) return { text: trimmed(value.slice('token'.length)) }
  if (!value.startsWith('Basic')) return { problem: 'unknown Authorization scheme' }
  const encoded = trimmed(value.slice('Basic'.length))
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded)) {
    return { problem: 'invalid Base64 value in Basic Authorization header' }
  }
  return { text: Buffer.from(encoded, 'base64').toString('utf8') }
}
