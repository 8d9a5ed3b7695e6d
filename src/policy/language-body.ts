/** The words of `body` in a route, as a schema. */
import { Type } from 'typebox'
import { closed, named, text } from '../config/shape.ts'

const fieldName = '^[A-Za-z0-9_-]{1,128}$'
const fieldType = Type.Enum(['any', 'text', 'texts', 'bool', 'number', 'id', 'ids', 'object', 'objects'])
const fields = Type.Union([Type.Literal('any'), named(fieldName, 'the name of a field', fieldType)], {
  title: 'a map of fields, or `any`',
})
const max = Type.Optional(text('a size', { format: 'size', examples: ['1MiB', '512KiB'] }))
const mediaType = text('a media type', { pattern: '^[a-z0-9.+-]+/[a-z0-9.+-]+$', examples: ['application/json'] })

export const body = Type.Union(
  [
    Type.Literal('stream'),
    closed({ stream: Type.Literal(true), types: Type.Array(mediaType, { minItems: 1, uniqueItems: true }) }),
    closed({
      fields,
      strip: Type.Optional(Type.Array(text('the name of a field', { pattern: fieldName }), { uniqueItems: true })),
      most: Type.Optional(
        named(fieldName, 'the name of a field', Type.Integer({ minimum: 1, description: 'how many elements at most' })),
      ),
      optional: Type.Optional(Type.Boolean()),
      max,
      or_parts: Type.Optional(
        closed({
          json: text('the name of a part', { pattern: fieldName }),
          files: Type.Array(text('the name of a part', { pattern: fieldName }), { minItems: 1, uniqueItems: true }),
          max,
        }),
      ),
    }),
    closed({
      form: named(fieldName, 'the name of a field', Type.Enum(['text', 'bool', 'number', 'id'])),
      optional: Type.Optional(Type.Boolean()),
      max,
    }),
    closed({
      parts: named(
        fieldName,
        'the name of a part',
        Type.Union([Type.Enum(['file', 'text']), closed({ fields })], { title: '`file`, `text` or `{ fields: … }`' }),
      ),
      max,
    }),
  ],
  { title: '`stream`, or a map with `fields`, `form`, `parts` or `stream: true`' },
)
