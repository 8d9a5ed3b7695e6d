/** Deleted lists: nothing that was granted on them before holds, until somebody says so. */
import { call } from '../api/client.ts'
import { useResource } from '../api/use-resource.ts'
import { Badge, Time } from '../components/bits.tsx'
import { Section, Wide } from '../components/page.tsx'
import { ResourceView } from '../components/resource-view.tsx'
import { can, inTenant } from '../state/session.ts'
import { tell } from '../state/toasts.ts'

interface Retired {
  readonly list: number
  readonly state: 'gone' | 'unsure'
  readonly at: string
}

export function RetiredLists({ onChanged }: { readonly onChanged: () => void }) {
  const retired = useResource<{ readonly results: readonly Retired[] }>(inTenant('retired-lists'))
  if (retired.kind === 'ready' && retired.data.results.length === 0) return null
  const bringBack = async (list: number): Promise<void> => {
    const result = await call('DELETE', inTenant(`retired-lists/${list}`))
    tell(
      result.ok ? `List roles count on list ${list} again.` : result.failure.message,
      undefined,
      result.ok ? 'done' : 'failed',
    )
    retired.reload()
    onChanged()
  }
  return (
    <Section
      title="Deleted lists"
      lead="What list roles grant on these ids gives nothing, so that a list that comes to bear the id later is nobody’s by accident."
    >
      <ResourceView resource={retired} what="deleted lists">
        {({ results }) => (
          <Wide label="Deleted lists">
            <table>
              <thead>
                <tr>
                  <th scope="col">List</th>
                  <th scope="col">State</th>
                  <th scope="col">Since</th>
                  <th scope="col">
                    <span class="unseen">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {results.map(({ list, state, at }) => (
                  <tr key={list}>
                    <th scope="row">{list}</th>
                    <td>
                      {state === 'gone' ? (
                        <Badge>deleted</Badge>
                      ) : (
                        <Badge tone="warn">unsure: the backend did not say</Badge>
                      )}
                    </td>
                    <td>
                      <Time at={at} />
                    </td>
                    <td class="cell-actions">
                      {can('roles:manage') ? (
                        <button type="button" class="button button-small" onClick={() => void bringBack(list)}>
                          Let list roles count again<span class="unseen"> on list {list}</span>
                        </button>
                      ) : null}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Wide>
        )}
      </ResourceView>
    </Section>
  )
}
