/** Who is signed in to these pages. */
import { useResource } from '../api/use-resource.ts'
import { Empty, Page } from '../components/page.tsx'
import { ResourceView } from '../components/resource-view.tsx'
import { can, me } from '../state/session.ts'
import { SessionTable, type SessionRow } from './session-table.tsx'

export function SessionsPage() {
  const sessions = useResource<{ readonly results: readonly SessionRow[]; readonly next: string | null }>(
    '/api/sessions?limit=200',
  )
  return (
    <Page
      title="Sessions"
      lead="People who are signed in. A session ends with a new password, when its person is disabled, after an hour of silence, and here."
      actions={
        <button type="button" class="button" onClick={sessions.reload}>
          Refresh
        </button>
      }
    >
      <ResourceView resource={sessions} what="sessions">
        {({ results, next }) =>
          results.length === 0 ? (
            <Empty title="Nobody is signed in." />
          ) : (
            <>
              <SessionTable
                rows={results}
                onEnded={sessions.reload}
                canEnd={({ user }) => can('sessions:manage') || user === me.value?.name}
                hasUser
              />
              {next === null ? null : <p class="muted">The latest 200 are shown.</p>}
            </>
          )
        }
      </ResourceView>
    </Page>
  )
}
