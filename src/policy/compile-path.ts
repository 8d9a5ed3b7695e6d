/** Reads the key of a route: `METHOD /path/:id`. */
import { quoted } from '../config/suggest.ts'

export interface RouteKey {
  readonly method: string
  readonly path: string
  /** Names of its `:name` segments, in order. */
  readonly names: readonly string[]
  /** Equal for routes that match the same requests: parameters without their names. */
  readonly shape: string
}

const methods: readonly string[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

const fixed = /^(?!\.{1,2}$)[A-Za-z0-9._~!$&'()+,=@-]+$/
const parameter = /^:[A-Za-z][A-Za-z0-9_]{0,62}$/

/** The key's parts, or what is wrong with it and the remedy. */
export function parseRouteKey(key: string): RouteKey | { readonly wrong: string; readonly remedy: string } {
  const [method = '', path, ...rest] = key.split(' ')
  if (path === undefined || rest.length > 0)
    return { wrong: 'is not a method and a path', remedy: 'write for example `GET /api/lists/:id`' }
  if (method === 'HEAD') return { wrong: 'names HEAD, which the GET of the same path answers', remedy: 'remove it' }
  if (!methods.includes(method))
    return { wrong: `has no method known here`, remedy: `use one of ${methods.join(', ')}` }
  if (!path.startsWith('/'))
    return { wrong: 'has a path that does not start with `/`', remedy: 'write for example `GET /api/lists/:id`' }

  const segments = path.slice(1).split('/')
  const names: string[] = []
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1
    if (segment === '*') {
      if (!isLast) return { wrong: 'has `*` before its end', remedy: 'put `*` last, or name the segment `:name`' }
    } else if (segment.startsWith(':')) {
      if (!parameter.test(segment))
        return {
          wrong: `has the malformed parameter ${quoted(segment)}`,
          remedy: 'write `:name` with letters, digits and `_`',
        }
      if (names.includes(segment.slice(1)))
        return { wrong: `names ${quoted(segment)} twice`, remedy: 'give each parameter its own name' }
      names.push(segment.slice(1))
    } else if (!fixed.test(segment) && path !== '/') {
      const wrong =
        segment === '' ? 'has an empty segment' : `has the segment ${quoted(segment)}, which no canonical path holds`
      return { wrong, remedy: 'write the path as a request has it after decoding, without a slash at its end' }
    }
  }
  const shape = `${method} /${segments.map((segment) => (segment.startsWith(':') ? ':' : segment)).join('/')}`
  return { method, path, names, shape }
}
