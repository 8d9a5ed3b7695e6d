/** Making, showing and rotating tokens. A secret is on the screen once, and nowhere else. */
import { useState } from 'preact/hooks'
import type { ShownToken, Token } from '../../schemas/tokens.ts'
import { call, newOnceKey, type ApiFailure } from '../api/client.ts'
import { Copyable, Time } from '../components/bits.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Failure } from '../components/failure.tsx'
import { Form, problemOf, SelectField, TextField } from '../components/fields.tsx'
import { fromLocal } from '../components/time-text.ts'
import { dataPathUrl, inTenant } from '../state/session.ts'

const lifetimes = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'a year' },
  { value: 'other', label: 'another time' },
  { value: 'never', label: 'it does not expire' },
]

const dayMs = 86_400_000

export interface Lifetime {
  readonly choice: string
  readonly until: string
}

export const expiryOf = ({ choice, until }: Lifetime): string | null => {
  if (choice === 'never') return null
  if (choice === 'other') return fromLocal(until) ?? null
  return new Date(Date.now() + Number(choice) * dayMs).toISOString()
}

export function LifetimeFields({
  lifetime,
  onLifetime,
  error,
}: {
  readonly lifetime: Lifetime
  readonly onLifetime: (lifetime: Lifetime) => void
  readonly error?: string | undefined
}) {
  return (
    <>
      <SelectField
        label="Expires after"
        value={lifetime.choice}
        onValue={(choice) => onLifetime({ ...lifetime, choice })}
        options={lifetimes}
        error={lifetime.choice === 'other' ? undefined : error}
      />
      {lifetime.choice === 'other' ? (
        <TextField
          label="Expires at"
          type="datetime-local"
          value={lifetime.until}
          onValue={(until) => onLifetime({ ...lifetime, until })}
          error={error}
        />
      ) : null}
    </>
  )
}

export function NewTokenDialog({
  user,
  onClose,
  onMade,
}: {
  readonly user: string
  readonly onClose: () => void
  readonly onMade: (made: ShownToken) => void
}) {
  const [label, setLabel] = useState('')
  const [from, setFrom] = useState('')
  const [lifetime, setLifetime] = useState<Lifetime>({ choice: '90', until: '' })
  const [failure, setFailure] = useState<ApiFailure>()
  const [onceKey] = useState(newOnceKey)
  const send = async (): Promise<void> => {
    const body = { label, not_before: fromLocal(from) ?? null, expires_at: expiryOf(lifetime) }
    const path = inTenant(`users/${encodeURIComponent(user)}/tokens`)
    const result = await call<ShownToken>('POST', path, { body, onceKey })
    if (result.ok) onMade(result.data)
    else setFailure(result.failure)
  }
  return (
    <Dialog title={`New token for ${user}`} onClose={onClose}>
      <Form label="New token" onSend={send}>
        <TextField
          label="Label"
          hint="What it is for, so that you know it again: nightly export, CI, …"
          value={label}
          onValue={setLabel}
          error={problemOf(failure, 'label')}
          autoFocus
        />
        <LifetimeFields lifetime={lifetime} onLifetime={setLifetime} error={problemOf(failure, 'expires_at')} />
        <TextField
          label="Not valid before"
          type="datetime-local"
          hint="Empty: from now on."
          value={from}
          onValue={setFrom}
          error={problemOf(failure, 'not_before')}
        />
        {failure === undefined || failure.fields.length > 0 ? null : <Failure failure={failure} />}
        <button type="submit" class="button button-main">
          Make the token
        </button>
      </Form>
    </Dialog>
  )
}

const overlaps = [
  { value: '1h', label: 'an hour' },
  { value: '24h', label: 'a day' },
  { value: '7d', label: 'a week' },
  { value: '30d', label: '30 days' },
]

export function RotateDialog({
  user,
  token,
  onClose,
  onMade,
}: {
  readonly user: string
  readonly token: Token
  readonly onClose: () => void
  readonly onMade: (made: ShownToken) => void
}) {
  const [overlap, setOverlap] = useState('24h')
  const [lifetime, setLifetime] = useState<Lifetime>({ choice: '90', until: '' })
  const [failure, setFailure] = useState<ApiFailure>()
  const [onceKey] = useState(newOnceKey)
  const send = async (): Promise<void> => {
    const path = inTenant(`users/${encodeURIComponent(user)}/tokens/${token.id}/rotation`)
    const result = await call<ShownToken>('POST', path, { body: { overlap, expires_at: expiryOf(lifetime) }, onceKey })
    if (result.ok) onMade(result.data)
    else setFailure(result.failure)
  }
  return (
    <Dialog title={`Rotate ${token.label === '' ? `token ${token.id}` : token.label}`} onClose={onClose}>
      <p>
        A new token is made. The old one, last used <Time at={token.last_used_at} />, goes on beside it for a while, so
        that clients can be changed one after the other.
      </p>
      <Form label="Rotate the token" onSend={send}>
        <SelectField label="The old one ends after" value={overlap} onValue={setOverlap} options={overlaps} />
        <LifetimeFields lifetime={lifetime} onLifetime={setLifetime} error={problemOf(failure, 'expires_at')} />
        {failure === undefined || failure.fields.length > 0 ? null : <Failure failure={failure} />}
        <button type="submit" class="button button-main">
          Make the new token
        </button>
      </Form>
    </Dialog>
  )
}

/** The one time that a secret is seen. */
export function SecretDialog({
  user,
  made,
  onClose,
}: {
  readonly user: string
  readonly made: ShownToken
  readonly onClose: () => void
}) {
  const { secret, token } = made
  return (
    <Dialog title="Your new token" onClose={onClose} isSticky>
      {secret === null ? (
        <p>The token was made before, and its secret is not remembered any more. Revoke it and make another one.</p>
      ) : (
        <>
          <p>
            <strong>Copy it now: it is shown only this once.</strong> Only its hash is kept.
          </p>
          <Copyable text={secret} label="The token" />
          <p>Try it:</p>
          <Copyable
            text={`curl -u '${user}:${secret}' ${dataPathUrl.value}/api/lists`}
            label="A command that uses the token"
          />
          <p class="muted small">
            Or as a header: <code>Authorization: token {user}:…</code>. It{' '}
            {token.expires_at === null ? (
              'does not expire'
            ) : (
              <>
                expires <Time at={token.expires_at} />
              </>
            )}
            .
          </p>
        </>
      )}
      <div class="actions">
        <button type="button" class="button button-main" onClick={onClose}>
          I have kept it
        </button>
      </div>
    </Dialog>
  )
}
