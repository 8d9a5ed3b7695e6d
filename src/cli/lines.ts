/** The lines of a stream of bytes, without their line breaks; a last line needs none. */

export interface NumberedLine {
  /** From 1. */
  readonly number: number
  readonly bytes: Buffer
}

/** A line longer than `maxBytes` ends the reading with a `RangeError` that names it. */
export async function* linesOf(stream: AsyncIterable<Buffer | string>, maxBytes: number): AsyncGenerator<NumberedLine> {
  let rest: Buffer = Buffer.alloc(0)
  let number = 0
  const checked = (bytes: Buffer): Buffer => {
    if (bytes.length > maxBytes) throw new RangeError(`line ${number + 1} is longer than ${maxBytes} bytes`)
    return bytes
  }
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    let from = 0
    for (let end = all.indexOf(10); end !== -1; end = all.indexOf(10, from)) {
      const line = checked(all.subarray(from, end))
      yield { number: ++number, bytes: withoutReturn(line) }
      from = end + 1
    }
    rest = checked(all.subarray(from))
  }
  if (rest.length > 0) yield { number: number + 1, bytes: withoutReturn(rest) }
}

/** Windows writes two characters at the end of a line. */
const withoutReturn = (line: Buffer): Buffer => (line.at(-1) === 13 ? line.subarray(0, -1) : line)
