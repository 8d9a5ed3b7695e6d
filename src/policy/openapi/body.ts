/** What a route takes for a body, as OpenAPI. Pure. */
import type { BodyShape, FieldType, FormType, MultipartShape } from '../body-shape.ts'

type Schema = Readonly<Record<string, unknown>>

const listId = { type: 'integer', minimum: 1, maximum: 2_147_483_647 } as const

const fieldSchemas: Readonly<Record<FieldType, Schema>> = {
  any: {},
  text: { type: 'string' },
  texts: { type: 'array', items: { type: 'string' } },
  bool: { type: 'boolean' },
  number: { type: 'number' },
  id: listId,
  ids: { type: 'array', items: listId },
  object: { type: 'object' },
  objects: { type: 'array', items: { type: 'object' } },
}

const formSchemas: Readonly<Record<FormType, Schema>> = {
  text: { type: 'string' },
  bool: { type: 'boolean' },
  number: { type: 'number' },
  id: listId,
}

/** `undefined` where no body is taken. */
export function bodyOf(body: BodyShape): Schema | undefined {
  switch (body.kind) {
    case 'none':
      return undefined
    case 'stream':
      return { content: Object.fromEntries((body.types === 'any' ? ['*/*'] : body.types).map((type) => [type, {}])) }
    case 'json':
      return {
        required: !body.optional,
        content: {
          'application/json': { schema: objectOf(body.fields, body.most, body.strip) },
          ...(body.parted === undefined ? {} : { 'multipart/form-data': { schema: partsOf(body.parted.shape) } }),
        },
      }
    case 'form':
      return {
        required: !body.optional,
        content: {
          'application/x-www-form-urlencoded': {
            schema: {
              type: 'object',
              properties: Object.fromEntries([...body.fields].map(([name, type]) => [name, formSchemas[type]])),
              additionalProperties: false,
            },
          },
        },
      }
    case 'multipart':
      return { required: true, content: { 'multipart/form-data': { schema: partsOf(body) } } }
  }
}

function objectOf(
  fields: ReadonlyMap<string, FieldType> | undefined,
  most: ReadonlyMap<string, number> = new Map(),
  strip: Iterable<string> = [],
): Schema {
  if (fields === undefined) return { type: 'object' }
  const properties = [...fields].map(([name, type]) => {
    const bound = most.get(name)
    return [name, bound === undefined ? fieldSchemas[type] : { ...fieldSchemas[type], maxItems: bound }] as const
  })
  const dropped = [...strip].map((name) => [name, { description: 'taken, and not sent on' }] as const)
  return { type: 'object', properties: Object.fromEntries([...properties, ...dropped]), additionalProperties: false }
}

function partsOf({ parts }: MultipartShape): Schema {
  const properties = [...parts].map(([name, part]) => {
    switch (part.kind) {
      case 'file':
        return [name, { type: 'string', contentMediaType: 'application/octet-stream' }] as const
      case 'text':
        return [name, { type: 'string' }] as const
      case 'json':
        return [name, objectOf(part.fields, part.most)] as const
    }
  })
  return { type: 'object', properties: Object.fromEntries(properties), additionalProperties: false }
}
