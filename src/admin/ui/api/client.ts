/** Speaks to the admin API: the envelope, failures as values, versions, and a session that may end at any time. */
import type { FieldProblem } from '../../../model/failure.ts'

export interface ApiFailure {
  /** 0 where nobody answered. */
  readonly status: number
  readonly code: string
  readonly message: string
  readonly requestId: string | undefined
  readonly fields: readonly FieldProblem[]
  readonly permissions: readonly string[]
  readonly lists: readonly number[]
  /** What it is now, where somebody else changed it. */
  readonly current: unknown
  readonly retryAfterSeconds: number | undefined
}

export type Result<T> =
  | { readonly ok: true; readonly data: T; readonly etag: string | undefined }
  | { readonly ok: false; readonly failure: ApiFailure }

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface CallOptions {
  readonly body?: unknown
  /** The version that was seen. */
  readonly etag?: string | undefined
  /** Names this very act: sent again, it is carried out once. */
  readonly onceKey?: string
  readonly signal?: AbortSignal
}

/** Called when the session has ended; resolves when somebody signed in again. */
type Renew = () => Promise<boolean>
const hooks: { renew: Renew | undefined } = { renew: undefined }

export function onSessionEnd(renew: Renew): void {
  hooks.renew = renew
}

export async function call<T>(method: Method, path: string, options: CallOptions = {}): Promise<Result<T>> {
  const first = await ask<T>(method, path, options)
  const isOver = !first.ok && first.failure.status === 401 && first.failure.code !== 'credentials-missing'
  if (!isOver || hooks.renew === undefined) return first
  return (await hooks.renew()) ? ask<T>(method, path, options) : first
}

async function ask<T>(method: Method, path: string, options: CallOptions): Promise<Result<T>> {
  const { body, etag, onceKey, signal } = options
  try {
    const response = await fetch(path, {
      method,
      credentials: 'same-origin',
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(etag === undefined ? {} : { 'If-Match': etag }),
        ...(onceKey === undefined ? {} : { 'Idempotency-Key': onceKey }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    })
    const json: unknown = await response.json().catch(() => undefined)
    if (response.ok) {
      const { data } = (json ?? {}) as { readonly data: T }
      return { ok: true, data, etag: response.headers.get('etag') ?? undefined }
    }
    return { ok: false, failure: failureOf(response, json) }
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    return { ok: false, failure: unreachable }
  }
}

const unreachable: ApiFailure = {
  status: 0,
  code: 'unreachable',
  message: 'The gateway does not answer. Is it running, and are you on its network?',
  requestId: undefined,
  fields: [],
  permissions: [],
  lists: [],
  current: undefined,
  retryAfterSeconds: undefined,
}

interface FailureJson {
  readonly message?: string
  readonly data?: {
    readonly code?: string
    readonly request_id?: string
    readonly fields?: readonly FieldProblem[]
    readonly permissions?: readonly string[]
    readonly lists?: readonly number[]
    readonly current?: unknown
  }
}

function failureOf(response: Response, json: unknown): ApiFailure {
  const { message, data } = (json ?? {}) as FailureJson
  const seconds = Number(response.headers.get('retry-after') ?? 'none')
  return {
    status: response.status,
    code: data?.code ?? 'unknown',
    message: message ?? `The gateway answered ${response.status}.`,
    requestId: data?.request_id,
    fields: data?.fields ?? [],
    permissions: data?.permissions ?? [],
    lists: data?.lists ?? [],
    current: data?.current,
    retryAfterSeconds: Number.isFinite(seconds) ? seconds : undefined,
  }
}

/** A key for one act: made when a form is opened, so that sending it twice does it once. */
export const newOnceKey = (): string => crypto.randomUUID()

/** `/api/tenants/x/users` and `{ role: 'a b' }` as a target; what is empty is left out. */
export function withQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const used = Object.entries(query).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  )
  return used.length === 0 ? path : `${path}?${new URLSearchParams(used).toString()}`
}
