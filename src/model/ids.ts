/** Branded identifiers. A value of one of these types was made by its parser here and nowhere else. */

declare const brand: unique symbol
type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** The id of a list at the backend, 1..2147483647. */
export type ListId = Brand<number, 'ListId'>
export type UserId = Brand<number, 'UserId'>
export type TokenId = Brand<number, 'TokenId'>
export type TenantName = Brand<string, 'TenantName'>
/** 1 to 128 characters of `[A-Za-z0-9._-]`. */
export type RequestId = Brand<string, 'RequestId'>

const maxInt32 = 2_147_483_647
const canonicalId = /^[1-9][0-9]{0,9}$/

/** The list id that `text` spells in canonical decimal (no sign, no leading zero, 1..2147483647), else `undefined`. */
export function parseListId(text: string): ListId | undefined {
  if (!canonicalId.test(text)) return undefined
  return listIdFrom(Number(text))
}

/** The list id that the number `value` is, if it is an integer in 1..2147483647, else `undefined`. */
export function listIdFrom(value: unknown): ListId | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= maxInt32
    ? (value as ListId)
    : undefined
}

const requestId = /^[A-Za-z0-9._-]{1,128}$/

export function parseRequestId(text: string): RequestId | undefined {
  return requestId.test(text) ? (text as RequestId) : undefined
}

const tenantName = /^[a-z0-9][a-z0-9-]{0,62}$/

export function parseTenantName(text: string): TenantName | undefined {
  return tenantName.test(text) ? (text as TenantName) : undefined
}

/** Ids that a store handed out are taken as they are. */
export const userIdFrom = (value: number): UserId => value as UserId
export const tokenIdFrom = (value: number): TokenId => value as TokenId
