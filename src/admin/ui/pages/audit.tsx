/** Who changed what: found, shown before and after, exported, verified. */
import { useState } from 'preact/hooks'
import type { Static } from 'typebox'
import type { auditEntry, auditVerdict } from '../../schemas/audit.ts'
import { call, withQuery } from '../api/client.ts'
import { usePages } from '../api/use-pages.ts'
import { ExactTime } from '../components/bits.tsx'
import { Failure } from '../components/failure.tsx'
import { TextField } from '../components/fields.tsx'
import { Empty, Loading, Page, Wide } from '../components/page.tsx'
import { fromLocal } from '../components/time-text.ts'
import { navigate, place } from '../state/router.ts'
import { me } from '../state/session.ts'
import { differences } from './audit-diff.ts'

type Entry = Static<typeof auditEntry>
interface AuditJson {
  readonly results: readonly Entry[]
  readonly next: string | null
}

const names = ['actor', 'action', 'subject', 'since', 'until'] as const
type Name = (typeof names)[number]

export function AuditPage() {
  const filter = Object.fromEntries(names.map((name) => [name, place.value.query.get(name) ?? ''])) as Record<
    Name,
    string
  >
  const set = (name: Name, value: string): void =>
    navigate(withQuery('/audit', { ...filter, [name]: value }), 'replace')
  const query = { ...filter, since: fromLocal(filter.since), until: fromLocal(filter.until) }
  return (
    <Page
      title="Audit"
      lead="Every change and every sign-in, chained by hashes: nothing is edited, nothing is cut."
      actions={
        <>
          <a class="button" href={withQuery('/api/audit/export', query)} download>
            Export
          </a>
          {me.value?.every_tenant === true ? <Verify /> : null}
        </>
      }
    >
      <form class="filters" role="search" aria-label="Audit" onSubmit={(event) => event.preventDefault()}>
        <TextField
          label="Who"
          value={filter.actor}
          onValue={(value) => set('actor', value)}
          placeholder="user:default/ann"
        />
        <TextField
          label="Did what"
          value={filter.action}
          onValue={(value) => set('action', value)}
          placeholder="token.  or  token.revoke"
          list="actions"
        />
        <TextField
          label="To whom"
          value={filter.subject}
          onValue={(value) => set('subject', value)}
          placeholder="default/ann"
        />
        <TextField label="Since" type="datetime-local" value={filter.since} onValue={(value) => set('since', value)} />
        <TextField label="Until" type="datetime-local" value={filter.until} onValue={(value) => set('until', value)} />
        <datalist id="actions">
          {actions.map((action) => (
            <option key={action} value={action} />
          ))}
        </datalist>
      </form>
      <Found query={withQuery('/api/audit', query)} />
    </Page>
  )
}

const actions: readonly string[] = [
  'user.',
  'token.',
  'user-role.',
  'list-role.',
  'plan.',
  'tenant.plan',
  'list.',
  'person.',
  'session.',
  'session.refused',
  'gateway.',
]

function Verify() {
  const [told, setTold] = useState<string>()
  const verify = async (): Promise<void> => {
    setTold('Walking the chain …')
    const result = await call<Static<typeof auditVerdict>>('POST', '/api/audit/verification')
    if (!result.ok) return setTold(result.failure.message)
    const { whole, count, broken_at: at, reason } = result.data
    return setTold(
      whole
        ? `Whole: ${count} entries are as they were written.`
        : `Broken at ${at ?? 'the end'} (${reason ?? ''}); ${count} entries before it are as they were written.`,
    )
  }
  return (
    <>
      <button type="button" class="button" onClick={() => void verify()}>
        Verify
      </button>
      <span role="status" class="small">
        {told}
      </span>
    </>
  )
}

function Found({ query }: { readonly query: string }) {
  const { pages, failure, more, again } = usePages<AuditJson>(query)
  if (failure !== undefined) return <Failure failure={failure} retry={again} />
  if (pages === undefined) return <Loading what="the audit trail" />
  const entries = pages.flatMap(({ results }) => results)
  if (entries.length === 0) {
    return (
      <Empty title="No entry is like that.">
        <p>Take a filter away, or look at another time.</p>
      </Empty>
    )
  }
  return (
    <>
      <Wide label="Audit trail">
        <table>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Who</th>
              <th scope="col">Did</th>
              <th scope="col">To</th>
              <th scope="col">Change</th>
            </tr>
          </thead>
          <tbody>
            {entries.map((entry) => (
              <Row key={entry.id} entry={entry} />
            ))}
          </tbody>
        </table>
      </Wide>
      {more === undefined ? null : (
        <p>
          <button type="button" class="button" onClick={more}>
            Show older entries
          </button>
        </p>
      )}
    </>
  )
}

function Row({ entry }: { readonly entry: Entry }) {
  const changes = differences(entry.before, entry.after)
  const details = Object.entries(entry.details)
  return (
    <tr>
      <td>
        <ExactTime at={entry.at} />
        <div class="muted small">no. {entry.id}</div>
      </td>
      <td>
        {entry.actor}
        {entry.origin === null ? null : <div class="muted small mono">{entry.origin}</div>}
      </td>
      <td class="mono">{entry.action}</td>
      <td>{entry.subject}</td>
      <td class="small">
        {changes.map(({ field, before, after }) => (
          <div key={field} class="change">
            <strong>{field.replaceAll('_', ' ')}</strong> {before === undefined ? null : <del>{before}</del>}{' '}
            {after === undefined ? null : <ins>{after}</ins>}
          </div>
        ))}
        {details.map(([field, value]) => (
          <div key={field} class="muted">
            {field.replaceAll('_', ' ')}: {typeof value === 'string' ? value : JSON.stringify(value)}
          </div>
        ))}
        {entry.request_id === null ? null : <div class="muted">request {entry.request_id}</div>}
      </td>
    </tr>
  )
}
