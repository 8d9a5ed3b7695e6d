/** Where something is managed: here, or in a file that a reviewer reads. */
import { ruleHref } from '../api/paths.ts'
import { Badge } from '../components/bits.tsx'
import { can } from '../state/session.ts'

export function ManagedIn({
  managedIn,
  at,
}: {
  readonly managedIn: 'built-in' | 'file' | 'store'
  readonly at: string | null
}) {
  if (managedIn === 'store') return <Badge>here</Badge>
  if (managedIn === 'built-in') return <Badge>always there</Badge>
  if (at === null) return <span class="mono small">file</span>
  return <span class="mono small">{can('policies:get') ? <a href={ruleHref(at)}>{at}</a> : at}</span>
}

export function ReadOnly({
  managedIn,
  at,
}: {
  readonly managedIn: 'built-in' | 'file' | 'store'
  readonly at: string | null
}) {
  if (managedIn === 'store') return null
  return (
    <p class="notice">
      {managedIn === 'file' ? (
        <>
          Managed in <ManagedIn managedIn={managedIn} at={at} />: it is changed there, and read-only here.
        </>
      ) : (
        'It is always there, and nobody can change it.'
      )}
    </p>
  )
}
