/**
 * A streaming tokenizer of JSON (RFC 8259): bytes in, in chunks of any size; structure out, as byte offsets. Builds no value,
 * decodes only what its handler asks for, and holds nothing but the open containers and the token at hand.
 */
import type { JsonHandler } from './json-handler.ts'
import { isWholeNumber, type NumberState, stepNumber } from './json-number.ts'

export interface JsonTokenizer {
  write(chunk: Buffer): void
  /** Fails unless exactly one whole value has come. */
  end(): void
}

/** The stream is not JSON, or goes beyond a bound. `message` names nothing of its content. */
export class JsonStreamError extends Error {
  readonly at: number

  constructor(message: string, at: number) {
    super(message)
    this.name = 'JsonStreamError'
    this.at = at
  }
}

type Expected = 'value' | 'value or close' | 'key' | 'key or close' | 'colon' | 'comma or close' | 'nothing'

interface State {
  readonly handler: JsonHandler
  /** Offset of the chunk's first byte. */
  base: number
  /** Open containers; `true` for an array. */
  readonly open: boolean[]
  expected: Expected
  /** The token that is being read, or the structure between tokens. */
  token: 'none' | 'string' | 'number' | 'word'
  isKey: boolean
  /** Of a string: how much of an escape is to come; 5 is its letter, less the digits after `u`, 0 outside. */
  escape: number
  hasEscape: boolean
  number: NumberState
  /** Of a word: what is to come of it. */
  rest: string
  /** The token's text up to the chunk at hand, if it is wanted. */
  text: Buffer[] | undefined
  textBytes: number
  /** Where the token begins in the chunk at hand. */
  start: number
}

/** Beyond what Go reads in one value (10,000): a backend's answer holds what it could read of its database, in an envelope. */
const maxDepth = 10_100
/** Bytes of a token whose text is wanted; a longer one is nothing that anybody looks for. */
const maxTextBytes = 1_024

export function createTokenizer(handler: JsonHandler): JsonTokenizer {
  const state: State = {
    handler,
    base: 0,
    open: [],
    expected: 'value',
    token: 'none',
    isKey: false,
    escape: 0,
    hasEscape: false,
    number: 'start',
    rest: '',
    text: undefined,
    textBytes: 0,
    start: 0,
  }
  return {
    write(chunk) {
      state.start = 0
      let at = 0
      while (at < chunk.length) at = readToken(state, chunk, at)
      if (state.token !== 'none' && state.text !== undefined) keepText(state, chunk, chunk.length)
      state.base += chunk.length
    },
    end() {
      if (state.token === 'number') endNumber(state, Buffer.alloc(0), 0)
      if (state.token !== 'none' || state.expected !== 'nothing') throw fault(state, 0, 'the text ends too early')
    },
  }
}

const fault = (state: State, at: number, why: string): JsonStreamError => new JsonStreamError(why, state.base + at)

/** Reads on from `at` and returns where to go on. */
function readToken(state: State, chunk: Buffer, at: number): number {
  switch (state.token) {
    case 'none':
      return readStructure(state, chunk, at)
    case 'string':
      return readString(state, chunk, at)
    case 'number':
      return readNumber(state, chunk, at)
    case 'word':
      return readWord(state, chunk, at)
  }
}

function readStructure(state: State, chunk: Buffer, at: number): number {
  const byte = chunk[at] ?? 0
  if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return at + 1
  const { expected } = state
  if (expected === 'nothing') throw fault(state, at, 'something follows the value')
  if (expected === 'colon') {
    if (byte !== 0x3a) throw fault(state, at, 'a colon is expected')
    state.expected = 'value'
    return at + 1
  }
  if (byte === 0x5d || byte === 0x7d) return readClose(state, byte === 0x5d, at)
  if (expected === 'comma or close') {
    if (byte !== 0x2c) throw fault(state, at, 'a comma or a close is expected')
    state.handler.comma(state.base + at)
    state.expected = state.open.at(-1) === true ? 'value' : 'key'
    return at + 1
  }
  const isKey = expected === 'key' || expected === 'key or close'
  if (isKey && byte !== 0x22) throw fault(state, at, 'a key is expected')
  if (byte !== 0x5b && byte !== 0x7b) return beginToken(state, byte, isKey, at)
  if (state.open.length === maxDepth) throw fault(state, at, `more than ${maxDepth} levels deep`)
  state.open.push(byte === 0x5b)
  state.expected = byte === 0x5b ? 'value or close' : 'key or close'
  state.handler.open(byte === 0x5b, state.base + at + 1)
  return at + 1
}

