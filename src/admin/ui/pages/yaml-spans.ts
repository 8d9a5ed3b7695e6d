/** YAML cut into pieces to be coloured: keys, comments, texts, numbers. Not a parser: whatever it sees, all of the text comes out. Pure. */

export interface Span {
  readonly text: string
  readonly kind: 'plain' | 'key' | 'comment' | 'text' | 'number' | 'mark'
}

const pieces =
  /(?<comment>(?:^|(?<=\s))#.*$)|(?<key>(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#:,{}[\]"'][^#:,{}[\]]*?)(?=\s*:(?:\s|$)))|(?<text>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')|(?<number>(?<=[\s:,[{]|^)-?\d+(?:\.\d+)?(?=[\s,\]}]|$))|(?<mark>[{}[\],:|>-](?=[\s{}[\],]|$)|[{}[\],])/g

/** One line of a file. The pieces put together are the line. */
export function yamlSpans(line: string): readonly Span[] {
  const spans: Span[] = []
  let at = 0
  for (const match of line.matchAll(pieces)) {
    if (match.index > at) spans.push({ text: line.slice(at, match.index), kind: 'plain' })
    const kind = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined)?.[0] ?? 'plain'
    spans.push({ text: match[0], kind: kind as Span['kind'] })
    at = match.index + match[0].length
  }
  if (at < line.length) spans.push({ text: line.slice(at), kind: 'plain' })
  return spans
}
