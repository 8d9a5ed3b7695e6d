/** The part of JSON Schema that our languages use, as TypeBox writes it, and helpers to write it. */
import { Type, type TSchema } from 'typebox'
import type { Tree } from './tree.ts'

export interface Shape {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean' | undefined
  /** What it is, with its article: "a span". Messages say it. */
  readonly title?: string
  readonly examples?: readonly (string | number)[]
  readonly properties?: Readonly<Record<string, Shape>>
  readonly required?: readonly string[]
  readonly patternProperties?: Readonly<Record<string, Shape>>
  readonly items?: Shape
  readonly minItems?: number
  readonly enum?: readonly string[]
  readonly const?: string | boolean | number
  readonly anyOf?: readonly Shape[]
  readonly pattern?: string
  /** One of formats.ts, checked beyond the pattern; `never` refuses every text. */
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly uniqueItems?: boolean
  /** Never shown in a message. */
  readonly secret?: boolean
  /** Must not be written out in a file: only the environment or a `${NAME}` may give it. */
  readonly referenced?: boolean
}

/** The keywords of `Shape` that JSON Schema does not know; left out of the published schemas. */
export const ownKeywords: readonly string[] = ['secret', 'referenced', 'format']

/** A TypeBox schema as what it is underneath: JSON Schema. */
export const shapeOf = (schema: TSchema): Shape => schema as Shape

export interface TextOptions {
  readonly description?: string
  readonly examples?: readonly string[]
  readonly pattern?: string
  readonly format?: string
  readonly secret?: boolean
  readonly referenced?: boolean
}

/** A text; `title` says what it is, with its article. */
export const text = (title: string, options: TextOptions = {}) => Type.String({ title, ...options })

/** A map whose keys are exactly those given. */
export const closed = <T extends Parameters<typeof Type.Object>[0]>(
  properties: T,
  options: { description?: string } = {},
) => Type.Object(properties, { ...options, additionalProperties: false })

/** A map from names of one kind; `keys` is the pattern of a name, `title` what it is. */
export const named = <T extends Parameters<typeof Type.Record>[1]>(keys: string, title: string, value: T) =>
  Type.Record(Type.String({ pattern: keys }), value, { title, additionalProperties: false })

/** Which kinds of YAML a shape can be read from. */
export function kindsOf(shape: Shape): readonly Tree['kind'][] {
  if (shape.anyOf !== undefined) return shape.anyOf.flatMap(kindsOf)
  if (shape.enum !== undefined || shape.const !== undefined) return ['scalar']
  if (shape.type === undefined) return ['scalar', 'list', 'map']
  if (shape.type === 'object') return ['map']
  return shape.type === 'array' ? ['list'] : ['scalar']
}

/** What a shape takes, in a few words. */
export function titleOf(shape: Shape): string {
  if (shape.title !== undefined) return shape.title
  if (shape.enum !== undefined) return shape.enum.map((word) => `\`${word}\``).join(', ')
  if (shape.const !== undefined) return `\`${String(shape.const)}\``
  if (shape.anyOf !== undefined) return [...new Set(shape.anyOf.map(titleOf))].join(' or ')
  return typeWords[shape.type ?? 'string']
}

const typeWords = {
  object: 'a map',
  array: 'a list',
  string: 'a text',
  integer: 'a whole number',
  boolean: '`true` or `false`',
} as const
