/** The configuration in force, and what runs. */
import type { Static } from 'typebox'
import type { settings as settingsSchema } from '../../schemas/overview.ts'
import { useResource } from '../api/use-resource.ts'
import { Time } from '../components/bits.tsx'
import { Page, Section } from '../components/page.tsx'
import { ResourceView } from '../components/resource-view.tsx'

export function SettingsPage() {
  const settings = useResource<Static<typeof settingsSchema>>('/api/settings')
  return (
    <Page title="Settings" lead="Read here, changed in sallyport.yaml; SIGHUP, or a start, puts it in force.">
      <ResourceView resource={settings} what="settings">
        {(data) => (
          <>
            {data.administrators ? null : (
              <p class="notice notice-warn">
                Nobody can administer everything. `sallyport setup-link` makes a link for an owner.
              </p>
            )}
            <Section title="What runs">
              <dl class="facts">
                <dt>Sallyport</dt>
                <dd>{data.version}</dd>
                <dt>Node</dt>
                <dd>{data.node}</dd>
                <dt>SQLite</dt>
                <dd>{data.sqlite ?? 'unknown'}</dd>
                <dt>Started</dt>
                <dd>
                  <Time at={data.started_at} />
                </dd>
              </dl>
            </Section>
            <Section
              title="Configuration in force"
              lead="With every default, and without secrets; as sallyport config print shows it."
            >
              <Tree value={data.configuration} />
            </Section>
          </>
        )}
      </ResourceView>
    </Page>
  )
}

function Tree({ value }: { readonly value: unknown }) {
  if (Array.isArray(value)) {
    if (value.length === 0) return <span class="muted">none</span>
    return (
      <ul class="tree">
        {value.map((item, at) => (
          <li key={at}>
            <Tree value={item} />
          </li>
        ))}
      </ul>
    )
  }
  if (typeof value === 'object' && value !== null) {
    return (
      <dl class="tree">
        {Object.entries(value).map(([key, inner]) => (
          <div key={key}>
            <dt class="mono">{key}</dt>
            <dd>
              <Tree value={inner} />
            </dd>
          </div>
        ))}
      </dl>
    )
  }
  return <span class="mono">{String(value)}</span>
}
