/** Writes a success of the gateway's own, JSON, straight to the raw response. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Quota } from '../context.ts'
import type { ScreenedHeaders } from '../model/screened-headers.ts'
import { standing } from './answer-headers.ts'
import { endAnswer, hasUnreadBody } from './write-failure.ts'

export interface OwnContext {
  readonly headers: ScreenedHeaders | undefined
  readonly requestId: string
  readonly quota: Quota | undefined
}

/** Nothing may have been written yet. Returns the bytes of the body that went out. */
export function writeOwn(
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  { headers: asked, requestId, quota }: OwnContext,
): number {
  const isUnread = hasUnreadBody(request, asked)
  const headers = [
    ...['Content-Type', 'application/json', 'Content-Length', String(body.byteLength), 'Cache-Control', 'no-store'],
    ...['X-Content-Type-Options', 'nosniff', 'X-Request-Id', requestId],
    ...(quota === undefined ? [] : standing(quota)),
    ...(isUnread ? ['Connection', 'close'] : []),
  ]
  response.writeHead(200, headers)
  const isHead = request.method === 'HEAD'
  endAnswer(request, response, isUnread, isHead ? undefined : body)
  return isHead ? 0 : body.byteLength
}
