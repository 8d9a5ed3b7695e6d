/** Request and trace ids: taken from peers we trust to name them, else made here. Pure but for the random source handed in. */
import { parseRequestId, type RequestId } from '../model/ids.ts'

/** `given` is believed only from a trusted peer and only in the allowed characters; else `fresh()` is taken. */
export function requestIdOf(given: string | undefined, trusted: boolean, fresh: () => string): RequestId {
  const believed = trusted && given !== undefined ? parseRequestId(given) : undefined
  return believed ?? (fresh() as RequestId)
}

const traceparent = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/** The caller's W3C trace context if it is well formed, else the start of a new trace. `fresh()` gives a UUID. */
export function traceparentOf(given: string | undefined, fresh: () => string): string {
  if (given !== undefined && traceparent.test(given)) return given
  // One random value serves both: ids of different kinds are never compared.
  const id = fresh()
  const span = id.slice(0, 8) + id.slice(28)
  return `00-${id.slice(0, 8)}${id.slice(9, 13)}${id.slice(14, 18)}${id.slice(19, 23)}${id.slice(24)}-${span}-01`
}

/** The 32 hexadecimal digits of the trace. */
export const traceIdOf = (parent: string): string => parent.slice(3, 35)
