/** One rate plan: a limit for each class. */
import { useState } from 'preact/hooks'
import type { Plan } from '../../schemas/plans.ts'
import { call, newOnceKey, withQuery, type ApiFailure } from '../api/client.ts'
import { planHref } from '../api/paths.ts'
import { useResource } from '../api/use-resource.ts'
import { Confirm } from '../components/dialog.tsx'
import { Failure } from '../components/failure.tsx'
import { problemOf, TextField } from '../components/fields.tsx'
import { Page, Section, Wide } from '../components/page.tsx'
import { ResourceView } from '../components/resource-view.tsx'
import { navigate } from '../state/router.ts'
import { can, inTenant } from '../state/session.ts'
import { tell } from '../state/toasts.ts'
import { Conflict } from './conflict.tsx'
import { ReadOnly } from './managed-in.tsx'

interface PlansJson {
  readonly results: readonly Plan[]
  readonly classes: readonly string[]
}

interface Rate {
  readonly name: string
  readonly limit: number
  readonly window: string
}

const back = { href: '/plans', label: 'Rate plans' }

/** `undefined`: a new one, which begins as the tenant's. */
export function PlanPage({ name }: { readonly name: string | undefined }) {
  const plans = useResource<PlansJson>(inTenant('plans'))
  const one = useResource<Plan>(name === undefined ? undefined : inTenant(`plans/${encodeURIComponent(name)}`))
  const title = name ?? 'New rate plan'
  if (plans.kind !== 'ready' || (name !== undefined && one.kind !== 'ready')) {
    return (
      <Page title={title} back={back}>
        <ResourceView resource={plans} what="rate plans">
          {() => (
            <ResourceView resource={one} what={title}>
              {() => null}
            </ResourceView>
          )}
        </ResourceView>
      </Page>
    )
  }
  const start = plans.data.results.find(({ is_tenants: isTenants }) => isTenants)
  const rates = plans.data.classes.map(
    (each) => start?.classes.find((rate) => rate.name === each) ?? { name: each, limit: 60, window: '1m' },
  )
  const plan = one.kind === 'ready' ? one.data : undefined
  const etag = one.kind === 'ready' ? one.etag : undefined
  return (
    <Editor key={plan?.version ?? 'new'} plan={plan} etag={etag} rates={plan?.classes ?? rates} reload={one.reload} />
  )
}

interface EditorProps {
  readonly plan: Plan | undefined
  readonly etag: string | undefined
  readonly rates: readonly Rate[]
  readonly reload: () => void
}

function Editor({ plan, etag, rates: start, reload }: EditorProps) {
  const isReadOnly = (plan !== undefined && plan.managed_in !== 'store') || !can('plans:manage')
  const [name, setName] = useState(plan?.name ?? '')
  const [description, setDescription] = useState(plan?.description ?? '')
  const [rates, setRates] = useState<readonly Rate[]>(start)
  const [failure, setFailure] = useState<ApiFailure>()
  const [theirs, setTheirs] = useState<Plan>()
  const [isDeleting, setDeleting] = useState(false)
  const [onceKey, setOnceKey] = useState(newOnceKey)
  const mine = { description, classes: rates }
  const path = inTenant(`plans/${encodeURIComponent(plan?.name ?? '')}`)

  const save = async (over?: string): Promise<void> => {
    const result =
      plan === undefined
        ? await call<Plan>('POST', inTenant('plans'), { body: { name, ...mine }, onceKey })
        : await call<Plan>('PUT', path, { body: mine, etag: over ?? etag })
    setOnceKey(newOnceKey())
    if (!result.ok) {
      if (result.failure.code === 'precondition-failed') setTheirs(result.failure.current as Plan)
      return setFailure(result.failure)
    }
    tell(plan === undefined ? `${name} is made.` : `${plan.name} is changed. What was counted stays counted.`)
    return plan === undefined ? navigate(planHref(name)) : reload()
  }
  const change = (at: number, next: Partial<Rate>): void =>
    setRates(rates.map((rate, index) => (index === at ? { ...rate, ...next } : rate)))
  return (
    <Page
      title={plan?.name ?? 'New rate plan'}
      back={back}
      lead={
        plan === undefined ? undefined : (
          <>
            {plan.is_tenants ? 'It is the tenant’s. ' : ''}
            {plan.users === 0 ? (
              'No user has it of their own.'
            ) : (
              <a href={withQuery('/users', { plan: plan.name })}>{plan.users} users have it.</a>
            )}
          </>
        )
      }
      actions={
        plan === undefined || isReadOnly ? undefined : (
          <button type="button" class="button button-bad" onClick={() => setDeleting(true)}>
            Delete …
          </button>
        )
      }
    >
      {plan === undefined ? null : <ReadOnly managedIn={plan.managed_in} at={null} />}
      {theirs === undefined ? null : (
        <Conflict mine={mine} theirs={theirs} onTheirs={reload} onMine={() => save('*')} />
      )}
      <form
        aria-label="Rate plan"
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        {isReadOnly ? null : (
          <Section title="Plan">
            <div class="row">
              {plan === undefined ? (
                <TextField
                  label="Name"
                  hint="Letters, digits, - and _."
                  value={name}
                  onValue={setName}
                  required
                  autoFocus
                  error={problemOf(failure, 'name')}
                />
              ) : null}
              <TextField
                label="Description"
                value={description}
                onValue={setDescription}
                error={problemOf(failure, 'description')}
              />
            </div>
          </Section>
        )}
        <Section title="Limits" lead="A window like 30s, 1m, 12h; at most 7d.">
          <Wide label="Limits">
            <table>
              <thead>
                <tr>
                  <th scope="col">Class</th>
                  <th scope="col">Requests</th>
                  <th scope="col">Window</th>
                </tr>
              </thead>
              <tbody>
                {rates.map((rate, at) => (
                  <tr key={rate.name}>
                    <th scope="row">{rate.name}</th>
                    <td>
                      <input
                        type="number"
                        min={1}
                        max={1_000_000_000}
                        aria-label={`Requests, ${rate.name}`}
                        value={rate.limit}
                        disabled={isReadOnly}
                        onInput={(event) => change(at, { limit: Number(event.currentTarget.value) })}
                      />
                    </td>
                    <td>
                      <input
                        aria-label={`Window, ${rate.name}`}
                        value={rate.window}
                        disabled={isReadOnly}
                        onInput={(event) => change(at, { window: event.currentTarget.value })}
                      />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Wide>
        </Section>
        {failure === undefined || failure.code === 'precondition-failed' ? null : <Failure failure={failure} />}
        {isReadOnly ? null : (
          <div class="actions">
            <button type="submit" class="button button-main">
              {plan === undefined ? 'Make the plan' : 'Save'}
            </button>
            <a class="button" href="/plans">
              Cancel
            </a>
          </div>
        )}
      </form>
      {isDeleting && plan !== undefined ? (
        <Confirm
          title={`Delete ${plan.name}?`}
          verb="Delete"
          act={() => call('DELETE', path, { etag: etag ?? '*' })}
          onDone={() => {
            tell(`${plan.name} is deleted.`, async () => {
              const result = await call('POST', inTenant('plans'), {
                body: { name: plan.name, description: plan.description, classes: plan.classes },
              })
              tell(result.ok ? 'It is there again.' : result.failure.message, undefined, result.ok ? 'done' : 'failed')
              navigate(planHref(plan.name))
            })
            navigate('/plans')
          }}
          onClose={() => setDeleting(false)}
        >
          <p>A plan that somebody has cannot be deleted: give them another one first.</p>
        </Confirm>
      ) : null}
    </Page>
  )
}
