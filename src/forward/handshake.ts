/** The opening of a WebSocket (RFC 6455 §4), both hops: what is asked, what must be answered, what is passed on. Pure. */
import { createHash } from 'node:crypto'
import type { FlatHeaders } from '../model/ports.ts'

const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** What both hops agree on: the caller's own key goes to the backend, so that one answer fits both. */
export interface Opening {
  readonly key: string
  readonly protocols: readonly string[]
}

/** The opening that the caller's headers ask for, or in words why there is none. */
export function readOpening(rawHeaders: FlatHeaders): Opening | string {
  if (valuesOf(rawHeaders, 'upgrade').join().trim().toLowerCase() !== 'websocket') return 'an upgrade to something else'
  if (valuesOf(rawHeaders, 'sec-websocket-version').join().trim() !== '13') return '`sec-websocket-version` is not 13'
  const key = valuesOf(rawHeaders, 'sec-websocket-key').join().trim()
  // 16 bytes, as base64 writes them: the last digit before the padding has four bits that count for nothing.
  if (!/^[A-Za-z0-9+/]{21}[AQgw]==$/.test(key)) return '`sec-websocket-key` is malformed'
  const protocols = tokensOf(rawHeaders, 'sec-websocket-protocol')
  return protocols.every((each) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(each))
    ? { key, protocols }
    : '`sec-websocket-protocol` is malformed'
}

/** For the backend: the headers of every request, and this opening; no extension is offered. */
export function openingHeaders(headers: FlatHeaders, { key, protocols }: Opening): FlatHeaders {
  const made: string[] = []
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? ''
    if (!name.toLowerCase().startsWith('sec-websocket-')) made.push(name, headers[at + 1] ?? '')
  }
  made.push('Sec-WebSocket-Version', '13', 'Sec-WebSocket-Key', key)
  if (protocols.length > 0) made.push('Sec-WebSocket-Protocol', protocols.join(', '))
  return made
}

/** What is wrong with the head of a backend's 101 (§4.1): it was not meant for this opening, or agrees on what nobody offered. */
export function openingProblem(status: number, headers: FlatHeaders, { key, protocols }: Opening): string | undefined {
  if (status !== 101) return `status ${status}`
  if (!tokensOf(headers, 'upgrade').some((each) => each.toLowerCase() === 'websocket')) return 'another protocol'
  if (!tokensOf(headers, 'connection').some((each) => each.toLowerCase() === 'upgrade')) return 'no upgrade'
  if (valuesOf(headers, 'sec-websocket-accept').join() !== acceptFor(key)) return 'the answer to another key'
  if (tokensOf(headers, 'sec-websocket-extensions').length > 0) return 'an extension that nobody offered'
  const chosen = tokensOf(headers, 'sec-websocket-protocol')
  return chosen.length > 1 || chosen.some((each) => !protocols.includes(each))
    ? 'a subprotocol that nobody offered'
    : undefined
}

/** The head of the caller's own 101. */
export function switchingHead(headers: FlatHeaders, { key }: Opening, requestId: string): string {
  const [chosen] = tokensOf(headers, 'sec-websocket-protocol')
  const lines = [
    ...['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'],
    ...[`Sec-WebSocket-Accept: ${acceptFor(key)}`, `X-Request-Id: ${requestId}`],
    ...(chosen === undefined ? [] : [`Sec-WebSocket-Protocol: ${chosen}`]),
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}

const acceptFor = (key: string): string =>
  createHash('sha1')
    .update(key + guid)
    .digest('base64')

function valuesOf(headers: FlatHeaders, name: string): readonly string[] {
  const values: string[] = []
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at]?.toLowerCase() === name) values.push(headers[at + 1] ?? '')
  }
  return values
}

const tokensOf = (headers: FlatHeaders, name: string): readonly string[] =>
  valuesOf(headers, name)
    .flatMap((value) => value.split(','))
    .map((each) => each.trim())
    .filter((each) => each !== '')
