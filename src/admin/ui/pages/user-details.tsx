/** Plan, address and note of a user. */
import { useState } from 'preact/hooks'
import type { Plan } from '../../schemas/plans.ts'
import type { User } from '../../schemas/users.ts'
import type { ApiFailure } from '../api/client.ts'
import { useResource } from '../api/use-resource.ts'
import { Failure } from '../components/failure.tsx'
import { Form, problemOf, SelectField, TextField } from '../components/fields.tsx'
import { Section } from '../components/page.tsx'
import { can, inTenant } from '../state/session.ts'
import type { ChangeUser } from './user.tsx'

export function UserDetails({ user, change }: { readonly user: User; readonly change: ChangeUser }) {
  const plans = useResource<{ readonly results: readonly Plan[] }>(can('plans:get') ? inTenant('plans') : undefined)
  const [plan, setPlan] = useState(user.plan ?? '')
  const [email, setEmail] = useState(user.email ?? '')
  const [note, setNote] = useState(user.note)
  const [failure, setFailure] = useState<ApiFailure>()
  if (!can('users:manage')) {
    return (
      <Section title="Details">
        <p>{user.note === '' ? 'No note.' : user.note}</p>
      </Section>
    )
  }
  const isPerson = user.kind === 'person'
  const save = async (): Promise<void> => {
    const mine = { plan: plan === '' ? null : plan, note, ...(isPerson ? { email: email === '' ? null : email } : {}) }
    const undo = { plan: user.plan, note: user.note, ...(isPerson ? { email: user.email } : {}) }
    setFailure(await change(mine, `${user.name} is changed.`, undo))
  }
  const names = plans.kind === 'ready' ? plans.data.results.map(({ name }) => name) : []
  const options = [...new Set([...names, ...(user.plan === null ? [] : [user.plan])])]
  return (
    <Section title="Details">
      <Form label="Details" onSend={save}>
        <div class="row">
          {isPerson ? (
            <TextField
              label="E-mail address"
              type="email"
              hint="For signing in through an identity provider."
              value={email}
              onValue={setEmail}
              error={problemOf(failure, 'email')}
            />
          ) : (
            <SelectField
              label="Rate plan"
              value={plan}
              onValue={setPlan}
              options={[{ value: '', label: 'the tenant’s' }, ...options.map((name) => ({ value: name, label: name }))]}
              error={problemOf(failure, 'plan')}
            />
          )}
          <TextField label="Note" value={note} onValue={setNote} error={problemOf(failure, 'note')} />
        </div>
        {failure === undefined || failure.fields.length > 0 ? null : <Failure failure={failure} />}
        <button type="submit" class="button">
          Save
        </button>
      </Form>
    </Section>
  )
}
