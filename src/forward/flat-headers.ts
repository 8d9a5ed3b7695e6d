/** Header bytes as text, byte for byte (latin1 both ways). Pure. */
import type { FlatHeaders } from '../model/ports.ts'

/**
 * The text of each part. Parts of one head are views of one piece of memory: that is decoded once and cut up, for a
 * decoding costs the same for ten bytes as for a thousand. A part that arrived in two pieces has memory of its own.
 */
export function flatHeaders(parts: readonly (Buffer | string)[]): FlatHeaders {
  const [first] = parts
  if (first === undefined || typeof first === 'string') return parts.map(textOf)
  const { buffer, byteOffset: start } = first
  let end = start
  for (const part of parts) {
    if (typeof part === 'string' || part.buffer !== buffer || part.byteOffset < end) return parts.map(textOf)
    end = part.byteOffset + part.byteLength
  }
  const text = Buffer.from(buffer, start, end - start).toString('latin1')
  const texts: string[] = []
  for (const { byteOffset, byteLength } of parts as readonly Buffer[]) {
    texts.push(text.slice(byteOffset - start, byteOffset - start + byteLength))
  }
  return texts
}

const textOf = (part: Buffer | string): string => (typeof part === 'string' ? part : part.toString('latin1'))
