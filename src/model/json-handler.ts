/** What the tokenizer of JSON calls. */
import type { NameFinder } from './json-names.ts'

/** Told of everything in order. Offsets count from the first byte of the stream; `end` is behind the last byte. */
export interface JsonHandler {
  open(isArray: boolean, end: number): void
  close(end: number): void
  /** A comma at this offset. */
  comma(at: number): void
  /** Asked where a key or scalar begins, at this offset: whether its text is wanted. */
  wants(isKey: boolean, at: number): boolean
  /** Finds, of the keys that are wanted, those that are looked for; without it every one is decoded. */
  readonly find?: NameFinder
  /** A key, unescaped if it is wanted and found; `undefined` too when it is longer than any text that is looked for. */
  key(text: string | undefined): void
  /** A scalar; the JSON of it if it is wanted and not too long. */
  scalar(end: number, text: string | undefined): void
}
