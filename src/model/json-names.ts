/** Finds known names among the bytes of JSON, without decoding the many that nobody looks for. */

/** The known name that `chunk` holds between `start` and `end`, as it stands there; `undefined` for any other. */
export type NameFinder = (chunk: Buffer, start: number, end: number) => string | undefined

interface Known {
  readonly name: string
  readonly bytes: Buffer
}

export function nameFinder(names: Iterable<string>): NameFinder {
  const byLength: Known[][] = []
  for (const name of new Set(names)) {
    const bytes = Buffer.from(name)
    ;(byLength[bytes.length] ??= []).push({ name, bytes })
  }
  return (chunk, start, end) => {
    const same = byLength[end - start]
    if (same === undefined) return undefined
    for (const { name, bytes } of same) {
      if (isAt(bytes, chunk, start)) return name
    }
    return undefined
  }
}

function isAt(bytes: Buffer, chunk: Buffer, start: number): boolean {
  for (let at = 0; at < bytes.length; at++) {
    if (chunk[start + at] !== bytes[at]) return false
  }
  return true
}
