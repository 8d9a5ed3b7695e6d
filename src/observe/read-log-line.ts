/** A line of the access log read back. Pure; whoever hands us a log may have written anything into it. */

/** What the replay of a log needs of a request. */
export interface LoggedRequest {
  readonly method: string
  /** Without the query; `undefined` where the target could not be read. */
  readonly path: string | undefined
  readonly tenant: string | undefined
  readonly user: string | undefined
  readonly decision: 'allow' | 'deny' | undefined
  readonly reason: string | undefined
  /** Of the failure that it ended in. */
  readonly code: string | undefined
  /** The lists that it touched, or those that were out of reach. */
  readonly lists: readonly number[]
  /** Names of the query parameters that held something; `undefined` in logs that do not say. */
  readonly parameters: readonly string[] | undefined
  readonly bytesIn: number | undefined
}

export type LoggedLine =
  | { readonly kind: 'request'; readonly request: LoggedRequest }
  /** A line of the log about something else: a start, a reload. */
  | { readonly kind: 'other' }
  | { readonly kind: 'unreadable' }

export function readLogLine(bytes: Buffer): LoggedLine {
  const fields = objectOf(bytes)
  if (fields === undefined) return { kind: 'unreadable' }
  const { method, status, request_id: requestId } = fields
  if (typeof method !== 'string' || typeof status !== 'number' || typeof requestId !== 'string') {
    return typeof fields['level'] === 'string' && typeof fields['time'] === 'string'
      ? { kind: 'other' }
      : { kind: 'unreadable' }
  }
  const { decision, error, lists, parameters, bytes_in: bytesIn } = fields
  return {
    kind: 'request',
    request: {
      method,
      path: textOf(fields['path']),
      tenant: textOf(fields['tenant']),
      user: textOf(fields['user']),
      decision: decision === 'allow' || decision === 'deny' ? decision : undefined,
      reason: textOf(fields['reason']),
      code: isFields(error) ? textOf(error['code']) : undefined,
      lists: Array.isArray(lists) ? lists.filter((each): each is number => typeof each === 'number') : [],
      parameters: Array.isArray(parameters)
        ? parameters.filter((each): each is string => typeof each === 'string')
        : undefined,
      bytesIn: typeof bytesIn === 'number' ? bytesIn : undefined,
    },
  }
}

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function objectOf(bytes: Buffer): Fields | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    return isFields(value) ? value : undefined
  } catch {
    return undefined
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
