/** Compiles what a route says of its body, and checks the fields that its demands read. */
import { parseSize } from '../config/formats.ts'
import type { Report } from '../config/report.ts'
import { quoted, remedyFor } from '../config/suggest.ts'
import { listed } from './compile-query.ts'
import type { BodyShape, FieldType, Parted, PartShape } from './body-shape.ts'
import type { Known } from './compile-lists.ts'
import type { RouteWords } from './language.ts'

const defaultJsonBytes = 1024 * 1024
const arrays: readonly FieldType[] = ['texts', 'ids', 'objects']
const defaultMultipartBytes = 32 * 1024 * 1024

type Fields = ReadonlyMap<string, FieldType> | undefined
type FieldWords = 'any' | Readonly<Record<string, FieldType>>

export function compileBody(route: RouteWords, report: Report): BodyShape {
  const { body } = route
  if (body === undefined) return { kind: 'none' }
  if (body === 'stream') return { kind: 'stream', types: 'any' }
  if ('stream' in body) return { kind: 'stream', types: body.types }
  if ('parts' in body) {
    const parts = new Map(Object.entries(body.parts).map(([name, part]) => [name, partFrom(part)]))
    return { kind: 'multipart', parts, maxBytes: sizeOf(body.max, defaultMultipartBytes) }
  }
  const optional = body.optional ?? false
  const maxBytes = sizeOf(body.max, defaultJsonBytes)
  if ('form' in body) return { kind: 'form', fields: new Map(Object.entries(body.form)), optional, maxBytes }
  const fields = fieldsFrom(body.fields)
  for (const [index, name] of (body.strip ?? []).entries()) {
    if (fields?.has(name) === true)
      report.add(['body', 'strip', index], `${quoted(name)} is both a field and taken out`, 'keep it in one of them')
  }
  for (const name of Object.keys(body.most ?? {})) {
    const type = fields?.get(name)
    if (type !== undefined && arrays.includes(type)) continue
    const message = type === undefined ? 'is not declared' : `is declared as ${quoted(type)}`
    report.add(['body', 'most', name], `the field ${quoted(name)} ${message}`, 'count `texts`, `ids` or `objects`')
  }
  const most = new Map(Object.entries(body.most ?? {}))
  const rest = { fields, strip: new Set(body.strip), most }
  return { kind: 'json', ...rest, optional, maxBytes, parted: partedFrom(body.or_parts, rest, report) }
}

type JsonBody = Extract<Exclude<RouteWords['body'], undefined | 'stream'>, { readonly fields: unknown }>

function partedFrom(
  words: JsonBody['or_parts'],
  json: Omit<Extract<PartShape, { kind: 'json' }>, 'kind'>,
  report: Report,
): Parted | undefined {
  if (words === undefined) return undefined
  if (words.files.includes(words.json))
    report.add(['body', 'or_parts', 'json'], `${quoted(words.json)} is also a file`, 'give it a name of its own')
  const files = words.files.map((name): [string, PartShape] => [name, { kind: 'file' }])
  const parts = new Map<string, PartShape>([...files, [words.json, { kind: 'json', ...json }]])
  const shape = { kind: 'multipart' as const, parts, maxBytes: sizeOf(words.max, defaultMultipartBytes) }
  return { json: words.json, shape }
}

const sizeOf = (size: string | undefined, otherwise: number): number =>
  (size === undefined ? undefined : parseSize(size)) ?? otherwise
const fieldsFrom = (words: FieldWords): Fields => (words === 'any' ? undefined : new Map(Object.entries(words)))

function partFrom(part: 'file' | 'text' | { readonly fields: FieldWords }): PartShape {
  return typeof part === 'string' ? { kind: part } : { kind: 'json', fields: fieldsFrom(part.fields) }
}

