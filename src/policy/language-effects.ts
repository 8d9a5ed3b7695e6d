/** The words of a route that is more than passed on: what creating and deleting a list grants, and what is answered here. */
import { Type } from 'typebox'
import { closed, text } from '../config/shape.ts'

export const need = Type.Enum(['get', 'manage'], { description: 'the kind of access; manage does not imply get' })

/** One id: an answer that holds several would grant more than was made. */
const itemId = text('the path of one id', {
  pattern: '^[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*$',
  examples: ['id', 'data.id'],
})

const undo = text('a DELETE with one `{id}` in it', {
  pattern: '^DELETE /[A-Za-z0-9._~/-]*\\{id\\}[A-Za-z0-9._~/-]*$',
  examples: ['DELETE /api/lists/{id}'],
  description: 'sent when the grant cannot be written: the list is deleted again',
})

const place = text('where the ids of deleted lists stand', {
  pattern: '^(?:path|query)\\.[A-Za-z0-9_.-]{1,64}$',
  examples: ['path.id', 'query.id'],
})

export const effects = {
  grant: Type.Optional(
    closed({
      from: itemId,
      need: Type.Array(need, { minItems: 1, uniqueItems: true }),
      undo: Type.Optional(undo),
    }),
  ),
  retire: Type.Optional(place),
  own: Type.Optional(Type.Enum(['profile', 'logout', 'openapi'])),
}
