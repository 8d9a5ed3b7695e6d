/** E-mail addresses that may name a subscriber in a look-up, also inside an SQL literal of the backend's. */

/**
 * One dot-atom and a host name (RFC 5321 §4.1.2), less what means anything in SQL, in its drivers, or in a pattern:
 * quotes, backslash, percent, dollar, question mark, asterisk, slash, braces. `--` stands in host names only (`xn--`).
 */
const atom = '[a-z0-9!#&+=^_|~](?:-?[a-z0-9!#&+=^_|~])*-?'
const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const address = new RegExp(`^(?=[^@]{1,64}@)-?${atom}(?:\\.-?${atom})*@${label}(?:\\.${label})*$`)
const maxLength = 254

/**
 * The address in lower case, as backends like listmonk keep it; `undefined` for anything else, quoted local parts, address
 * literals and international addresses among them.
 */
export function parseEmail(text: string): string | undefined {
  // Before lower-casing: U+212A (the Kelvin sign) becomes an ASCII `k`.
  if (text.length > maxLength || !/^[\x21-\x7e]+$/.test(text)) return undefined
  const lower = text.toLowerCase()
  return address.test(lower) ? lower : undefined
}
