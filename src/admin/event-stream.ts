/** Server-sent events (WHATWG HTML §9.2): something is told now and then, for a while. */
import { Readable } from 'node:stream'

export interface EventTimes {
  readonly everyMs: number
  /** It ends then, whatever happens. */
  readonly forMs: number
}

/** `next` gives the data of an event, one line; with `undefined` the stream ends. Where it fails, the stream breaks off. */
export function eventStream(next: () => Promise<string | undefined>, { everyMs, forMs }: EventTimes): Readable {
  let isAsking = false
  const stream = new Readable({
    read: () => undefined,
    destroy: (error, done) => {
      clearInterval(timer)
      clearTimeout(end)
      done(error)
    },
  })
  const tell = async (): Promise<void> => {
    // Whoever reads slowly is told less, and later: nothing piles up for them.
    if (isAsking || stream.readableLength > 0) return
    isAsking = true
    const data = await next()
    isAsking = false
    if (!stream.destroyed) stream.push(data === undefined ? null : `data: ${data}\n\n`)
  }
  const tellOrBreak = (): void => void tell().catch((error: Error) => stream.destroy(error))
  const timer = setInterval(tellOrBreak, everyMs)
  // To a reader that stands still a clean end would never come.
  const end = setTimeout(() => (stream.readableLength > 0 ? stream.destroy() : stream.push(null)), forMs)
  tellOrBreak()
  return stream
}
