/** What http-proxy's WebSocket path needs to keep the gateway's rules: our headers, and no word of the backend's address. */
import type { IncomingMessage } from 'node:http'
import type { FlatHeaders } from '../model/ports.ts'

/** The part of `ws`'s server that is touched here. */
export interface WebSocketServer {
  readonly options: { WebSocket: WebSocketClass & { readonly hidesReasons?: true } }
}

type WebSocketClass = new (...parts: never[]) => { close(code?: number, reason?: string | Buffer): void }

/** Node marks a request whose connection was handed over by its parser. */
export function isUpgrade(request: IncomingMessage & { readonly upgrade?: boolean | null }): boolean {
  return request.upgrade === true
}

/** As an object, the way `ws` wants them; its handshake sets the `Sec-WebSocket-*` of this hop itself. */
export function webSocketHeaders(headers: FlatHeaders): Record<string, string | string[]> {
  const made: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? ''
    const value = headers[at + 1] ?? ''
    if (name.toLowerCase().startsWith('sec-websocket-')) continue
    const before = made[name]
    made[name] = before === undefined ? value : [before, value].flat()
  }
  return made
}

/** http-proxy closes the caller's side with the error's text (`connect ECONNREFUSED 10.0.0.5:9000`) as the reason. Once a server. */
export function hideReasons(server: WebSocketServer): void {
  const Base = server.options.WebSocket
  if (Base.hidesReasons === true) return
  server.options.WebSocket = class extends Base {
    static override readonly hidesReasons = true
    override close(code?: number, reason?: string | Buffer): void {
      super.close(code, code === 1011 ? undefined : reason)
    }
  }
}
