/** Puts a request body into a struct as echo's `Bind` and Go's encoding/json do. */
import { parseValues } from './form.ts'
import type { Part } from './form.ts'
import type { Node } from './go-parse.ts'
import { GoSyntaxError, goParse } from './go-parse.ts'
import type { Json, JsonObject } from './json.ts'
import { bad, Refusal } from './reply.ts'

/** What a field of a struct takes; `null` leaves scalars as they are (`undefined` here) and empties the rest. */
interface Kinds {
  int: number
  string: string
  bool: boolean
  ints: number[] | null
  strings: string[] | null
  map: JsonObject | null
  any: Json
  /** A pointer or `null.*` type: keeps `null`. */
  intOrNull: number | null
  stringOrNull: string | null
  /** A slice of structs, bound by its owner. */
  nodes: readonly Node[] | null
}

export type Shape = Readonly<Record<string, keyof Kinds>>
export type Bound<S extends Shape> = { -readonly [K in keyof S]?: Kinds[S[K]] }

/** A value of the wrong type, as `json.UnmarshalTypeError` tells it. */
export class GoTypeError extends Error {
  readonly expected: string
  readonly got: string
  readonly field: string
  readonly offset: number

  constructor(expected: string, node: Node, field: string, got: string) {
    super(`json: cannot unmarshal ${got} into Go`)
    this.expected = expected
    this.got = got
    this.field = field
    this.offset = node.offset
  }
}

export interface BodySource {
  readonly contentType: string
  readonly body: Buffer
  readonly parts: readonly Part[]
  /** The request said `Content-Length: 0`, or had no body at all. */
  readonly hasBody: boolean
}

/** The body as `Bind` fills a struct; `formFields` are the fields with a `form` tag. Refuses with 400 or 415. */
export function bindBody<S extends Shape>(
  source: BodySource,
  shape: S,
  formFields: readonly (keyof S & string)[] = [],
): Bound<S> {
  if (!source.hasBody) return {}
  const type = (source.contentType.split(';')[0] ?? '').trim()
  switch (type) {
    case 'application/json':
      return explained(() => bindNode(goParse(source.body, false), shape))
    case 'application/xml':
    case 'text/xml':
      return bindXml(source.body.toString('utf8'), shape)
    case 'application/x-www-form-urlencoded':
      return bindForm(
        [...parseValues(source.body.toString('latin1'))].map(([name, [value]]) => [name, value ?? '']),
        formFields,
      )
    case 'multipart/form-data':
      return bindForm(
        source.parts.map(({ name, content }) => [name, content.toString('utf8')]),
        formFields,
      )
    default:
      throw new Refusal(415, 'Unsupported Media Type')
  }
}

/** The refusal that echo makes of a JSON error. */
export function bindError(error: unknown): Refusal | undefined {
  if (error instanceof GoTypeError) {
    const { expected, got, field, offset } = error
    const text = `Unmarshal type error: expected=${expected}, got=${got}, field=${field}, offset=${offset}`
    return new Refusal(400, text, error)
  }
  if (!(error instanceof GoSyntaxError)) return undefined
  return bad(
    error.offset === undefined ? error.message : `Syntax error: offset=${error.offset}, error=${error.message}`,
  )
}

function explained<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw bindError(error) ?? error
  }
}

/** Keys match exactly or by case folding; every match is applied, so the last one wins whatever its spelling. */
export function bindNode<S extends Shape>(node: Node, shape: S, at = ''): Bound<S> {
  const bound: Record<string, unknown> = {}
  if (node.kind === 'null') return bound as Bound<S>
  if (node.kind !== 'object') throw new GoTypeError('struct', node, at, described(node))
  const names = new Map(Object.keys(shape).map((name) => [folded(name), name]))
  for (const [key, value] of node.members) {
    const name = names.get(folded(key))
    if (name === undefined) continue
    const kind = shape[name]
    if (kind === undefined) continue
    const converted = convert(value, kind, at === '' ? name : `${at}.${name}`)
    if (converted === undefined) continue
    // Repeated keys of a map merge.
    const merges = kind === 'map' && converted !== null
    bound[name] = merges ? { ...(bound[name] as JsonObject | undefined), ...(converted as JsonObject) } : converted
  }
  return bound as Bound<S>
}

