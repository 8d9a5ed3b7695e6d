/** Pieces that the schemas of the admin API are made of. One object is type, validator and OpenAPI at once. */
import { Type, type TSchema } from 'typebox'

/** An object with exactly these fields. */
export const closed = <T extends Parameters<typeof Type.Object>[0]>(properties: T, options: object = {}) =>
  Type.Object(properties, { ...options, additionalProperties: false })

export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])

export const tenantName = Type.String({
  pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
  description: 'the name of a tenant',
  examples: ['default'],
})

export const userName = Type.String({
  pattern: '^(?!\\.{1,2}$)[A-Za-z0-9_.@-]{1,200}$',
  description: 'the name of a user: 1 to 200 of A-Z a-z 0-9 _ . @ -',
  examples: ['ann'],
})

/** People's words: not blank at either end, no control characters; and none that no path can name. */
export const roleName = Type.String({
  pattern: '^(?!\\.{1,2}$)[^\\s\\p{Cc}](?:[^\\p{Cc}]{0,98}[^\\s\\p{Cc}])?$',
  description: 'the name of a role: 1 to 100 characters, no control characters, no blank at either end',
  examples: ['spring team'],
})

export const planName = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$',
  description: 'the name of a rate plan, or of a rate class',
  examples: ['trial'],
})

export const permissionName = Type.String({ pattern: '^[a-z0-9_]+:[a-z0-9_]+$', examples: ['lists:get_all'] })

/** One line of people's words. */
export const line = (description: string, maxLength = 200) =>
  Type.String({ maxLength, pattern: '^[^\\p{Cc}]*$', description })

export const listId = Type.Integer({
  minimum: 1,
  maximum: 2_147_483_647,
  description: 'the id of a list at the backend',
  examples: [3],
})

/** As they come out: six digits, numeric offset, never `Z`. */
export const time = Type.String({
  description: 'a time with six digits of a second and its offset from UTC, never `Z`',
  examples: ['2027-01-31T09:00:00.000000+00:00'],
})

/** As they go in: RFC 3339 with an offset. Days that no calendar has are refused beyond the pattern. */
export const timeIn = Type.String({
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})$',
  description: 'a time with its offset (RFC 3339)',
  examples: ['2027-01-31T09:00:00+01:00'],
})

export const spanIn = Type.String({
  pattern: '^[1-9][0-9]{0,8}(?:ms|s|m|h|d)$',
  description: 'a whole number and a unit of `ms`, `s`, `m`, `h`, `d`',
  examples: ['24h'],
})

export const rowId = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })

/** In a path or a query everything is text. */
export const rowIdText = Type.String({ pattern: '^[1-9][0-9]{0,14}$', description: 'an id', examples: ['12'] })

export const version = Type.Integer({ minimum: 0, description: 'counts its changes; what `ETag` shows' })

export const cursor = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,1000}$',
  description: 'the `next` of the page before',
})

export const limitText = limitOf('50')

export function limitOf(byDefault: string) {
  return Type.String({
    pattern: '^(?:[1-9]|[1-9][0-9]|1[0-9][0-9]|200)$',
    description: `how many at most: 1 to 200; ${byDefault} by default`,
    default: byDefault,
  })
}

/** A page, and where the next one begins; null at the end. */
export const page = <T extends TSchema>(item: T) => closed({ results: Type.Array(item), next: nextCursor })

/** The same, counted. */
export const countedPage = <T extends TSchema>(item: T) =>
  closed({
    results: Type.Array(item),
    next: nextCursor,
    total: Type.Integer({ minimum: 0, description: 'how many there are on all pages' }),
  })

const nextCursor = nullable(Type.String({ description: 'the `cursor` of the next page' }))

export const managedIn = Type.Enum(['built-in', 'file', 'store'], {
  description: 'where it is managed; what is not in the store is read-only here',
})