function readClose(state: State, isArray: boolean, at: number): number {
  const mayClose =
    state.expected === 'comma or close' || state.expected === (isArray ? 'value or close' : 'key or close')
  if (!mayClose || state.open.at(-1) !== isArray) throw fault(state, at, 'a close is out of place')
  state.open.pop()
  state.expected = state.open.length === 0 ? 'nothing' : 'comma or close'
  state.handler.close(state.base + at + 1)
  return at + 1
}

function beginToken(state: State, byte: number, isKey: boolean, at: number): number {
  state.isKey = isKey
  state.text = state.handler.wants(isKey, state.base + at) ? [] : undefined
  state.textBytes = 0
  state.start = at
  if (byte === 0x22) {
    state.token = 'string'
    state.hasEscape = false
    return at + 1
  }
  const isNumber = byte === 0x2d || (byte >= 0x30 && byte <= 0x39)
  const word = wordOf(byte)
  if (!isNumber && word === '') throw fault(state, at, 'a value is expected')
  state.token = isNumber ? 'number' : 'word'
  state.number = 'start'
  state.rest = word
  return at
}

/** The word that begins with `byte`; empty if there is none. */
function wordOf(byte: number): string {
  if (byte === 0x74) return 'true'
  if (byte === 0x66) return 'false'
  return byte === 0x6e ? 'null' : ''
}

function readString(state: State, chunk: Buffer, from: number): number {
  let at = from
  if (state.escape > 0) return readEscape(state, chunk[at] ?? 0, at)
  for (; at < chunk.length; at++) {
    const byte = chunk[at] ?? 0
    if (byte === 0x22) return endToken(state, chunk, at + 1)
    if (byte === 0x5c) {
      state.escape = 5
      state.hasEscape = true
      return at + 1
    }
    if (byte < 0x20) throw fault(state, at, 'a control character stands in a string')
  }
  return at
}

function readEscape(state: State, byte: number, at: number): number {
  const letter = String.fromCharCode(byte)
  if (state.escape === 5) {
    if (!'"\\/bfnrtu'.includes(letter)) throw fault(state, at, 'an escape is malformed')
    state.escape = letter === 'u' ? 4 : 0
    return at + 1
  }
  if (!/[0-9a-fA-F]/.test(letter)) throw fault(state, at, 'an escape is malformed')
  state.escape--
  return at + 1
}

function readNumber(state: State, chunk: Buffer, from: number): number {
  for (let at = from; at < chunk.length; at++) {
    const next = stepNumber(state.number, chunk[at] ?? 0)
    if (next === undefined) return endNumber(state, chunk, at)
    state.number = next
  }
  return chunk.length
}

function endNumber(state: State, chunk: Buffer, end: number): number {
  if (!isWholeNumber(state.number)) throw fault(state, end, 'a number is malformed')
  return endToken(state, chunk, end)
}

function readWord(state: State, chunk: Buffer, from: number): number {
  if (chunk[from] !== state.rest.charCodeAt(0)) throw fault(state, from, 'a value is expected')
  state.rest = state.rest.slice(1)
  return state.rest === '' ? endToken(state, chunk, from + 1) : from + 1
}

function keepText(state: State, chunk: Buffer, end: number): void {
  state.textBytes += end - state.start
  if (state.textBytes > maxTextBytes) state.text = undefined
  else state.text?.push(Buffer.from(chunk.subarray(state.start, end)))
}

function textUpTo(state: State, chunk: Buffer, end: number): string | undefined {
  if (state.text === undefined || state.textBytes + end - state.start > maxTextBytes) return undefined
  if (state.text.length === 0) return chunk.toString('utf8', state.start, end)
  return Buffer.concat([...state.text, chunk.subarray(state.start, end)]).toString()
}

function endToken(state: State, chunk: Buffer, end: number): number {
  if (state.isKey) state.handler.key(keyUpTo(state, chunk, end))
  const text = state.isKey ? undefined : textUpTo(state, chunk, end)
  state.token = 'none'
  state.text = undefined
  if (state.isKey) state.expected = 'colon'
  else {
    state.expected = state.open.length === 0 ? 'nothing' : 'comma or close'
    state.handler.scalar(state.base + end, text)
  }
  return end
}

function keyUpTo(state: State, chunk: Buffer, end: number): string | undefined {
  const { find } = state.handler
  const isAtHand = state.text?.length === 0 && !state.hasEscape
  if (isAtHand && find !== undefined) return find(chunk, state.start + 1, end - 1)
  const text = textUpTo(state, chunk, end)
  return text === undefined ? undefined : unquote(text, state.hasEscape)
}

const unquote = (text: string, hasEscape: boolean): string =>
  hasEscape ? (JSON.parse(text) as string) : text.slice(1, -1)
