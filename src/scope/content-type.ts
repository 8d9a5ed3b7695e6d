/** The one parser of `Content-Type` (RFC 9110 §8.3.1, §5.6.6). Pure. */

export type ContentType =
  | { readonly kind: 'absent' }
  | { readonly kind: 'malformed' }
  | {
      readonly kind: 'type'
      /** `type/subtype` in lower case. */
      readonly essence: string
      /** In lower case. */
      readonly charset: string | undefined
      readonly boundary: string | undefined
      /** Names of all other parameters, in lower case. */
      readonly others: readonly string[]
    }

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}"
const essence = new RegExp(`^(${token}/${token})`)
const parameter = new RegExp(
  `^[ \\t]*;[ \\t]*(?:(${token})=(?:(${token})|"((?:[^"\\\\\\x00-\\x08\\x0a-\\x1f\\x7f]|\\\\[\\x20-\\x7e])*)"))?`,
)

/**
 * Reads a field value whole: what is left over after a parameter (a tab and a word, a comma and a second type) is malformed,
 * and so is a parameter that stands twice.
 */
export function parseContentType(value: string | undefined): ContentType {
  if (value === undefined) return { kind: 'absent' }
  const name = essence.exec(value)?.[1]
  if (name === undefined || value.length > 1024) return { kind: 'malformed' }

  const parameters = new Map<string, string>()
  let rest = value.slice(name.length)
  while (rest !== '') {
    const match = parameter.exec(rest)
    if (match === null) return { kind: 'malformed' }
    rest = rest.slice(match[0].length)
    const key = match[1]?.toLowerCase()
    // An empty parameter (`application/json;`) is RFC 9110's own allowance.
    if (key === undefined) continue
    if (parameters.has(key)) return { kind: 'malformed' }
    parameters.set(key, match[2] ?? (match[3] ?? '').replaceAll(/\\(.)/g, '$1'))
  }
  return {
    kind: 'type',
    essence: name.toLowerCase(),
    charset: parameters.get('charset')?.toLowerCase(),
    boundary: parameters.get('boundary'),
    others: [...parameters.keys()].filter((key) => key !== 'charset' && key !== 'boundary'),
  }
}
