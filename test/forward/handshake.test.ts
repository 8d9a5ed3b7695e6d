import { describe, expect, it } from 'vitest'
import { openingHeaders, openingProblem, readOpening, switchingHead } from '../../src/forward/handshake.ts'
import { acceptOf, sampleKey } from '../helpers/web-socket.ts'

const asked = (more: Readonly<Record<string, string>> = {}): readonly string[] =>
  Object.entries({
    Upgrade: 'WebSocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': sampleKey,
    ...more,
  }).flat()
const opening = { key: sampleKey, protocols: ['chat', 'v2'] }
const answered = (more: Readonly<Record<string, string>> = {}): readonly string[] =>
  Object.entries({
    Upgrade: 'websocket',
    Connection: 'keep-alive, Upgrade',
    'Sec-WebSocket-Accept': acceptOf(sampleKey),
    ...more,
  }).flat()

describe('readOpening', () => {
  it('takes an opening, and the subprotocols that are offered', () => {
    expect(readOpening(asked())).toEqual({ key: sampleKey, protocols: [] })
    expect(readOpening(asked({ 'Sec-WebSocket-Protocol': 'chat,  v2' }))).toEqual(opening)
  })

  it.each([
    [{ Upgrade: 'h2c' }, 'an upgrade to something else'],
    [{ Upgrade: 'websocket, h2c' }, 'an upgrade to something else'],
    [{ 'Sec-WebSocket-Version': '8' }, '`sec-websocket-version` is not 13'],
    [{ 'Sec-WebSocket-Key': '' }, '`sec-websocket-key` is malformed'],
    [{ 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZR==' }, '`sec-websocket-key` is malformed'],
    [{ 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZQ==' }, '`sec-websocket-key` is malformed'],
    [{ 'Sec-WebSocket-Protocol': 'a b' }, '`sec-websocket-protocol` is malformed'],
  ])('refuses %j', (more, why) => {
    expect(readOpening(asked(more))).toBe(why)
  })
})

describe('openingHeaders', () => {
  it('sends this opening and none of the caller, and offers no extension', () => {
    const headers = [
      'Host',
      'b',
      'Sec-WebSocket-Extensions',
      'permessage-deflate',
      'sec-websocket-key',
      'other',
      'A',
      'b',
    ]
    expect(openingHeaders(headers, opening)).toEqual([
      ...['Host', 'b', 'A', 'b', 'Sec-WebSocket-Version', '13', 'Sec-WebSocket-Key', sampleKey],
      ...['Sec-WebSocket-Protocol', 'chat, v2'],
    ])
  })
})

describe('openingProblem', () => {
  it('finds nothing wrong with an answer to this opening', () => {
    expect(openingProblem(101, answered(), opening)).toBeUndefined()
    expect(openingProblem(101, answered({ 'Sec-WebSocket-Protocol': 'v2' }), opening)).toBeUndefined()
  })

  it.each([
    [200, {}, 'status 200'],
    [101, { Upgrade: 'h2c' }, 'another protocol'],
    [101, { Connection: 'close' }, 'no upgrade'],
    [101, { 'Sec-WebSocket-Accept': acceptOf('other') }, 'the answer to another key'],
    [101, { 'Sec-WebSocket-Extensions': 'permessage-deflate' }, 'an extension that nobody offered'],
    [101, { 'Sec-WebSocket-Protocol': 'v3' }, 'a subprotocol that nobody offered'],
    [101, { 'Sec-WebSocket-Protocol': 'chat, v2' }, 'a subprotocol that nobody offered'],
  ])('%i with %j is %s', (status, more, why) => {
    expect(openingProblem(status, answered(more), opening)).toBe(why)
  })
})

describe('switchingHead', () => {
  it('says yes to the caller, in words of our own', () => {
    const headers = answered({ 'Sec-WebSocket-Protocol': 'v2', Server: 'backend', 'Set-Cookie': 'a=b' })
    expect(switchingHead(headers, opening, 'req-1')).toBe(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(sampleKey)}\r\nX-Request-Id: req-1\r\nSec-WebSocket-Protocol: v2\r\n\r\n`,
    )
  })
})
