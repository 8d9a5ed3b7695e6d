/** Lists of the backend in the admin API. */
import { Type } from 'typebox'
import { closed, listId, nullable, time } from './common.ts'

export const lists = closed({
  named: Type.Boolean({ description: 'whether the backend was asked for names: the policy may know no way' }),
  results: Type.Array(
    closed({
      id: listId,
      name: nullable(Type.String()),
      retired: nullable(
        Type.Enum(['gone', 'unsure'], { description: 'deleted: what was granted before gives nothing' }),
      ),
      roles: Type.Array(Type.String(), { description: 'list roles that name it' }),
    }),
  ),
})

export const retiredLists = closed({
  results: Type.Array(closed({ list: listId, state: Type.Enum(['gone', 'unsure']), at: time })),
})
