/** Tables for people: columns as wide as their widest cell, two spaces between. */
import { stripVTControlCharacters } from 'node:util'

/** One line a row under a line of titles, which `title` may paint; ends with a line break. No rows: only the titles. */
export function formatTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  title: (text: string) => string = (text) => text,
): string {
  const cells = rows.map((row) => row.map(onOneLine))
  const widths = titles.map((text, column) =>
    cells.reduce((most, row) => Math.max(most, (row[column] ?? '').length), text.length),
  )
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return [title(line(titles)), ...cells.map(line)].map((text) => `${text}\n`).join('')
}

/** What people typed (labels) must not move the cursor of who reads it. */
export function onOneLine(cell: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return stripVTControlCharacters(cell).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?')
}
