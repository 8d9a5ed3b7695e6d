/** Something that changes the body of an answer while it streams by. */
export interface BodyFilter {
  /** What can go out; empty when everything is held back. */
  write(chunk: Buffer): Buffer
  /** The rest, once all has come. */
  end(): Buffer | Promise<Buffer>
}

/** What the first one lets out goes through the second. */
export function chained(first: BodyFilter, second: BodyFilter): BodyFilter {
  const endWith = (rest: Buffer): Buffer | Promise<Buffer> => {
    const before = second.write(rest)
    const last = second.end()
    return last instanceof Promise
      ? last.then((bytes) => Buffer.concat([before, bytes]))
      : Buffer.concat([before, last])
  }
  return {
    write: (chunk) => second.write(first.write(chunk)),
    end() {
      const rest = first.end()
      return rest instanceof Promise ? rest.then(endWith) : endWith(rest)
    },
  }
}
