/** Words for messages: what was meant, and what may stand here. */

/** The word of `known` that `text` most likely was meant to be: at most a third of it is different. */
export function nearest(text: string, known: Iterable<string>): string | undefined {
  if (text.length > 100) return undefined
  const lower = text.toLowerCase()
  let best: { readonly word: string; readonly distance: number } | undefined
  for (const word of known) {
    const distance = editDistance(lower, word.toLowerCase())
    if (distance <= Math.max(1, Math.floor(word.length / 3)) && (best === undefined || distance < best.distance)) {
      best = { word, distance }
    }
  }
  return best?.word
}

/** Insertions, deletions, replacements and swaps of neighbours that make `b` of `a`. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1)
      row.push(least)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}

/** What to do about a word that is not one of `known`. */
export function remedyFor(text: string, known: Iterable<string>): string {
  const words = [...known]
  const meant = nearest(text, words)
  if (meant !== undefined) return `did you mean ${quoted(meant)}?`
  if (words.length === 0) return 'remove it'
  return words.length <= 24
    ? `known here: ${words.map(quoted).join(', ')}`
    : 'see policies/README.md for the words known here'
}

const maxShown = 80

/** `text` in backticks, on one line and bounded. */
export function quoted(text: string): string {
  // oxlint-disable-next-line no-control-regex -- a message is one line whatever the file holds
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029`]/g, '?')
  return `\`${clean.length > maxShown ? `${clean.slice(0, maxShown)}…` : clean}\``
}

/** `a`, `a or b`, `a, b or c`. */
export function either(words: readonly string[]): string {
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`
}
