/** Pairs in the form of `application/x-www-form-urlencoded`, as queries and form bodies hold them: read in one way, or not at all. */
import { escapeQuery, type QueryPairs } from './target.ts'

/** `why` is one of a few constant phrases: nothing of the request is in it. */
export type PairsReading =
  | { readonly kind: 'pairs'; readonly pairs: QueryPairs }
  | { readonly kind: 'refused'; readonly why: string }

/** Go gives up silently on more than 10,000 pairs, and every filter that was judged is gone (CVE-2026-39825). */
const maxPairs = 100

// oxlint-disable-next-line no-control-regex -- controls are what is looked for
const control = /[\u0000-\u001f\u007f]/
// oxlint-disable-next-line no-control-regex -- controls are what is looked for
const controlInText = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/

/** `lines`: values may hold tabs and line breaks, as the texts of a form do. Names never do. */
export function parsePairs(raw: string, { lines }: { readonly lines: boolean }): PairsReading {
  if (raw === '') return noPairs
  // Go drops a pair with a raw semicolon without a word: the filter that was judged would be gone.
  if (raw.includes(';')) return refused('a semicolon')

  const pieces = raw.split('&', maxPairs + 1)
  if (pieces.length > maxPairs) return refused('more than 100 parameters')
  const pairs: [string, string][] = []
  for (const piece of pieces) {
    const equals = piece.indexOf('=')
    const name = decodeForm(equals === -1 ? piece : piece.slice(0, equals))
    const value = equals === -1 ? '' : decodeForm(piece.slice(equals + 1))
    if (name === undefined || value === undefined) return refused('an escape that is not UTF-8')
    if (name === '') return refused('a parameter without a name')
    if (control.test(name) || (lines ? controlInText : control).test(value)) return refused('a control character')
    pairs.push([name, value])
  }
  return { kind: 'pairs', pairs }
}

const noPairs: PairsReading = Object.freeze({ kind: 'pairs', pairs: Object.freeze([]) })

const refused = (why: string): PairsReading => ({ kind: 'refused', why })

/** The text of decoded pairs, with everything escaped that any reader could take for syntax. */
export const writePairs = (pairs: QueryPairs): string =>
  pairs.map(([name, value]) => `${escapeQuery(name)}=${escapeQuery(value)}`).join('&')

const decodeForm = (text: string): string | undefined =>
  decodeEscapes(text.includes('+') ? text.replaceAll('+', ' ') : text)

/** The text with its escapes decoded once, `undefined` for a bad escape or bytes that are not UTF-8 (overlong and surrogates too). */
export function decodeEscapes(text: string): string | undefined {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
