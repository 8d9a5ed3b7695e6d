/** Tokens of the admin API. */
import { Type, type Static } from 'typebox'
import {
  closed,
  cursor,
  limitOf,
  limitText,
  line,
  nullable,
  page,
  rowId,
  spanIn,
  time,
  timeIn,
  userName,
} from './common.ts'

export const token = closed({
  id: rowId,
  label: Type.String(),
  user: userName,
  state: Type.Enum(['valid', 'waiting', 'expired', 'revoked']),
  created_at: time,
  not_before: nullable(time),
  expires_at: nullable(time),
  revoked_at: nullable(time),
  last_used_at: nullable(time),
})
export type Token = Static<typeof token>

export const tokenList = closed({ results: Type.Array(token) })
export const tokenPage = page(token)

export const newToken = closed({
  label: Type.Optional(line('what it is for')),
  not_before: Type.Optional(nullable(timeIn)),
  expires_at: Type.Optional(nullable(timeIn)),
})

export const tokenChange = closed({ label: line('what it is for') })

export const rotation = closed({
  overlap: Type.Optional(
    Type.String({
      ...spanIn,
      description: 'how long the old one holds beside the new one; 24h by default, 30d at most',
      default: '24h',
    }),
  ),
  label: Type.Optional(line('of the new one; by default that of the old one')),
  expires_at: Type.Optional(nullable(timeIn)),
})

/** With the secret, once. */
export const shownToken = closed({
  token,
  secret: nullable(
    Type.String({
      description: 'shown this once; null where the request was repeated and the secret is not remembered any more',
    }),
  ),
})
export type ShownToken = Static<typeof shownToken>

export const tokenFilter = closed({ limit: Type.Optional(limitOf('200')), cursor: Type.Optional(cursor) })

export const expiringFilter = closed({
  within: Type.Optional(Type.String({ ...spanIn, description: 'how soon they end; 14d by default', default: '14d' })),
  limit: Type.Optional(limitText),
})
