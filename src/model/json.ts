/** JSON that can be read in exactly one way: RFC 8259, less everything that two parsers read differently. */
import { isUtf8 } from 'node:buffer'
import { type Cursor, fail, type RawNumber, readNumber, readString, readWord, skipSpace } from './json-scan.ts'

export type Json = null | boolean | number | string | RawNumber | JsonArray | JsonObject
export type JsonArray = readonly Json[]
/** Has no prototype: `value['toString']` is absent unless the text holds it. */
export interface JsonObject {
  readonly [key: string]: Json
}

export interface JsonLimits {
  /** Containers inside each other. */
  readonly maxDepth: number
  /** Members of one object. */
  readonly maxKeys: number
  /** UTF-8 bytes of one key. */
  readonly maxKeyBytes: number
  /** Values in all, containers among them. */
  readonly maxNodes: number
}

export type JsonReading =
  | { readonly kind: 'value'; readonly value: Json }
  /** `at` is a byte offset. `why` names no more of the input than a key. */
  | { readonly kind: 'invalid'; readonly why: string; readonly at: number }

const defaultLimits: JsonLimits = { maxDepth: 32, maxKeys: 1_000, maxKeyBytes: 256, maxNodes: 100_000 }

/**
 * Reads the whole of `bytes` as one JSON value. Refused beside what RFC 8259 refuses: a BOM, invalid UTF-8, lone surrogates,
 * duplicate keys (compared unescaped), keys with control characters, `__proto__` and its like, integers beyond ±(2^53-1),
 * numbers that are not finite, and what goes beyond the limits. Iterative: no nesting overflows the stack.
 */
export function parseJson(bytes: Buffer, limits: Partial<JsonLimits> = {}): JsonReading {
  if (!isUtf8(bytes)) return { kind: 'invalid', why: 'the text is not UTF-8', at: firstBadByte(bytes) }
  // A BOM stays in the text, where no value may begin with it.
  const cursor: Cursor = { text: bytes.toString('utf8'), at: 0, why: undefined }
  const value = readDocument(cursor, { ...defaultLimits, ...limits })
  if (value !== undefined) return { kind: 'value', value }
  return { kind: 'invalid', why: cursor.why ?? 'malformed', at: Buffer.byteLength(cursor.text.slice(0, cursor.at)) }
}

/** Writes what `parseJson` read; numbers come out as they were written. */
export function writeJson(value: Json): Buffer {
  return Buffer.from(JSON.stringify(value))
}

export const isRawNumber = (value: unknown): value is RawNumber => JSON.isRawJSON(value)

export const isArray = (value: Json | undefined): value is JsonArray => Array.isArray(value)

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value)
}

/** `key` as a case-folding parser compares it. For ASCII names only `s` and `k` have partners beyond ASCII (Go's `foldName`). */
export function foldKey(key: string): string {
  return key
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replaceAll('\u017f', 's')
    .replaceAll('\u212a', 'k')
}

/** Whether a case-folding parser takes `key` for `known` although it is spelt otherwise. */
export const foldsTo = (known: string, key: string): boolean => key !== known && foldKey(key) === foldKey(known)

