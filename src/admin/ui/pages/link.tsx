/** A one-time link: the first administrator sets up, or a person chooses a password. What stands behind `#` leaves the address bar at once. */
import { useEffect, useState } from 'preact/hooks'
import { call, type ApiFailure } from '../api/client.ts'
import { Failure } from '../components/failure.tsx'
import { Form, problemOf, TextField } from '../components/fields.tsx'
import { Loading } from '../components/page.tsx'
import { navigate, place } from '../state/router.ts'
import { loadSession } from '../state/session.ts'

interface Link {
  readonly purpose: 'setup' | 'password'
  readonly user: string | null
}

export function LinkPage() {
  // Kept in memory alone: neither history nor a copied address holds it.
  const [secret] = useState(place.value.hash)
  const [link, setLink] = useState<Link>()
  const [failure, setFailure] = useState<ApiFailure>()
  useEffect(() => {
    navigate('/link', 'replace')
    void call<Link>('POST', '/api/link/inspection', { body: { secret } }).then((result) =>
      result.ok ? setLink(result.data) : setFailure(result.failure),
    )
  }, [secret])
  if (failure !== undefined) return <Void failure={failure} />
  return (
    <main class="narrow">
      {link === undefined ? <Loading what="the link" /> : <Choose secret={secret} link={link} />}
    </main>
  )
}

function Void({ failure }: { readonly failure: ApiFailure }) {
  const isOver = failure.status === 404 || failure.status === 422
  return (
    <main class="narrow">
      <h1>This link does not work</h1>
      {isOver ? (
        <p>
          It was used already, or its time is over. Ask whoever sent it for another one; for the first set-up,{' '}
          <code>sallyport setup-link</code> prints one.
        </p>
      ) : (
        <Failure failure={failure} />
      )}
      <p>
        <a href="/sign-in">Go to the sign-in page</a>
      </p>
    </main>
  )
}

const leastCharacters = 12

function Choose({ secret, link }: { readonly secret: string; readonly link: Link }) {
  const [user, setUser] = useState('')
  const [password, setPassword] = useState('')
  const [failure, setFailure] = useState<ApiFailure>()
  const [isBusy, setBusy] = useState(false)
  const missing = leastCharacters - Array.from(password).length
  const isSetup = link.purpose === 'setup'

  const send = async (): Promise<void> => {
    setBusy(true)
    const result = await call('POST', '/api/link', { body: { secret, password, ...(isSetup ? { user } : {}) } })
    setBusy(false)
    if (!result.ok) return setFailure(result.failure)
    navigate('/', 'replace')
    return loadSession()
  }
  return (
    <>
      <h1>{isSetup ? 'Set up Sallyport' : `Welcome, ${link.user ?? ''}`}</h1>
      <p>
        {isSetup
          ? 'Choose a name and a password. You will be the first administrator, and may add others afterwards.'
          : 'Choose a password. From then on you sign in with your name and this password.'}
      </p>
      <Form label="Choose a password" onSend={send}>
        {isSetup ? (
          <TextField
            label="Name"
            value={user}
            onValue={setUser}
            autoComplete="username"
            required
            autoFocus
            error={problemOf(failure, 'user')}
          />
        ) : null}
        <TextField
          label="Password"
          type="password"
          value={password}
          onValue={setPassword}
          autoComplete="new-password"
          required
          autoFocus={!isSetup}
          hint={
            missing > 0 ? `At least 12 characters; ${missing} to go. A sentence is easy to remember.` : 'Long enough.'
          }
          error={problemOf(failure, 'password')}
        />
        {failure === undefined || failure.fields.length > 0 ? null : <Failure failure={failure} />}
        <button type="submit" class="button button-main" disabled={isBusy}>
          {isSetup ? 'Set up and sign in' : 'Save and sign in'}
        </button>
      </Form>
    </>
  )
}
