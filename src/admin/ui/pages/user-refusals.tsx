/** What a user was refused lately. */
import type { RefusalJson } from '../../schemas/users.ts'
import { useResource } from '../api/use-resource.ts'
import { Empty, Section } from '../components/page.tsx'
import { ResourceView } from '../components/resource-view.tsx'
import { RefusalTable } from './refusal-table.tsx'

export function UserRefusals({ path, user }: { readonly path: string; readonly user: string }) {
  const refusals = useResource<{ readonly results: readonly RefusalJson[] }>(`${path}/refusals`)
  return (
    <Section
      title="Latest refusals"
      lead="Since this process started. The log has them all."
      actions={
        <button type="button" class="button" onClick={refusals.reload}>
          Refresh
        </button>
      }
    >
      <ResourceView resource={refusals} what="refusals">
        {({ results }) =>
          results.length === 0 ? (
            <Empty title="Nothing was refused.">
              <p>When {user} is refused, it shows here with the reason.</p>
            </Empty>
          ) : (
            <RefusalTable refusals={results} hasUser={false} />
          )
        }
      </ResourceView>
    </Section>
  )
}