function folded(key: string): string {
  return key.replaceAll('\u017f', 's').replaceAll('\u212a', 'k').toLowerCase()
}

function convert(node: Node, kind: keyof Kinds, field: string): Kinds[keyof Kinds] | undefined {
  switch (kind) {
    case 'int':
    case 'intOrNull':
      if (node.kind === 'null') return kind === 'int' ? undefined : null
      return int(node, field)
    case 'string':
    case 'stringOrNull':
      if (node.kind === 'null') return kind === 'string' ? undefined : null
      return scalar(node, 'string', 'string', field)
    case 'bool':
      return node.kind === 'null' ? undefined : scalar(node, 'bool', 'bool', field) === 'true'
    case 'ints':
      return slice(node, '[]int', field)?.map((item) => (item.kind === 'null' ? 0 : int(item, field))) ?? null
    case 'strings':
      return (
        slice(node, '[]string', field)?.map((item) =>
          item.kind === 'null' ? '' : scalar(item, 'string', 'string', field),
        ) ?? null
      )
    case 'nodes':
      return slice(node, '[]struct', field)
    case 'map':
      if (node.kind === 'null') return null
      if (node.kind !== 'object') throw new GoTypeError('models.JSON', node, field, described(node))
      return toJson(node) as JsonObject
    case 'any':
      return toJson(node)
  }
}

function scalar(node: Node, kind: Node['kind'], expected: string, field: string): string {
  if (node.kind !== kind) throw new GoTypeError(expected, node, field, described(node))
  return node.text
}

function int(node: Node, field: string): number {
  if (node.kind !== 'number') throw new GoTypeError('int', node, field, described(node))
  const isInt64 = /^-?[0-9]+$/.test(node.text) && BigInt.asIntN(64, BigInt(node.text)) === BigInt(node.text)
  if (!isInt64) throw new GoTypeError('int', node, field, `number ${node.text}`)
  return Number(node.text)
}

function slice(node: Node, expected: string, field: string): readonly Node[] | null {
  if (node.kind === 'null') return null
  if (node.kind !== 'array') throw new GoTypeError(expected, node, field, described(node))
  return node.items
}

const described = (node: Node): string => node.kind

export function toJson(node: Node): Json {
  switch (node.kind) {
    case 'null':
      return null
    case 'bool':
      return node.text === 'true'
    case 'number':
      return Number(node.text)
    case 'string':
      return node.text
    case 'array':
      return node.items.map(toJson)
    case 'object':
      return Object.fromEntries(node.members.map(([key, value]) => [key, toJson(value)]))
  }
}

/** encoding/xml takes any root element and fills fields by their Go names: `<ListIDs>3</ListIDs>`. */
function bindXml<S extends Shape>(text: string, shape: S): Bound<S> {
  const bound: Record<string, unknown> = {}
  const names = new Map(Object.keys(shape).map((name) => [name.replaceAll('_', ''), name]))
  for (const [, element = '', content = ''] of text.matchAll(/<(\w+)>([^<]*)<\/\1>/g)) {
    const name = names.get(element.toLowerCase())
    const kind = name === undefined ? undefined : shape[name]
    if (name === undefined || kind === undefined) continue
    if (kind === 'int') bound[name] = Number(content)
    else if (kind === 'string') bound[name] = content
    else if (kind === 'bool') bound[name] = content.trim() === 'true'
    else if (kind === 'ints') bound[name] = [...((bound[name] as number[] | undefined) ?? []), Number(content)]
    else if (kind === 'strings') bound[name] = [...((bound[name] as string[] | undefined) ?? []), content]
  }
  return bound as Bound<S>
}

function bindForm<S extends Shape>(
  values: readonly (readonly [string, string])[],
  fields: readonly string[],
): Bound<S> {
  const bound: Record<string, unknown> = {}
  for (const [name, value] of values) {
    const field = fields.find((candidate) => candidate.toLowerCase() === name.toLowerCase())
    if (field !== undefined) bound[field] ??= value
  }
  return bound as Bound<S>
}
