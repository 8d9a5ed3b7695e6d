/** Signing in: a name, a password, and a code where there is a second factor; or through an identity provider. */
import { useState } from 'preact/hooks'
import { call, type ApiFailure } from '../api/client.ts'
import { useResource } from '../api/use-resource.ts'
import { Dialog } from '../components/dialog.tsx'
import { Failure } from '../components/failure.tsx'
import { Form, TextField } from '../components/fields.tsx'
import { place } from '../state/router.ts'
import { loadSession, me, renewal } from '../state/session.ts'

interface Options {
  readonly oidc: { readonly label: string } | null
  readonly tenants: boolean
}

export function SignInPage() {
  const options = useResource<Options>('/api/sign-in')
  const { oidc = null, tenants = false } = options.kind === 'ready' ? options.data : {}
  return (
    <main class="narrow">
      <h1>Sign in to Sallyport</h1>
      <SsoNotice />
      <Credentials hasTenants={tenants} onIn={loadSession} />
      {oidc === null ? null : (
        <p class="or">
          <a class="button" href="/oidc/start">
            Continue with {oidc.label}
          </a>
        </p>
      )}
      <p class="muted small">
        No account yet, or a forgotten password? Whoever administers this gateway can make you a one-time link, in the
        pages or with <code>sallyport user link</code>.
      </p>
    </main>
  )
}

function SsoNotice() {
  const said = place.value.query.get('sso')
  if (said === null) return null
  return (
    <div class="notice notice-bad" role="alert">
      <p>
        {said === 'away'
          ? 'The identity provider cannot be reached at the moment.'
          : 'The identity provider knows you, but nobody here has your verified e-mail address. Ask whoever administers this gateway.'}
      </p>
    </div>
  )
}

interface CredentialsProps {
  readonly hasTenants: boolean
  readonly onIn: () => void | Promise<void>
  /** Who is to sign in again. */
  readonly name?: string
  readonly ownTenant?: string
}

function Credentials({ hasTenants, onIn, name, ownTenant }: CredentialsProps) {
  const [user, setUser] = useState(name ?? '')
  const [password, setPassword] = useState('')
  const [tenant, setTenant] = useState(ownTenant ?? '')
  const [code, setCode] = useState<string>()
  const [failure, setFailure] = useState<ApiFailure>()
  const [isBusy, setBusy] = useState(false)

  const send = async (): Promise<void> => {
    setBusy(true)
    const body = { user, password, tenant: tenant === '' ? null : tenant, code: code === '' ? undefined : code }
    const result = await call('POST', '/api/session', { body })
    setBusy(false)
    if (result.ok) return void onIn()
    if (result.failure.code === 'second-factor-required') {
      setFailure(undefined)
      return setCode('')
    }
    return setFailure(result.failure)
  }
  return (
    <Form label="Sign in" onSend={send}>
      {name === undefined ? (
        <TextField
          label="Name or e-mail address"
          value={user}
          onValue={setUser}
          autoComplete="username"
          required
          autoFocus
        />
      ) : null}
      {hasTenants && name === undefined ? (
        <TextField
          label="Tenant"
          hint="Only where several tenants have somebody of your name."
          value={tenant}
          onValue={setTenant}
          autoComplete="organization"
        />
      ) : null}
      <TextField
        label="Password"
        type="password"
        value={password}
        onValue={setPassword}
        autoComplete="current-password"
        required
        autoFocus={name !== undefined}
      />
      {code === undefined ? null : (
        <TextField
          label="Code"
          hint="Six digits from your authenticator app, or a recovery code."
          value={code}
          onValue={setCode}
          autoComplete="one-time-code"
          autoFocus
        />
      )}
      {failure === undefined ? null : <Failure failure={failure} />}
      <button type="submit" class="button button-main" disabled={isBusy}>
        Sign in
      </button>
    </Form>
  )
}

/** Over whatever page is open when the session ended: what was typed there stays. */
export function RenewDialog() {
  const reader = me.value
  const close = (renewed: boolean): void => renewal.value?.(renewed)
  return (
    <Dialog title="Your session has ended" onClose={() => close(false)}>
      <p>Sign in again to go on where you were.</p>
      <Credentials
        hasTenants={false}
        name={reader?.name ?? ''}
        ownTenant={reader?.tenant ?? ''}
        onIn={() => close(true)}
      />
    </Dialog>
  )
}
