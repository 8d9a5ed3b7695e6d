/** A multipart body against what the rule declares of it. Pure. */
import type { FieldProblem } from '../model/failure.ts'
import { type JsonObject, showKey } from '../model/json.ts'
import type { MultipartShape, PartShape } from '../policy/body-shape.ts'
import { parseContentType } from './content-type.ts'
import { judgeJson } from './judge-json.ts'
import { judgeMedia } from './media.ts'
import { type Part, parseMultipart, writePart } from './multipart.ts'

export type JudgedMultipart =
  | {
      readonly kind: 'ok'
      /** The spelling to send, boundary included. */
      readonly contentType: string
      /** What the JSON parts hold. */
      readonly parts: ReadonlyMap<string, JsonObject>
    }
  /** → `body-unreadable` */
  | { readonly kind: 'unreadable'; readonly why: string }
  /** → `body-invalid` */
  | { readonly kind: 'invalid'; readonly fields: readonly FieldProblem[] }

/** As of a JSON body: what may be long are the files. */
const maxJsonBytes = 1024 * 1024

/** Judges `bytes`; `judged` are the places inside JSON parts that decide something. */
export function judgeMultipart(
  shape: MultipartShape,
  judged: readonly string[],
  bytes: Buffer,
  contentType: string | undefined,
): JudgedMultipart {
  const media = judgeMedia(shape, contentType, undefined)
  if (media.kind === 'unsupported') return { kind: 'unreadable', why: media.why }
  if (media.boundary === undefined) return { kind: 'unreadable', why: 'the boundary is missing' }
  const reading = parseMultipart(bytes, media.boundary)
  if (reading.kind === 'unreadable') return reading

  const parts = new Map<string, JsonObject>()
  const seen = new Set<string>()
  for (const part of reading.parts) {
    const shown = showKey(part.name)
    const expected = shape.parts.get(part.name)
    if (expected === undefined) return { kind: 'unreadable', why: `the part ${shown} is unknown` }
    // Several files under one name are how attachments are sent, and nothing in them is judged. Of other parts some
    // parsers take the first, some the last.
    if (seen.has(part.name) && expected.kind !== 'file')
      return { kind: 'unreadable', why: `the part ${shown} stands twice` }
    seen.add(part.name)
    const why = problemOfPart(part, expected)
    if (why !== undefined) return { kind: 'unreadable', why: `the part ${shown}: ${why}` }
    if (expected.kind !== 'json') continue
    if (part.bytes.length > maxJsonBytes) return { kind: 'unreadable', why: `the part ${shown} is longer than 1 MiB` }

    const json = judgeJson(expected, judged, part.bytes)
    if (json.kind === 'absent') return { kind: 'unreadable', why: `the part ${shown} is empty` }
    if (json.kind === 'unreadable') return { kind: 'unreadable', why: `the part ${shown}: ${json.why}` }
    if (json.kind === 'invalid') return { kind: 'invalid', fields: json.fields.map(within(part.name)) }
    parts.set(part.name, json.value)
  }
  return { kind: 'ok', contentType: media.contentType ?? '', parts }
}

const within =
  (name: string) =>
  (field: FieldProblem): FieldProblem => ({ ...field, path: `${name}.${field.path}` })

/** A file has a file name and a field has none: that is how backends tell them apart, and where they look. */
function problemOfPart(part: Part, expected: PartShape): string | undefined {
  if (expected.kind === 'file') return part.filename === undefined ? 'a file name is missing' : undefined
  if (part.filename !== undefined) return 'no file is taken here'
  const type = parseContentType(part.contentType)
  if (type.kind === 'absent') return undefined
  const essences = expected.kind === 'json' ? ['application/json', 'text/plain'] : ['text/plain']
  const isPlain = type.kind === 'type' && type.boundary === undefined && type.others.length === 0
  return isPlain && essences.includes(type.essence) && (type.charset ?? 'utf-8') === 'utf-8'
    ? undefined
    : `its content type is not ${essences.join(' or ')} in UTF-8`
}

/** A judged body with `value` in its JSON part `name`; `contentType` is what `judgeMultipart` gave. */
export function writeJsonPart(bytes: Buffer, contentType: string, name: string, value: JsonObject): Buffer {
  const type = parseContentType(contentType)
  const boundary = type.kind === 'type' ? (type.boundary ?? '') : ''
  const reading = parseMultipart(bytes, boundary)
  // INVARIANT: only bodies that were judged come here.
  if (reading.kind === 'unreadable') throw new Error(`a judged body cannot be read again: ${reading.why}`)
  const part = reading.parts.find((each) => each.name === name)
  return writePart(bytes, boundary, part ?? name, JSON.stringify(value))
}
