/** One request as the handlers see it. */
import type { BodySource, Bound, Shape } from './bind.ts'
import { bindBody } from './bind.ts'
import type { Part, Values } from './form.ts'
import { parseMultipart, parseValues } from './form.ts'
import { bad } from './reply.ts'
import type { Outcome } from './reply.ts'
import type { Params, Router } from './router.ts'
import type { World } from './world.ts'

export interface Context extends BodySource {
  readonly world: World
  readonly method: string
  readonly params: Params
  readonly query: Values
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The time of the request as the database writes it. */
  readonly now: string
  readonly epochMs: number
}

export type Handler = (context: Context) => Outcome
export type Routes = Router<Handler>

export interface RawRequest {
  readonly world: World
  readonly method: string
  readonly params: Params
  readonly search: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
  readonly now: string
  readonly epochMs: number
}

export function createContext({ search, headers, body, ...rest }: RawRequest): Context {
  const contentType = headers['content-type'] ?? ''
  const isMultipart = contentType.toLowerCase().startsWith('multipart/form-data')
  const parts: readonly Part[] = (isMultipart ? parseMultipart(contentType, body) : undefined) ?? []
  const chunked = headers['transfer-encoding'] !== undefined
  return { ...rest, headers, body, contentType, parts, query: parseValues(search), hasBody: chunked || body.length > 0 }
}

export function bind<S extends Shape>(
  context: Context,
  shape: S,
  formFields?: readonly (keyof S & string)[],
): Bound<S> {
  return bindBody(context, shape, formFields)
}

/** The first value of a query parameter, `''` where there is none. */
export function queryValue(context: Context, name: string): string {
  return context.query.get(name)?.[0] ?? ''
}

/** Go's `FormValue`: urlencoded body of POST, PUT, PATCH before query string before multipart body. */
export function formValue(context: Context, name: string): string {
  const { method, contentType, body, query, parts } = context
  const isForm = contentType.split(';')[0]?.trim().toLowerCase() === 'application/x-www-form-urlencoded'
  if (isForm && (method === 'POST' || method === 'PUT' || method === 'PATCH')) {
    const value = parseValues(body.toString('latin1')).get(name)?.[0]
    if (value !== undefined) return value
  }
  const part = parts.find((candidate) => candidate.name === name && candidate.filename === undefined)
  return query.get(name)?.[0] ?? part?.content.toString('utf8') ?? ''
}

/** The path's `id` as Go's `Atoi` reads it; 400 where it is not at least 1. */
export function pathId(context: Context, refusal = 'invalid ID'): number {
  const id = atoi(context.params['id'] ?? '', true)
  if (id === undefined || id < 1n) throw bad(refusal)
  return Number(id)
}

/** Every value of the query parameter `name`, each at least 1; an error names the first that is not. */
export function strictIds(context: Context, name: string): number[] {
  return (context.query.get(name) ?? []).map((text) => {
    const id = atoi(text)
    if (id === undefined) throw badIds(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`)
    if (id < 1n) throw badIds(`${id} is not a valid ID`)
    return Number(id)
  })
}

const badIds = (why: string): Error => bad(`One or more IDs are invalid: ${why}`)

/** Every value of the query parameter `name`; empty ones are skipped, zero and negative ones allowed. */
export function lenientIds(context: Context, name: string): number[] {
  const texts = (context.query.get(name) ?? []).filter((text) => text !== '')
  return texts.map((text) => {
    const id = atoi(text)
    if (id === undefined) throw bad('Invalid ID(s)')
    return Number(id)
  })
}

const maxInt64 = 9_223_372_036_854_775_807n

/** `clamped`: a path parameter out of range becomes the largest number, a query parameter is an error. */
function atoi(text: string, clamped = false): bigint | undefined {
  if (!/^[-+]?[0-9]+$/.test(text)) return undefined
  const value = BigInt(text.replace(/^\+/, ''))
  if (value <= maxInt64 && value >= -maxInt64) return value
  return clamped ? maxInt64 : undefined
}

const maxInt32 = 2_147_483_647

/** What PostgreSQL says of a number that does not fit its integer, `undefined` where it fits. */
export function outOfRange(ids: readonly number[]): string | undefined {
  const id = ids.find((candidate) => candidate > maxInt32 || candidate < -maxInt32 - 1)
  if (id === undefined) return undefined
  const text = id >= Number(maxInt64) ? maxInt64.toString() : String(id)
  return `pq: value "${text}" is out of range for type integer`
}
