/** A JSON body against what the rule declares of it. Pure. */
import type { FieldProblem } from '../model/failure.ts'
import { listIdFrom } from '../model/ids.ts'
import {
  foldKey,
  isArray,
  isObject,
  isRawNumber,
  type Json,
  type JsonObject,
  parseJson,
  showKey,
} from '../model/json.ts'
import type { FieldType } from '../policy/body-shape.ts'
import { maxIds, parsePlace, type Step } from './json-places.ts'

export interface JsonShape {
  /** `undefined`: any field, judged names aside. */
  readonly fields: ReadonlyMap<string, FieldType> | undefined
  readonly strip?: ReadonlySet<string>
  /** How many elements an array may have; `maxIds` where nothing is said. */
  readonly most?: ReadonlyMap<string, number>
}

export type JudgedJson =
  /** Without the stripped fields, and without a declared field that is `null` (but for `any` and `object`). */
  | { readonly kind: 'ok'; readonly value: JsonObject }
  /** Nothing but white space: backends take a body of length 0 for none. */
  | { readonly kind: 'absent' }
  /** → `body-unreadable` */
  | { readonly kind: 'unreadable'; readonly why: string }
  /** → `body-invalid` */
  | { readonly kind: 'invalid'; readonly fields: readonly FieldProblem[] }

/** Told at most; a client mends one mistake at a time. */
const maxProblems = 20

/** Judges `bytes`; `judged` are the places that decide something: their names may stand in one spelling only, at each depth. */
export function judgeJson(shape: JsonShape, judged: readonly string[], bytes: Buffer): JudgedJson {
  if (isBlank(bytes)) return { kind: 'absent' }
  const reading = parseJson(bytes)
  if (reading.kind === 'invalid') return { kind: 'unreadable', why: `${reading.why}, at byte ${reading.at}` }
  if (!isObject(reading.value)) return { kind: 'unreadable', why: 'the body is not a JSON object' }
  const body = reading.value

  const places = judged.map(parsePlace)
  const why = problemOfNames(shape, body, places) ?? places.map((place) => misspelt(body, place)).find(isText)
  if (why !== undefined) return { kind: 'unreadable', why }

  const problems: FieldProblem[] = []
  const value = Object.create(null) as { [key: string]: Json }
  for (const [key, field] of Object.entries(body)) {
    if (shape.strip?.has(key) === true) continue
    const type = shape.fields?.get(key) ?? 'any'
    if (field === null && type !== 'any' && type !== 'object') continue
    if (field !== null) problems.push(...problemsOf(field, type, key, shape.most?.get(key)))
    value[key] = field
  }
  return problems.length > 0 ? { kind: 'invalid', fields: problems.slice(0, maxProblems) } : { kind: 'ok', value }
}

const isText = (why: string | undefined): why is string => why !== undefined

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d)
}

function problemOfNames(shape: JsonShape, body: JsonObject, places: readonly (readonly Step[])[]): string | undefined {
  const known = new Set([
    ...(shape.fields?.keys() ?? []),
    ...(shape.strip ?? []),
    ...places.flatMap(([first]) => (first === undefined ? [] : [first.name])),
  ])
  const folded = new Map([...known].map((name) => [foldKey(name), name]))
  for (const key of Object.keys(body)) {
    const isDeclared = shape.fields?.has(key) ?? true
    if ((known.has(key) && isDeclared) || shape.strip?.has(key) === true) continue
    const twin = known.has(key) ? undefined : folded.get(foldKey(key))
    if (twin !== undefined) return spelling(key, twin)
    if (shape.fields !== undefined) return `the field ${showKey(key)} is unknown`
  }
  return undefined
}

// encoding/json of Go matches names whatever their case, and the last one wins: `{"lists":[1],"Lists":[7]}` is [7] there.
const spelling = (key: string, name: string): string => `the field ${showKey(key)} is spelt ${showKey(name)}`

/** Says where a name of the place stands in another spelling, at each depth that the place goes to. */
function misspelt(holder: Json | undefined, [step, ...rest]: readonly Step[]): string | undefined {
  if (step === undefined || !isObject(holder)) return undefined
  const folded = foldKey(step.name)
  const twin = Object.keys(holder).find((key) => key !== step.name && foldKey(key) === folded)
  if (twin !== undefined) return spelling(twin, step.name)
  const value = holder[step.name]
  if (!isArray(value)) return misspelt(value, rest)
  for (const item of step.each ? value : []) {
    const why = misspelt(item, rest)
    if (why !== undefined) return why
  }
  return undefined
}

function problemsOf(value: Json, type: FieldType, path: string, most = maxIds): readonly FieldProblem[] {
  const wants = (ok: boolean, what: string): readonly FieldProblem[] =>
    ok ? [] : [{ path, problem: `${what} is expected, not ${kindOf(value)}` }]
  switch (type) {
    case 'any':
      return []
    case 'text':
      return wants(typeof value === 'string', 'a text')
    case 'bool':
      return wants(typeof value === 'boolean', 'true or false')
    case 'number':
      return wants(typeof value === 'number' || isRawNumber(value), 'a number')
    case 'id':
      return listIdFrom(value) === undefined ? [{ path, problem: `${showValue(value)} is not an integer id` }] : []
    case 'object':
      return wants(isObject(value), 'an object')
    case 'texts':
      return problemsOfItems(value, 'text', path, most)
    case 'ids':
      return problemsOfItems(value, 'id', path, most)
    case 'objects':
      return problemsOfItems(value, 'object', path, most)
  }
}

function problemsOfItems(
  value: Json,
  type: 'text' | 'id' | 'object',
  path: string,
  most: number,
): readonly FieldProblem[] {
  if (!isArray(value)) return [{ path, problem: `an array is expected, not ${kindOf(value)}` }]
  if (value.length > most) return [{ path, problem: `more than ${most} element${most === 1 ? '' : 's'}` }]
  const problems: FieldProblem[] = []
  for (const [index, item] of value.entries()) {
    if (item === null) problems.push({ path: `${path}[${index}]`, problem: 'null is not taken in an array' })
    else problems.push(...problemsOf(item, type, `${path}[${index}]`))
    if (problems.length >= maxProblems) break
  }
  return problems
}

function kindOf(value: Json): string {
  if (value === null) return 'null'
  if (isArray(value)) return 'an array'
  if (isObject(value)) return 'an object'
  if (typeof value === 'string') return 'a text'
  return typeof value === 'boolean' ? 'true or false' : 'a number'
}

/** What stands where an id should; of texts and numbers, which are short or cut, the JSON itself. */
function showValue(value: Json): string {
  const isScalar = typeof value === 'string' || typeof value === 'number' || isRawNumber(value)
  return isScalar ? showKey(JSON.stringify(value)) : kindOf(value)
}
