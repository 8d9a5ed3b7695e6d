/** JSON, whole and in pieces: what is accepted is what `JSON.parse` reads, canonical, and the same however it is cut. */
import { isUtf8 } from 'node:buffer'
import { jsonAtPath } from '../../../src/model/json-at-path.ts'
import type { JsonHandler } from '../../../src/model/json-handler.ts'
import { createTokenizer, JsonStreamError } from '../../../src/model/json-tokens.ts'
import { isRawNumber, type Json, parseJson, writeJson } from '../../../src/model/json.ts'
import type { Cut } from '../../../src/model/decision.ts'
import { Failure } from '../../../src/model/failure.ts'
import { createCutter } from '../../../src/respond/cut/cutter.ts'
import { createDocumentedJson } from '../../../src/respond/documented/documented-json.ts'
import type { Target } from '../fuzzer.ts'
import { must, orNothing, same } from './assert.ts'

const words: readonly string[] = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '\\u0061',
    '\\ud800',
    '\\udc00',
    '\\ud83d\\ude00',
    'null',
    'true',
    'false',
  ],
  ...['-0', '1.0', '1e2', '1E400', '0.1', '9007199254740993', '01', '"a":', '"a":1', '""', '\xef\xbb\xbf', '\xc3\xa9'],
  ...[
    '\xff',
    '\0',
    '\n',
    '\t',
    '"__proto__":',
    '"constructor":',
    '{"data":{"results":[',
    '"id":',
    '"total":',
    '"lists":',
  ],
]
const seeds: readonly string[] = [
  '{"lists":[1,7],"name":"a\\u0062","x":{"y":null,"z":[true,false,1.5e3]}}',
  '[]',
  '"\\ud83d\\ude00\xc3\xa9"',
  ' { "a" : -0 , "b" : 1e2 } ',
  '{"data":{"results":[{"id":1,"lists":[{"id":3}]},{"id":2}],"total":2,"page":1,"per_page":20,"query":""}}',
  '{"data":{"created_at":"2019-01-01T09:00:00Z","id":1}}',
  '['.repeat(40),
  '123',
]

/** Reasons to refuse what JSON.parse takes. Whatever else it takes must be accepted. */
const strict =
  /UTF-8|twice|levels deep|keys$|longer than|not taken|control character stands in a key|beyond 2\^53|not finite|lone surrogate|more than \d+ values/

export const jsonReader: Target = {
  name: 'json',
  seeds,
  words,
  run(input) {
    const read = parseJson(input)
    const reference = isUtf8(input)
      ? orNothing(() => ({ value: JSON.parse(input.toString('utf8')) as unknown }))
      : undefined
    if (read.kind === 'invalid') {
      must(read.at >= 0 && read.at <= input.length, 'an offset outside the text')
      must(reference === undefined || strict.test(read.why), `refused, and JSON.parse takes it: ${read.why}`)
      return
    }
    must(reference !== undefined, 'accepted, and JSON.parse does not take it')
    same(plain(read.value), reference?.value, 'JSON.parse reads another value')
    const written = writeJson(read.value)
    const again = parseJson(written)
    must(again.kind === 'value' && writeJson(again.value).equals(written), 'what is written is read as something else')
    same(JSON.parse(written.toString()), reference?.value, 'what is written is another value to JSON.parse')
  },
}

/** With prototypes, and numbers as JavaScript has them. */
function plain(value: Json): unknown {
  if (isRawNumber(value)) return Number(value.rawJSON)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return (value as readonly Json[]).map(plain)
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each as Json)]))
}

/** Where to cut: from the input itself, so that the same input is cut alike. */
function pieces(input: Buffer): readonly Buffer[] {
  const size = 1 + ((input[input.length >> 1] ?? 0) % 7)
  const made: Buffer[] = []
  for (let at = 0; at < input.length; at += size) made.push(Buffer.from(input.subarray(at, at + size)))
  return made
}

