/** Requests that a page of somebody else's makes a browser send (CSRF). Pure. */
import type { IncomingHttpHeaders } from 'node:http'

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Whether a request that is known by its cookie alone does not come from our own pages: the browser says so itself (Fetch Metadata,
 * W3C), or else its `Origin` is not the host that it asked. Where it says neither, it is taken for forged.
 */
export function isForged(method: string, headers: IncomingHttpHeaders): boolean {
  if (safeMethods.has(method)) return false
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site !== 'same-origin'
  const { origin, host } = headers
  if (origin === undefined || host === undefined || !URL.canParse(origin)) return true
  return new URL(origin).host !== host.toLowerCase()
}