/** Every `body` and `part` that `lists` and `when` name must be declared, with a type that can hold what is read. */
export function checkBodyPlaces(route: RouteWords, body: BodyShape, known: Known, report: Report): void {
  for (const [path, demand] of listed(route.lists, 'lists')) {
    if ('body' in demand) checkPlace(body, demand.body, 'ids', [...path, 'body'], report)
    if ('part' in demand) checkPart(body, demand.part, 'ids', [...path, 'part'], report)
    if ('stored' in demand && demand.id.startsWith('body.')) {
      const reads = known.byEmail.has(demand.stored) ? 'emails' : 'ids'
      checkPlace(body, demand.id.slice(5), reads, [...path, 'id'], report)
    }
    if ('absent' in demand && demand.absent === 'fill') checkFill(demand, body, path, report)
  }
  for (const [path, demand] of listed(route.when, 'when')) {
    const reads = 'named' in demand && demand.named !== undefined ? 'names' : 'value'
    if ('body' in demand) checkPlace(body, demand.body, reads, [...path, 'body'], report)
    if ('part' in demand) checkPart(body, demand.part, reads, [...path, 'part'], report)
  }
}

type Reads = 'ids' | 'emails' | 'names' | 'value'
type Path = readonly (string | number)[]

function checkPlace(body: BodyShape, name: string, reads: Reads, path: Path, report: Report): void {
  if (body.kind === 'json') checkField(body.fields, name, reads, path, report)
  // Lists in a form could not be told from texts, nor put there.
  else if (body.kind === 'form' && reads === 'value') checkField(body.fields, name, reads, path, report)
  else
    report.add(
      path,
      `reads ${quoted(name)} from the body, which is not declared as JSON`,
      'declare it: `body: { fields: … }`',
    )
}

function checkPart(body: BodyShape, place: string, reads: Reads, path: Path, report: Report): void {
  const dot = place.indexOf('.')
  const name = place.slice(0, dot)
  const part = body.kind === 'multipart' ? body.parts.get(name) : undefined
  if (part?.kind === 'json') checkField(part.fields, place.slice(dot + 1), reads, path, report)
  else
    report.add(
      path,
      `reads JSON from the part ${quoted(name)}, which is not declared so`,
      `declare it: \`body: { parts: { ${name}: { fields: … } } }\``,
    )
}

/** Which type the first step of a place must have: `lists` is ids, `lists[].id` objects, `a.lists` an object. */
function checkField(fields: Fields, name: string, reads: Reads, path: Path, report: Report): void {
  const [first = '', ...rest] = name.split('.')
  const field = first.replace(/\[\]$/, '')
  if (fields === undefined) return
  const type = fields.get(field)
  if (type === undefined) {
    report.add(
      path,
      `the field ${quoted(field)} is not declared`,
      `add it to \`fields\`, or: ${remedyFor(field, fields.keys())}`,
    )
    return
  }
  const fitting = fittingTypes(first, rest, reads)
  if (fitting !== undefined && !fitting.includes(type)) {
    report.add(
      path,
      `reads ${quoted(name)}, but ${quoted(field)} is declared as ${quoted(type)}`,
      `declare it as ${fitting.map(quoted).join(' or ')}`,
    )
  }
}

function fittingTypes(first: string, rest: readonly string[], reads: Reads): readonly FieldType[] | undefined {
  if (rest.length > 0) return first.endsWith('[]') ? ['objects'] : ['object']
  if (reads === 'ids') return first.endsWith('[]') ? ['ids'] : ['ids', 'id']
  if (reads === 'names') return ['objects', 'object']
  if (reads === 'emails') return first.endsWith('[]') ? ['texts'] : ['texts', 'text']
  return undefined
}

function checkFill(demand: object, body: BodyShape, path: Path, report: Report): void {
  if ('part' in demand) {
    report.add(
      [...path, 'absent'],
      '`fill` cannot be done in a part, which is sent unchanged',
      'write `refuse`, `none` or `everywhere`',
    )
  }
  if (!('body' in demand) || typeof demand.body !== 'string') return
  const { body: name } = demand
  if (name.includes('[]') || name.includes('.')) {
    report.add(
      [...path, 'absent'],
      `\`fill\` cannot be done inside ${quoted(name)}`,
      'write `refuse`, `none` or `everywhere`',
    )
  } else if (body.kind === 'json' && body.fields?.get(name) === 'id') {
    report.add(
      [...path, 'absent'],
      `\`fill\` may put several lists into ${quoted(name)}, which is declared as \`id\``,
      'declare it as `ids`',
    )
  }
}
