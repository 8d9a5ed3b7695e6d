/**
 * The hash chain of the audit trail, version 1. Pure.
 *
 * A row's hash is SHA-256 over the hash of the row before it (64 hexadecimal digits; `genesis` for the first row) and the row's fields in
 * the order of `fieldNames`, each written as a netstring of its UTF-8 bytes (`5:hello,`), numbers in decimal, null as `-`. No two rows
 * are written alike: a length says where each field ends.
 *
 * INVARIANT: rows that were written stay verifiable. Another encoding is another version, beside this one.
 */
import { hash } from 'node:crypto'

/** The SHA-256 of `sallyport audit chain 1`. */
export const genesis = '106605b9fdd6c8afc15cf019550ceba29fb8c3f82fdc2f3672ee559fc0648ffb'

export const fieldNames = [
  'id',
  'at',
  'actor',
  'origin',
  'request_id',
  'action',
  'subject',
  'details',
  'before',
  'after',
] as const

/** Text, or the bytes that the file holds where text should be. */
export type ChainField = string | Uint8Array | null

export type ChainFields = { readonly [Name in (typeof fieldNames)[number]]: ChainField }

/** The hash of the row that follows `previous`, in 64 lower-case hexadecimal digits. */
export function chainHash(previous: string, fields: ChainFields): string {
  const pieces: Uint8Array[] = [Buffer.from(previous, 'latin1')]
  for (const name of fieldNames) {
    const field = fields[name]
    if (field === null) {
      pieces.push(nothing)
      continue
    }
    const bytes = typeof field === 'string' ? Buffer.from(field) : field
    pieces.push(Buffer.from(`${bytes.byteLength}:`, 'latin1'), bytes, comma)
  }
  return hash('sha256', Buffer.concat(pieces), 'hex')
}

const nothing = Buffer.from('-')
const comma = Buffer.from(',')
