/** Searching in names as PostgreSQL does it: full text for `query`, regular expressions for `search`. */
import { bad } from './reply.ts'

/** The English stop words that are likely in a name; full text search does not see them. */
const stopWords: ReadonlySet<string> = new Set(
  'a about after all an and any are as at be been before but by can did do does down for from had has have he her here his how i if in into is it its just me more most my no nor not now of off on once only or other our out over own s same she should so some such t than that the their them then there these they this those through to too under until up very was we were what when where which while who why will with you your'.split(
    ' ',
  ),
)

/** Whether every word of `query` that is no stop word occurs in `text`. A query of stop words alone finds nothing. */
export function matchesFullText(query: string, text: string): boolean {
  const wanted = lexemes(query)
  if (wanted.length === 0) return false
  const found = new Set(lexemes(text))
  return wanted.every((word) => found.has(word))
}

function lexemes(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  return words.filter((word) => !stopWords.has(word)).map(stem)
}

/** The commonest endings only: enough that singular and plural meet. */
function stem(word: string): string {
  return word.length > 3 ? word.replace(/(?:es|ed|ing|s|e)$/, '') : word
}

/** The `search` of subscribers: a case-insensitive regular expression. Refuses a bad one as the database does. */
export function searchPattern(search: string, prefix: string): RegExp {
  try {
    return new RegExp(search, 'i')
  } catch {
    const reason = /[()]/.test(search) ? 'parentheses () not balanced' : 'quantifier operand invalid'
    throw bad(`${prefix}: pq: invalid regular expression: ${reason}`)
  }
}
