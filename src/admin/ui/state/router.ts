/** Where the reader is: the address, as a signal. Links are followed without loading the page anew. */
import { signal } from '@preact/signals'

export interface Place {
  readonly path: string
  readonly query: URLSearchParams
  /** Without `#`. */
  readonly hash: string
}

const placeNow = (): Place => ({
  path: window.location.pathname,
  query: new URLSearchParams(window.location.search),
  hash: window.location.hash.slice(1),
})

export const place = signal<Place>(placeNow())

export function navigate(to: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') window.history.pushState(null, '', to)
  else window.history.replaceState(null, '', to)
  place.value = placeNow()
  if (how === 'push' && place.value.hash === '') window.scrollTo(0, 0)
}

/** The parts of `path` under the names in `pattern` (`/users/:name`), decoded; `undefined` where it is another address. */
export function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const [wanted, given] = [pattern, path].map((text) => text.split('/'))
  if (wanted === undefined || given === undefined || wanted.length !== given.length) return undefined
  const parts: Record<string, string> = {}
  for (const [at, word] of wanted.entries()) {
    const value = given[at] ?? ''
    if (word.startsWith(':')) {
      const decoded = decode(value)
      if (decoded === undefined || decoded === '') return undefined
      parts[word.slice(1)] = decoded
    } else if (word !== value) return undefined
  }
  return parts
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Whether a click is meant to be followed here: not a new tab, a download, or another site. */
function isOurs(event: MouseEvent, link: HTMLAnchorElement): boolean {
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey
  const isHere = link.origin === window.location.origin && link.target === '' && !link.hasAttribute('download')
  return isPlain && isHere && !served.some((path) => link.pathname.startsWith(path))
}

/** What the server answers itself. */
const served: readonly string[] = ['/api/', '/docs', '/openapi', '/oidc/', '/assets/']

export function followLinks(): void {
  window.addEventListener('popstate', () => {
    place.value = placeNow()
  })
  document.addEventListener('click', (event) => {
    const target = event.target
    const link = target instanceof Element ? target.closest('a') : null
    if (link === null || event.defaultPrevented || !isOurs(event, link)) return
    event.preventDefault()
    navigate(link.pathname + link.search + link.hash)
  })
}
