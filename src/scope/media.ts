/** Whether a route takes a body of this type and coding, and the spelling that is sent on. Pure. */
import type { BodyShape } from '../policy/body-shape.ts'
import { parseContentType } from './content-type.ts'

export type Media =
  /** `contentType` goes out in place of the caller's; `undefined`: theirs passes as it is. `boundary` is multipart's. */
  | { readonly kind: 'taken'; readonly contentType: string | undefined; readonly boundary: string | undefined }
  /** → `media-type-unsupported` */
  | { readonly kind: 'unsupported'; readonly why: string }

/** Judges the headers of a request that has a body. A route that takes none is not asked. */
export function judgeMedia(
  shape: Exclude<BodyShape, { kind: 'none' }>,
  contentType: string | undefined,
  contentEncoding: string | undefined,
): Media {
  // Of a route that takes anything, the body passes unread, with its headers as they are.
  if (shape.kind === 'stream' && shape.types === 'any')
    return { kind: 'taken', contentType: undefined, boundary: undefined }
  // What is encoded would be read otherwise here than behind us, or not at all (RFC 9110 §15.5.16).
  if (contentEncoding !== undefined && contentEncoding.toLowerCase() !== 'identity')
    return unsupported('a body with a content encoding is not taken')

  const type = parseContentType(contentType)
  const types = typesOf(shape)
  const wanted = `this endpoint takes ${types.join(', ')}`
  if (type.kind === 'absent') return unsupported(`the content type is missing; ${wanted}`)
  if (type.kind === 'malformed') return unsupported(`the content type is malformed; ${wanted}`)
  if (!types.includes(type.essence)) return unsupported(wanted)
  if (type.charset !== undefined && type.charset !== 'utf-8')
    return unsupported('the only charset that is taken is utf-8')
  if (type.others.length > 0) return unsupported('the content type has a parameter that is not taken')

  const isMultipart = type.essence.startsWith('multipart/')
  if (!isMultipart) {
    if (type.boundary !== undefined) return unsupported('the content type has a parameter that is not taken')
    const charset = type.charset === undefined || type.essence === 'application/json' ? '' : '; charset=utf-8'
    return { kind: 'taken', contentType: type.essence + charset, boundary: undefined }
  }
  if (type.boundary === undefined || !plainBoundary.test(type.boundary))
    return unsupported('the boundary is missing, or not 1 to 70 of the characters A-Z a-z 0-9 - _ . +')
  return { kind: 'taken', contentType: `${type.essence}; boundary=${type.boundary}`, boundary: type.boundary }
}

// Less than RFC 2046 allows (which includes spaces and parentheses): what every client sends and no parser reads differently.
const plainBoundary = /^[A-Za-z0-9_.+-]{1,70}$/

const unsupported = (why: string): Media => ({ kind: 'unsupported', why })

function typesOf(shape: Exclude<BodyShape, { kind: 'none' }>): readonly string[] {
  if (shape.kind === 'json')
    return shape.parted === undefined ? ['application/json'] : ['application/json', 'multipart/form-data']
  if (shape.kind === 'form') return ['application/x-www-form-urlencoded']
  if (shape.kind === 'multipart') return ['multipart/form-data']
  return shape.types === 'any' ? [] : shape.types
}