function events(chunks: readonly Buffer[]): readonly unknown[] | undefined {
  const seen: unknown[] = []
  const handler: JsonHandler = {
    open: (isArray, end) => seen.push(['open', isArray, end]),
    close: (end) => seen.push(['close', end]),
    comma: (at) => seen.push(['comma', at]),
    wants: () => true,
    key: (text) => seen.push(['key', text]),
    scalar: (end, text) => seen.push(['scalar', end, text]),
  }
  const tokenizer = createTokenizer(handler)
  try {
    for (const chunk of chunks) tokenizer.write(chunk)
    tokenizer.end()
    return seen
  } catch (error) {
    if (error instanceof JsonStreamError) return undefined
    throw error
  }
}

export const tokensReader: Target = {
  name: 'json-stream',
  seeds,
  words,
  run(input) {
    const whole = events([Buffer.from(input)])
    same(events(pieces(input)), whole, 'cut into pieces it is something else')
    if (isUtf8(input)) {
      const reference = orNothing(() => ({ value: JSON.parse(input.toString('utf8')) as unknown }))
      must(
        (whole !== undefined) === (reference !== undefined),
        'JSON.parse takes what is refused, or the other way round',
      )
    }
    const reader = jsonAtPath(['data', 'results', '[]', 'id'])
    for (const piece of pieces(input)) reader.write(piece)
    const read = reader.end()
    must(read.kind !== 'value' || whole !== undefined, 'a path is found in what is no JSON')
  },
}

const cut = (act: Cut['act'], path: string, by: string): Cut => ({
  ...{ act, path, by, pages: false, visible: new Set(), resource: undefined },
})
const cuts: readonly (readonly Cut[])[] = [
  [cut('keep', 'data.results[]', 'id')],
  [cut('keep', 'data.results[]', 'lists[].id'), cut('mask', 'data.results[].lists[]', 'id')],
  [cut('refuse', 'data.lists[]', 'id')],
]

function cutOf(chunks: readonly Buffer[], these: readonly Cut[]): string | undefined {
  const reaches = (_: number, ids: readonly number[]): boolean => ids.some((id) => id % 2 === 1)
  const cutter = createCutter({ cuts: these, reaches, window: undefined, maxHeldBytes: 1_000_000 })
  try {
    const out = chunks.map((chunk) => Buffer.from(cutter.write(Buffer.from(chunk))))
    return Buffer.concat([...out, cutter.end()]).toString('latin1')
  } catch (error) {
    if (error instanceof JsonStreamError || error instanceof Failure) return undefined
    throw error
  }
}

/** Answers of a backend, cut for their caller. */
export const answerReader: Target = {
  name: 'answer',
  seeds: [
    ...seeds,
    '{"data":{"results":[{"lists":[{"id":1},{"id":2}],"id":5},{"id":4}]}}',
    '{"data":{"lists":[{"id":1}]}}',
  ],
  words,
  run(input) {
    for (const these of cuts) {
      const whole = cutOf([input], these)
      same(cutOf(pieces(input), these), whole, 'cut into pieces another answer goes out')
      if (whole === undefined) continue
      const text = Buffer.from(whole, 'latin1').toString('utf8')
      const value = isUtf8(input) ? orNothing(() => JSON.parse(text) as { data?: { results?: unknown } }) : undefined
      if (!isUtf8(input)) continue
      must(value !== undefined, 'what goes out is no JSON')
      if (these !== cuts[0]) continue
      const results: unknown = value?.data?.results
      if (Array.isArray(results) && saysOnce(text, results.length)) {
        must(
          results.every((each) => oddId(each)),
          'an item out of reach goes out',
        )
      }
    }
    const documented = orNothing(() => {
      const writer = createDocumentedJson(0)
      return Buffer.concat([writer.write(Buffer.from(input)), writer.end()])
    })
    const inPieces = orNothing(() => {
      const writer = createDocumentedJson(0)
      return Buffer.concat([...pieces(input).map((piece) => Buffer.from(writer.write(piece))), writer.end()])
    })
    same(inPieces, documented, 'in pieces another document is written')
  },
}

const oddId = (item: unknown): boolean =>
  typeof item === 'object' && item !== null && 'id' in item && typeof item.id === 'number' && item.id % 2 === 1

/** Of keys that stand twice JSON.parse takes the last one only, and the gateway judges all: such texts prove nothing here. */
const saysOnce = (text: string, items: number): boolean =>
  !text.includes('\\') &&
  text.split('"data"').length === 2 &&
  text.split('"results"').length === 2 &&
  text.split('"id"').length <= items + 1
