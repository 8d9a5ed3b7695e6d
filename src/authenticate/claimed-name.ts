/** The user name that a caller gave, made fit for a log line. */

const maxLength = 200
const ordinary = /^[\x21-\x7e]{1,200}$/
/** Controls, line and paragraph separators, and the invisible ones that turn text around. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
const tokenShaped = /spt_[0-9A-Za-z]{36}/g

/** Without control characters, at most 200 characters, and without tokens: some give theirs where the name belongs. */
export function claimedNameOf(name: string): string {
  const cleaned = ordinary.test(name) ? name : name.replace(unprintable, '').slice(0, maxLength)
  return cleaned.replace(tokenShaped, 'spt_…')
}
