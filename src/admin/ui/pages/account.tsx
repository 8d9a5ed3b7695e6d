/** What somebody manages of themselves: password, second factor, sessions. */
import { useState } from 'preact/hooks'
import type { ApiFailure } from '../api/client.ts'
import { call } from '../api/client.ts'
import { useResource } from '../api/use-resource.ts'
import { Badge, Names } from '../components/bits.tsx'
import { Failure } from '../components/failure.tsx'
import { Form, problemOf, TextField } from '../components/fields.tsx'
import { Page, Section } from '../components/page.tsx'
import { ResourceView } from '../components/resource-view.tsx'
import { me } from '../state/session.ts'
import { tell } from '../state/toasts.ts'
import { SecondFactor } from './second-factor.tsx'
import { SessionTable, type SessionRow } from './session-table.tsx'

export function AccountPage() {
  const reader = me.value
  if (reader === undefined) return null
  return (
    <Page
      title="Your account"
      lead={
        <>
          {reader.name} of tenant {reader.tenant}
          {reader.every_tenant ? ', for every tenant' : ''}. Roles: <Names names={reader.roles} />
        </>
      }
    >
      {reader.has_password ? <Password /> : null}
      {reader.session?.method === 'oidc' && !reader.has_password ? (
        <Section title="Password">
          <p>You sign in through your identity provider: there is no password here.</p>
        </Section>
      ) : (
        <SecondFactor />
      )}
      <Sessions />
    </Page>
  )
}

function Password() {
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const [code, setCode] = useState('')
  const [failure, setFailure] = useState<ApiFailure>()
  const hasFactor = me.value?.second_factor === 'totp'
  const send = async (): Promise<void> => {
    const body = { current, new: next, ...(code === '' ? {} : { code }) }
    const result = await call('PUT', '/api/me/password', { body })
    if (!result.ok) return setFailure(result.failure)
    setFailure(undefined)
    setCurrent('')
    setNext('')
    setCode('')
    return tell('Your password is changed. Every other session of yours has ended.')
  }
  return (
    <Section title="Password">
      <Form label="Change the password" onSend={send}>
        <div class="row">
          <TextField
            label="Current password"
            type="password"
            value={current}
            onValue={setCurrent}
            autoComplete="current-password"
          />
          <TextField
            label="New password"
            type="password"
            hint="At least 12 characters."
            value={next}
            onValue={setNext}
            autoComplete="new-password"
            error={problemOf(failure, 'new')}
          />
          {hasFactor ? (
            <TextField
              label="Code"
              hint="Of your authenticator app."
              value={code}
              onValue={setCode}
              autoComplete="one-time-code"
            />
          ) : null}
        </div>
        {failure === undefined || failure.fields.length > 0 ? null : <Failure failure={failure} />}
        <button type="submit" class="button">
          Change the password
        </button>
      </Form>
    </Section>
  )
}

function Sessions() {
  const sessions = useResource<{ readonly results: readonly SessionRow[] }>('/api/me/sessions')
  const endOthers = async (): Promise<void> => {
    const result = await call('DELETE', '/api/me/sessions')
    if (result.ok) tell('Every other session of yours has ended.')
    sessions.reload()
  }
  return (
    <Section
      title="Your sessions"
      lead="Browsers in which you are signed in."
      actions={
        <button type="button" class="button" onClick={() => void endOthers()}>
          End all others
        </button>
      }
    >
      <ResourceView resource={sessions} what="sessions">
        {({ results }) => (
          <>
            <SessionTable rows={results} onEnded={sessions.reload} canEnd={() => true} hasUser={false} />
            {results.length > 1 ? null : (
              <p class="muted">
                <Badge>only here</Badge> You are signed in nowhere else.
              </p>
            )}
          </>
        )}
      </ResourceView>
    </Section>
  )
}
