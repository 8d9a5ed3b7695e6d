/** How much of their quotas a user has used, and when it comes back. */
import { planHref } from '../api/paths.ts'
import { useResource } from '../api/use-resource.ts'
import { Section, Wide } from '../components/page.tsx'
import { ResourceView } from '../components/resource-view.tsx'

interface Use {
  readonly plan: string
  readonly classes: readonly {
    readonly name: string
    readonly limit: number
    readonly window: string
    readonly used: number
    readonly resets_in_seconds: number
  }[]
}

export function UserUse({ path }: { readonly path: string }) {
  const use = useResource<Use>(`${path}/use`)
  return (
    <Section
      title="Quotas"
      lead="Counted in sliding windows."
      actions={
        <button type="button" class="button" onClick={use.reload}>
          Refresh
        </button>
      }
    >
      <ResourceView resource={use} what="quotas">
        {({ plan, classes }) => (
          <>
            <p>
              Rate plan <a href={planHref(plan)}>{plan}</a>
            </p>
            <Wide label="Quotas">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Class</th>
                    <th scope="col">Limit</th>
                    <th scope="col">Used now</th>
                    <th scope="col">Empty again</th>
                  </tr>
                </thead>
                <tbody>
                  {classes.map(({ name, limit, window, used, resets_in_seconds: seconds }) => (
                    <tr key={name}>
                      <th scope="row">{name}</th>
                      <td>
                        {limit} in {window}
                      </td>
                      <td>
                        <meter min={0} max={limit} value={used} aria-label={`${name}: ${used} of ${limit}`} /> {used}
                      </td>
                      <td>{used === 0 ? <span class="muted">now</span> : `in ${seconds} s`}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Wide>
          </>
        )}
      </ResourceView>
    </Section>
  )
}
