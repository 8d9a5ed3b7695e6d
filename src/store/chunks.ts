/** Rows of one insert: far below SQLite's 32,766 and PostgreSQL's 65,535 parameters. */
const chunkRows = 500

/** `items` in pieces that one statement takes. */
export function* chunks<T>(items: Iterable<T>): Generator<readonly T[]> {
  let chunk: T[] = []
  for (const item of items) {
    chunk.push(item)
    if (chunk.length < chunkRows) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}