/** `key` for a message: short, in backticks, and nothing in it but printable ASCII. */
export function showKey(key: string): string {
  const short = key.length > 64 ? `${key.slice(0, 64)}…` : key
  const escaped = short.replace(
    /[^\x20-\x5f\x61-\x7e…]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `\`${escaped}\``
}

type Frame =
  | { readonly kind: 'array'; readonly items: Json[] }
  | { readonly kind: 'object'; readonly members: { [key: string]: Json }; key: string; size: number }

const bracket = 0x5b
const bracketClose = 0x5d
const brace = 0x7b
const braceClose = 0x7d
const comma = 0x2c
const colon = 0x3a
const quote = 0x22

function readDocument(cursor: Cursor, limits: JsonLimits): Json | undefined {
  const stack: Frame[] = []
  let root: Json | undefined
  for (let nodes = 1; nodes <= limits.maxNodes; nodes++) {
    // Here a value stands.
    const code = skipSpace(cursor)
    const opened = code === brace || code === bracket ? open(code) : undefined
    const value = opened === undefined ? readScalar(cursor, code) : contentOf(opened)
    if (value === undefined) return undefined
    const parent = stack.at(-1)
    if (parent === undefined) root = value
    else put(parent, value)
    if (opened !== undefined) {
      if (stack.length === limits.maxDepth) return fail(cursor, `more than ${limits.maxDepth} levels deep`)
      stack.push(opened)
      cursor.at++
      const isEmpty = skipSpace(cursor) === closeOf(opened)
      if (!isEmpty) {
        if (!enterMember(cursor, opened, limits)) return undefined
        continue
      }
    }
    const next = leaveValue(cursor, stack, limits)
    if (next === 'failed') return undefined
    if (next === 'done') return root
  }
  return fail(cursor, `more than ${limits.maxNodes} values`)
}

function open(code: number): Frame {
  // No prototype, so that no key can meet an inherited name.
  if (code === brace)
    return { kind: 'object', members: Object.create(null) as { [key: string]: Json }, key: '', size: 0 }
  return { kind: 'array', items: [] }
}

const contentOf = (frame: Frame): Json => (frame.kind === 'array' ? frame.items : frame.members)
const closeOf = (frame: Frame): number => (frame.kind === 'array' ? bracketClose : braceClose)

function put(frame: Frame, value: Json): void {
  if (frame.kind === 'array') frame.items.push(value)
  else frame.members[frame.key] = value
}

function readScalar(cursor: Cursor, code: number): Json | undefined {
  if (code === quote) return readString(cursor)
  return code === 0x2d || (code >= 0x30 && code <= 0x39) ? readNumber(cursor) : readWord(cursor)
}

/** After a value: a comma leads to the next one, a close ends its container, and the root ends the text. */
function leaveValue(cursor: Cursor, stack: Frame[], limits: JsonLimits): 'next' | 'done' | 'failed' {
  for (;;) {
    const code = skipSpace(cursor)
    const frame = stack.at(-1)
    if (frame === undefined) {
      if (cursor.at === cursor.text.length) return 'done'
      fail(cursor, 'something follows the value')
      return 'failed'
    }
    if (code === comma) {
      cursor.at++
      return enterMember(cursor, frame, limits) ? 'next' : 'failed'
    }
    if (code !== closeOf(frame)) {
      fail(cursor, cursor.at < cursor.text.length ? 'a comma or a close is expected' : 'the text ends too early')
      return 'failed'
    }
    cursor.at++
    stack.pop()
  }
}

/** Before a value: an object's member begins with its key and a colon. */
function enterMember(cursor: Cursor, frame: Frame, limits: JsonLimits): boolean {
  if (frame.kind === 'array') return true
  if (skipSpace(cursor) !== quote) return fail(cursor, 'a key is expected') ?? false
  const start = cursor.at
  const key = readString(cursor)
  if (key === undefined) return false
  const problem = problemOfKey(key, frame, limits)
  if (problem !== undefined) return fail(cursor, problem, start) ?? false
  if (skipSpace(cursor) !== colon) return fail(cursor, 'a colon is expected') ?? false
  cursor.at++
  frame.key = key
  frame.size++
  return true
}

function problemOfKey(key: string, frame: Frame & { kind: 'object' }, limits: JsonLimits): string | undefined {
  if (Object.hasOwn(frame.members, key)) return `the key ${showKey(key)} stands twice`
  if (frame.size === limits.maxKeys) return `an object has more than ${limits.maxKeys} keys`
  // A UTF-16 unit is at most three bytes.
  if (key.length * 3 > limits.maxKeyBytes && Buffer.byteLength(key) > limits.maxKeyBytes)
    return `a key is longer than ${limits.maxKeyBytes} bytes`
  if (key === '__proto__' || key === 'constructor' || key === 'prototype') return `the key ${showKey(key)} is not taken`
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  if (/[\x00-\x1f]/.test(key)) return 'a control character stands in a key'
  return undefined
}

function firstBadByte(bytes: Buffer): number {
  const repaired = Buffer.from(bytes.toString('utf8'))
  let at = 0
  while (at < bytes.length && bytes[at] === repaired[at]) at++
  return at
}
