/** Answers that say something only now and then: server-sent events. Pure. */
import type { FlatHeaders } from '../model/ports.ts'

/** Silence in the body of such an answer means that there is nothing to tell, not that the backend is gone. */
export function isEventStream(headers: FlatHeaders): boolean {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? ''
    if (name.length !== 12 || name.toLowerCase() !== 'content-type') continue
    return /^text\/event-stream\s*(?:;|$)/i.test(headers[at + 1] ?? '')
  }
  return false
}
