/** CSV as Go's encoding/csv writes and reads it. */

/** One line with its line feed. */
export function csvRow(fields: readonly string[]): string {
  return fields.map(quoted).join(',') + '\n'
}

function quoted(field: string): string {
  if (field === '' || !/["\r\n,]|^\s|^\\\.$/.test(field)) return field
  return `"${field.replaceAll('"', '""')}"`
}

/** The records of `text`; lines that are empty are skipped. */
export function parseCsv(text: string, delimiter: string): string[][] {
  const records: string[][] = []
  let record: string[] = []
  let at = 0
  while (at < text.length) {
    let field = ''
    if (text[at] === '"') {
      const [value, end] = quotedField(text, at + 1)
      field = value
      at = end
    } else {
      while (at < text.length && text[at] !== delimiter && text[at] !== '\n') field += text[at++] ?? ''
    }
    record.push(field.replace(/\r$/, ''))
    const isEnd = at >= text.length || text[at] === '\n'
    at++
    if (!isEnd) {
      // A delimiter as the last character is followed by one more empty field.
      if (at >= text.length) record.push('')
      else continue
    }
    if (record.length > 1 || record[0] !== '') records.push(record)
    record = []
  }
  return records
}

function quotedField(text: string, start: number): [value: string, end: number] {
  let value = ''
  let at = start
  while (at < text.length) {
    if (text[at] === '"' && text[at + 1] !== '"') break
    if (text[at] === '"') at++
    value += text[at++] ?? ''
  }
  at++
  while (at < text.length && text[at] === '\r') at++
  return [value, at]
}
