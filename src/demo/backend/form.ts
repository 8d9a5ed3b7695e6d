/** Query strings and forms as Go's net/url and mime/multipart read them. */

/** Names with all their values, in order. */
export type Values = ReadonlyMap<string, readonly string[]>

export interface Part {
  readonly name: string
  readonly filename: string | undefined
  readonly content: Buffer
}

/** Go reads no parameter at all from a query with more. */
const maxParameters = 10_000

/** Pairs with a raw `;` or a bad escape are dropped, `+` is a space. */
export function parseValues(text: string): Values {
  const values = new Map<string, string[]>()
  const pairs = text.split('&')
  if (pairs.length > maxParameters) return values
  for (const pair of pairs) {
    if (pair === '' || pair.includes(';')) continue
    const equals = pair.indexOf('=')
    const name = unescape(equals === -1 ? pair : pair.slice(0, equals))
    const value = unescape(equals === -1 ? '' : pair.slice(equals + 1))
    if (name === undefined || value === undefined) continue
    const known = values.get(name)
    if (known === undefined) values.set(name, [value])
    else known.push(value)
  }
  return values
}

function unescape(text: string): string | undefined {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined
  const bytes = text
    .replaceAll('+', ' ')
    .replace(/%([0-9a-fA-F]{2})|[^]/gu, (match, hex: string | undefined) =>
      hex === undefined ? Buffer.from(match).toString('latin1') : String.fromCharCode(Number.parseInt(hex, 16)),
    )
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

/** The parts of a multipart body, `undefined` where it has no boundary. */
export function parseMultipart(contentType: string, body: Buffer): readonly Part[] | undefined {
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1]
  if (boundary === undefined) return undefined
  const delimiter = `--${boundary}`
  return body
    .toString('latin1')
    .split(delimiter)
    .slice(1)
    .filter((section) => section.startsWith('\r\n'))
    .flatMap((section) => {
      const head = section.indexOf('\r\n\r\n')
      if (head === -1) return []
      const headers = section.slice(0, head)
      const content = section.slice(head + 4).replace(/\r\n$/, '')
      const name = /[;\s]name="([^"]*)"/.exec(headers)?.[1] ?? ''
      const filename = /filename="([^"]*)"/.exec(headers)?.[1]
      return [{ name, filename, content: Buffer.from(content, 'latin1') }]
    })
}
