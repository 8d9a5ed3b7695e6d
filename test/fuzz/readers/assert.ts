/** What a property says when it is broken: short, the same for the same break. */
import { isDeepStrictEqual } from 'node:util'

export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what)
}

export function same(one: unknown, other: unknown, what: string): void {
  if (!isDeepStrictEqual(one, other)) throw new Error(what)
}

/** `undefined` where `read` throws. */
export function orNothing<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** Whether `text` holds C0 or DEL, those aside that are allowed. */
export const holdsControl = (text: string, allowed = ''): boolean =>
  text.split('').some((character) => (character < ' ' || character === '\x7f') && !allowed.includes(character))
