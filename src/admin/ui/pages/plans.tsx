/** Rate plans, and whose quotas are used now. */
import { useState } from 'preact/hooks'
import type { Plan } from '../../schemas/plans.ts'
import { call, withQuery, type ApiFailure } from '../api/client.ts'
import { planHref, userHref } from '../api/paths.ts'
import { useResource } from '../api/use-resource.ts'
import { Badge } from '../components/bits.tsx'
import { Failure } from '../components/failure.tsx'
import { Form, SelectField } from '../components/fields.tsx'
import { Empty, Page, Section, Wide } from '../components/page.tsx'
import { ResourceView } from '../components/resource-view.tsx'
import { can, inTenant, tenant } from '../state/session.ts'
import { tell } from '../state/toasts.ts'
import { ManagedIn } from './managed-in.tsx'

interface PlansJson {
  readonly results: readonly Plan[]
  readonly classes: readonly string[]
}

export function PlansPage() {
  const plans = useResource<PlansJson>(inTenant('plans'))
  return (
    <Page
      title="Rate plans"
      lead="A plan says for each class of routes how many requests a window holds. The window slides: no window of that length ever passes more."
      actions={
        can('plans:manage') ? (
          <a class="button button-main" href="/plans/new/plan">
            New rate plan
          </a>
        ) : undefined
      }
    >
      <ResourceView resource={plans} what="rate plans">
        {(data) => (
          <>
            <PlanTable {...data} />
            {can('plans:manage') ? <TenantPlan plans={data.results} onChanged={plans.reload} /> : null}
          </>
        )}
      </ResourceView>
      <CurrentUse />
    </Page>
  )
}

function PlanTable({ results, classes }: PlansJson) {
  return (
    <Wide label="Rate plans">
      <table>
        <thead>
          <tr>
            <th scope="col">Plan</th>
            {classes.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            <th scope="col">Had by</th>
            <th scope="col">Managed in</th>
          </tr>
        </thead>
        <tbody>
          {results.map((plan) => (
            <tr key={plan.name}>
              <th scope="row">
                <a href={planHref(plan.name)}>{plan.name}</a>{' '}
                {plan.is_tenants ? <Badge tone="good">the tenant’s</Badge> : null}
                {plan.description === '' ? null : <div class="muted small">{plan.description}</div>}
              </th>
              {classes.map((name) => {
                const rate = plan.classes.find((each) => each.name === name)
                return (
                  <td key={name}>
                    {rate === undefined ? <span class="muted">tenant’s</span> : `${rate.limit} in ${rate.window}`}
                  </td>
                )
              })}
              <td>
                {plan.users === 0 ? (
                  <span class="muted">no user of their own</span>
                ) : (
                  <a href={withQuery('/users', { plan: plan.name })}>
                    {plan.users} {plan.users === 1 ? 'user' : 'users'}
                  </a>
                )}
              </td>
              <td>
                <ManagedIn managedIn={plan.managed_in} at={null} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  )
}

interface TenantJson {
  readonly plan: string
  readonly plan_of: 'configuration' | 'store'
  readonly configured_plan: string
}

function TenantPlan({ plans, onChanged }: { readonly plans: readonly Plan[]; readonly onChanged: () => void }) {
  const path = `/api/tenants/${encodeURIComponent(tenant.value)}`
  const found = useResource<TenantJson>(path)
  const [chosen, setChosen] = useState<string>()
  const [failure, setFailure] = useState<ApiFailure>()
  const save = async (): Promise<void> => {
    if (found.kind !== 'ready' || chosen === undefined) return
    const result = await call('PUT', `${path}/plan`, {
      body: { plan: chosen === '' ? null : chosen },
      etag: found.etag,
    })
    setFailure(result.ok ? undefined : result.failure)
    if (result.ok) tell('The rate plan of the tenant is changed. What was counted stays counted.')
    setChosen(undefined)
    found.reload()
    onChanged()
  }
  return (
    <Section
      title="Plan of the tenant"
      lead="For everybody who has none of their own, and for public routes by address."
    >
      <ResourceView resource={found} what="the tenant">
        {(data) => (
          <Form label="Plan of the tenant" onSend={save}>
            <div class="row">
              <SelectField
                label="Rate plan"
                value={chosen ?? (data.plan_of === 'store' ? data.plan : '')}
                onValue={setChosen}
                options={[
                  { value: '', label: `as configured: ${data.configured_plan}` },
                  ...plans.map(({ name }) => ({ value: name, label: name })),
                ]}
              />
            </div>
            {failure === undefined ? null : <Failure failure={failure} />}
            <button type="submit" class="button" disabled={chosen === undefined}>
              Save
            </button>
          </Form>
        )}
      </ResourceView>
    </Section>
  )
}

interface UseJson {
  readonly results: readonly {
    readonly user: string | null
    readonly address: string | null
    readonly plan: string | null
    readonly class: string
    readonly used: number
    readonly limit: number
  }[]
}

function CurrentUse() {
  const use = useResource<UseJson>(inTenant('use'))
  return (
    <Section
      title="Used now"
      lead="Whose windows hold something at this moment, the fullest first."
      actions={
        <button type="button" class="button" onClick={use.reload}>
          Refresh
        </button>
      }
    >
      <ResourceView resource={use} what="use">
        {({ results }) =>
          results.length === 0 ? (
            <Empty title="Nothing is used now." />
          ) : (
            <Wide label="Used now">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Who</th>
                    <th scope="col">Plan</th>
                    <th scope="col">Class</th>
                    <th scope="col">Used</th>
                  </tr>
                </thead>
                <tbody>
                  {results.map((row) => (
                    <tr key={`${row.user ?? row.address} ${row.class}`}>
                      <th scope="row">
                        {row.user === null ? (
                          <span class="mono">{row.address ?? 'a deleted user'}</span>
                        ) : (
                          <a href={userHref(row.user)}>{row.user}</a>
                        )}
                      </th>
                      <td>{row.plan ?? <span class="muted">tenant’s</span>}</td>
                      <td>{row.class}</td>
                      <td>
                        <meter
                          min={0}
                          max={row.limit}
                          value={row.used}
                          high={row.limit * 0.8}
                          aria-label={`${row.used} of ${row.limit}`}
                        />{' '}
                        {row.used} of {row.limit}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Wide>
          )
        }
      </ResourceView>
    </Section>
  )
}
