/** The headers that `screen` knows by name, and how it finds them among all others: this runs over every byte of every name. */

/** A bit for each header that may stand once: of those that decide something, and of those of which Node's own list keeps the first in silence. */
export const once = {
  host: 1,
  range: 1 << 1,
  expect: 1 << 2,
  origin: 1 << 3,
  'if-range': 1 << 4,
  'x-api-key': 1 << 5,
  'content-type': 1 << 6,
  authorization: 1 << 7,
  'content-length': 1 << 8,
  'content-encoding': 1 << 9,
  'transfer-encoding': 1 << 10,
  'proxy-authorization': 1 << 11,
  from: 1 << 12,
  referer: 1 << 13,
  'user-agent': 1 << 14,
  'max-forwards': 1 << 15,
  'if-modified-since': 1 << 16,
  'if-unmodified-since': 1 << 17,
} as const

export type KnownName = keyof typeof once | 'connection'

/** Letters, digits and `-`, at least one. A loop is cheaper than an expression. */
export function isHeaderName(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i)
    const letter = code | 0x20
    if ((letter < 0x61 || letter > 0x7a) && (code < 0x30 || code > 0x39) && code !== 0x2d) return false
  }
  return name.length > 0
}

/** Only a name of the right length is lower-cased and compared. */
export function knownName(name: string): KnownName | undefined {
  switch (name.length) {
    case 4:
      return same(name, 'host') ?? same(name, 'from')
    case 5:
      return same(name, 'range')
    case 6:
      return same(name, 'expect') ?? same(name, 'origin')
    case 7:
      return same(name, 'referer')
    case 8:
      return same(name, 'if-range')
    case 9:
      return same(name, 'x-api-key')
    case 10:
      return same(name, 'connection') ?? same(name, 'user-agent')
    case 12:
      return same(name, 'content-type') ?? same(name, 'max-forwards')
    case 13:
      return same(name, 'authorization')
    case 14:
      return same(name, 'content-length')
    case 16:
      return same(name, 'content-encoding')
    case 17:
      return same(name, 'transfer-encoding') ?? same(name, 'if-modified-since')
    case 19:
      return same(name, 'proxy-authorization') ?? same(name, 'if-unmodified-since')
    default:
      return undefined
  }
}

/** `known` if `name` spells it in any case. Both are of one length, and `name` holds only letters, digits and `-`. */
function same<Name extends KnownName>(name: string, known: Name): Name | undefined {
  // One letter tells most names of a length apart (`Accept`, `Cookie`, `Origin`).
  if ((name.charCodeAt(0) | 0x20) !== known.charCodeAt(0)) return undefined
  return name.toLowerCase() === known ? known : undefined
}
