/** A JSON parser that fails with the words of Go's encoding/json and knows at which byte each value ends. */

export interface Node {
  readonly kind: 'null' | 'bool' | 'number' | 'string' | 'array' | 'object'
  /** Decoded text of a string, literal text of a number or bool. */
  readonly text: string
  readonly items: readonly Node[]
  /** Every member in order, repeated keys included. */
  readonly members: readonly (readonly [string, Node])[]
  /** What Go reports as the offset when the value has the wrong type: behind a scalar, behind the bracket that opens the rest. */
  readonly offset: number
}

/** `offset` counts bytes read, the bad one included; `undefined` where the text just ended. */
export class GoSyntaxError extends Error {
  readonly offset: number | undefined

  constructor(text: string, offset?: number) {
    super(text)
    this.offset = offset
  }
}

/** The first JSON value of `body`. `strict` refuses anything behind it, as `json.Unmarshal` does and `json.Decoder` does not. */
export function goParse(body: Buffer, strict: boolean): Node {
  const parser = createParser(body.toString('latin1'), strict ? 'unexpected end of JSON input' : 'unexpected EOF')
  if (!strict && body.toString('latin1').trim() === '') throw new GoSyntaxError('EOF')
  const node = parser.value()
  if (strict) parser.end()
  return node
}

const whitespace: ReadonlySet<string> = new Set([' ', '\t', '\r', '\n'])
const plain = { items: [], members: [] } as const
const shorthand: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  '"': '"',
  '\\': '\\',
  '/': '/',
}

function createParser(text: string, ended: string): { value(): Node; end(): void } {
  let at = 0

  function fail(where: string): never {
    const character = text[at]
    if (character === undefined) throw new GoSyntaxError(ended)
    throw new GoSyntaxError(`invalid character ${quoted(character)} ${where}`, at + 1)
  }

  function peek(): string | undefined {
    while (whitespace.has(text[at] ?? '')) at++
    return text[at]
  }

  function value(): Node {
    const character = peek()
    if (character === '{') return object()
    if (character === '[') return array()
    if (character === '"') return { kind: 'string', text: string(), ...plain, offset: at }
    if (character === 't') return literal('true', 'bool')
    if (character === 'f') return literal('false', 'bool')
    if (character === 'n') return literal('null', 'null')
    if (character !== undefined && /[-0-9]/.test(character)) return number()
    return fail('looking for beginning of value')
  }

  function object(): Node {
    const offset = ++at
    const members: (readonly [string, Node])[] = []
    if (peek() === '}') return (at++, { kind: 'object', text: '', items: [], members, offset })
    for (;;) {
      if (peek() !== '"') fail('looking for beginning of object key string')
      const key = string()
      if (peek() !== ':') fail('after object key')
      at++
      members.push([key, value()])
      const next = peek()
      if (next === '}') return (at++, { kind: 'object', text: '', items: [], members, offset })
      if (next !== ',') fail('after object key:value pair')
      at++
    }
  }

  function array(): Node {
    const offset = ++at
    const items: Node[] = []
    if (peek() === ']') return (at++, { kind: 'array', text: '', items, members: [], offset })
    for (;;) {
      items.push(value())
      const next = peek()
      if (next === ']') return (at++, { kind: 'array', text: '', items, members: [], offset })
      if (next !== ',') fail('after array element')
      at++
    }
  }

  function string(): string {
    at++
    let bytes = ''
    for (;;) {
      const character = text[at]
      if (character === undefined || character < ' ') return fail('in string literal')
      if (character === '"') break
      bytes += character === '\\' ? escape() : character
      at++
    }
    at++
    return Buffer.from(bytes, 'latin1').toString('utf8')
  }

  /** The escape at `at`, as latin1 text of its UTF-8 bytes; `at` is left on its last character. */
  function escape(): string {
    const character = text[++at]
    if (character === 'u') {
      const unit = text.slice(at + 1, at + 5)
      if (!/^[0-9a-fA-F]{4}$/.test(unit)) fail('in \\u hexadecimal character escape')
      at += 4
      const pair = /^\\u([dD][c-fC-F][0-9a-fA-F]{2})/.exec(text.slice(at + 1, at + 7))?.[1]
      let decoded = String.fromCharCode(Number.parseInt(unit, 16))
      if (/^[dD][89abAB]/.test(unit) && pair !== undefined) {
        decoded += String.fromCharCode(Number.parseInt(pair, 16))
        at += 6
      }
      // A lone surrogate becomes U+FFFD when it is encoded.
      return Buffer.from(decoded, 'utf8').toString('latin1')
    }
    const short = shorthand[character ?? '']
    return short ?? fail('in string escape code')
  }

  function literal(word: string, kind: 'bool' | 'null'): Node {
    for (let index = 0; index < word.length; index++, at++) {
      if (text[at] !== word[index]) fail(`in literal ${word} (expecting '${word[index] ?? ''}')`)
    }
    return { kind, text: word, ...plain, offset: at }
  }

  function number(): Node {
    const match = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/.exec(text.slice(at, at + 400))?.[0]
    if (match === undefined) return (at++, fail('in numeric literal'))
    at += match.length
    return { kind: 'number', text: match, ...plain, offset: at }
  }

  function end(): void {
    if (peek() !== undefined) fail('after top-level value')
  }

  return { value, end }
}

/** Go quotes the first byte of what it read. */
function quoted(character: string): string {
  if (character === "'") return `'\\''`
  return character === '"' ? `'"'` : `'${character}'`
}
