/** Reads the one credential of a request: RFC 7617 to the letter, and the backend's own `token user:token`. */
import { isUtf8 } from 'node:buffer'
import type { AuthMethod } from '../model/identity.ts'

export type CredentialReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'credential'; readonly name: string; readonly secret: string; readonly method: AuthMethod }
  /** Something is there that is no credential. Whose it might be is not told: people put secrets where names belong. */
  | { readonly kind: 'malformed' }

/** Which forms beyond `Basic` and `token` a tenant takes. */
export interface HeaderRule {
  readonly bearer: boolean
  readonly apiKey: boolean
}

/** Longer values are refused before anything of them is decoded (B08). */
const maxCredentialLength = 1024

/** The credential of a request that has at most one `Authorization` and at most one `X-API-Key`. */
export function readCredential(
  authorization: string | undefined,
  apiKey: string | undefined,
  rule: HeaderRule,
): CredentialReading {
  // As the backend does: an empty header counts as none.
  const hasAuthorization = authorization !== undefined && authorization !== ''
  if (rule.apiKey && apiKey !== undefined && apiKey !== '') {
    return hasAuthorization ? malformed : split(plainText(apiKey), 'api-key')
  }
  return hasAuthorization ? readAuthorization(authorization, rule.bearer) : none
}

const none: CredentialReading = Object.freeze({ kind: 'none' })
const malformed: CredentialReading = Object.freeze({ kind: 'malformed' })

function readAuthorization(value: string, bearer: boolean): CredentialReading {
  if (value.length > maxCredentialLength) return malformed
  const space = value.indexOf(' ')
  if (space === -1) return malformed
  let start = space + 1
  while (value.charCodeAt(start) === 0x20) start++
  const rest = value.slice(start)

  switch (value.slice(0, space).toLowerCase()) {
    case 'basic':
      return split(decodedText(rest), 'basic')
    case 'token':
      return split(plainText(rest), 'token')
    case 'bearer':
      return bearer ? split(plainText(rest), 'bearer') : malformed
    default:
      return malformed
  }
}

/** At the first colon: a secret may hold more of them, a name none (RFC 7617 §2). */
function split(text: string | undefined, method: AuthMethod): CredentialReading {
  if (text === undefined || hasControl(text)) return malformed
  const colon = text.indexOf(':')
  if (colon < 1 || colon === text.length - 1) return malformed
  return { kind: 'credential', name: text.slice(0, colon), secret: text.slice(colon + 1), method }
}

/** Node's base64 reader takes URL-safe letters, blanks, rubbish and wrong padding: only what it would write itself is base64 (B03). */
function decodedText(base64: string): string | undefined {
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.toString('base64') !== base64) return undefined
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}

/** Node hands header bytes over as Latin-1; what is meant is UTF-8. */
function plainText(value: string): string | undefined {
  if (value.length > maxCredentialLength) return undefined
  if (!beyondAscii.test(value)) return value
  const bytes = Buffer.from(value, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}

const beyondAscii = /[\u0080-\uffff]/

/** C0 and DEL, which RFC 7617 §2 forbids in both halves (B07). */
function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code === 0x7f) return true
  }
  return false
}
