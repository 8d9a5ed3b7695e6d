/** Writes a failure as the envelope, straight to the raw response, from an empty set of headers. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Quota } from '../context.ts'
import { failureEnvelope } from '../model/envelope.ts'
import type { Failure } from '../model/failure.ts'
import type { ScreenedHeaders } from '../model/screened-headers.ts'
import { standing } from './answer-headers.ts'

export interface FailureContext {
  /** `undefined`: they could not be read, and nobody knows where the body ends. */
  readonly headers: ScreenedHeaders | undefined
  readonly requestId: string
  readonly quota: Quota | undefined
  /** Shown in the challenge of a 401. */
  readonly realm: string
}

/** Nothing may have been written yet. Returns the bytes of the body that went out. */
export function writeFailure(
  request: IncomingMessage,
  response: ServerResponse,
  failure: Failure,
  context: FailureContext,
): number {
  const body = Buffer.from(JSON.stringify(failureEnvelope(failure, context.requestId)), 'utf8')
  const headers = failureHeaders(failure, context, body.byteLength)
  // What the caller still sends would be read as the next request, or stall this one.
  const isUnread = hasUnreadBody(request, context.headers)
  if (failure.options.close === true || isUnread) headers.push('Connection', 'close')
  response.writeHead(failure.status, headers)
  const isHead = request.method === 'HEAD'
  endAnswer(request, response, isUnread, isHead ? undefined : body)
  return isHead ? 0 : body.byteLength
}

export function failureHeaders(
  failure: Failure,
  context: Omit<FailureContext, 'headers'>,
  bodyBytes: number,
): string[] {
  const headers = [
    ...['Content-Type', 'application/json', 'Content-Length', String(bodyBytes), 'Cache-Control', 'no-store'],
    ...['X-Content-Type-Options', 'nosniff', 'X-Request-Id', context.requestId],
    ...(failure.options.headers ?? []),
  ]
  const has = (name: string): boolean => headers.some((each, at) => at % 2 === 0 && each.toLowerCase() === name)
  const retryAfter = retryAfterOf(failure)
  if (retryAfter !== undefined && !has('retry-after')) headers.push('Retry-After', String(retryAfter))
  // RFC 9110 §15.5.2: a 401 carries at least one challenge.
  if (failure.status === 401 && !has('www-authenticate')) {
    const realm = context.realm.replaceAll(/[^\t\x20-\x7e]/g, '').replaceAll(/["\\]/g, '\\$&')
    headers.push('WWW-Authenticate', `Basic realm="${realm}", charset="UTF-8"`)
  }
  if (context.quota !== undefined && !has('ratelimit')) headers.push(...standing(context.quota))
  return headers
}

/** Whole seconds; every 429, and every 503 of the gateway's own, says when to come back. */
function retryAfterOf(failure: Failure): number | undefined {
  const { retryAfterSeconds } = failure.options
  if (retryAfterSeconds !== undefined) return Math.max(1, Math.ceil(retryAfterSeconds))
  return failure.status === 429 || failure.status === 503 ? 1 : undefined
}

/** The caller's body is not all here: bytes of it may still come on this connection. */
export const hasUnreadBody = (request: IncomingMessage, headers: ScreenedHeaders | undefined): boolean =>
  !request.complete && headers?.framing.kind !== 'none'

/** A body up to this size is written together with the head. */
const maxJoinedBytes = 16_384

/** How long a caller may go on sending after the answer. */
const lingerMs = 2_000

/**
 * Ends the answer. While the caller still sends, the end waits and what comes is thrown away: to close with unread
 * bytes resets the connection, and the caller would lose the answer.
 */
export function endAnswer(request: IncomingMessage, response: ServerResponse, isUnread: boolean, body?: Buffer): void {
  if (!isUnread || request.destroyed) {
    if (body === undefined) response.end()
    // As text Node writes head and body in one piece; a Buffer costs a second one, which is more than the copy.
    else if (body.byteLength <= maxJoinedBytes) response.end(body.toString('latin1'), 'latin1')
    else response.end(body)
    return
  }
  if (body !== undefined) response.write(body)
  else response.flushHeaders()
  const finish = (): void => {
    clearTimeout(timer)
    request.off('end', finish).off('close', finish)
    response.end()
  }
  const timer = setTimeout(finish, lingerMs)
  request.on('end', finish).on('close', finish)
  request.resume()
}
