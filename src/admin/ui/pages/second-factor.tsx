/** The second factor: an authenticator app, proved by a code, and recovery codes for the day it is lost. */
import { useState } from 'preact/hooks'
import { encode } from 'uqr'
import { call, type ApiFailure } from '../api/client.ts'
import { CopyButton, Copyable } from '../components/bits.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Failure } from '../components/failure.tsx'
import { Form, problemOf, TextField } from '../components/fields.tsx'
import { Section } from '../components/page.tsx'
import { loadSession, me } from '../state/session.ts'
import { tell } from '../state/toasts.ts'

interface Start {
  readonly secret: string
  readonly uri: string
}

type Shown =
  | { readonly kind: 'start'; readonly start: Start }
  | { readonly kind: 'codes'; readonly codes: readonly string[] }
  | { readonly kind: 'prove'; readonly what: 'removal' | 'codes' }

export function SecondFactor() {
  const [shown, setShown] = useState<Shown>()
  const [failure, setFailure] = useState<ApiFailure>()
  const reader = me.value
  const isOn = reader?.second_factor === 'totp'
  const begin = async (): Promise<void> => {
    const result = await call<Start>('POST', '/api/me/totp')
    if (result.ok) setShown({ kind: 'start', start: result.data })
    else setFailure(result.failure)
  }
  const finish = async (): Promise<void> => {
    setShown(undefined)
    await loadSession()
  }
  return (
    <Section
      title="Second factor"
      lead={
        isOn
          ? `A code of your authenticator app is asked for when you sign in. ${reader.recovery_codes} recovery codes are left.`
          : 'Without one, your password alone lets anybody in.'
      }
    >
      {failure === undefined ? null : <Failure failure={failure} />}
      <div class="actions">
        {isOn ? (
          <>
            <button type="button" class="button" onClick={() => setShown({ kind: 'prove', what: 'codes' })}>
              New recovery codes
            </button>
            <button type="button" class="button" onClick={() => setShown({ kind: 'prove', what: 'removal' })}>
              Remove
            </button>
          </>
        ) : (
          <button type="button" class="button button-main" onClick={() => void begin()}>
            Set up an authenticator app
          </button>
        )}
      </div>
      {shown?.kind === 'start' ? (
        <Confirmation
          start={shown.start}
          onClose={() => setShown(undefined)}
          onCodes={(codes) => setShown({ kind: 'codes', codes })}
        />
      ) : null}
      {shown?.kind === 'codes' ? <Codes codes={shown.codes} onClose={() => void finish()} /> : null}
      {shown?.kind === 'prove' ? (
        <Proof
          what={shown.what}
          onClose={() => setShown(undefined)}
          onCodes={(codes) => setShown({ kind: 'codes', codes })}
          onRemoved={() => {
            tell('The second factor is removed.')
            void finish()
          }}
        />
      ) : null}
    </Section>
  )
}

function Confirmation({
  start,
  onClose,
  onCodes,
}: {
  readonly start: Start
  readonly onClose: () => void
  readonly onCodes: (codes: readonly string[]) => void
}) {
  const [code, setCode] = useState('')
  const [failure, setFailure] = useState<ApiFailure>()
  const send = async (): Promise<void> => {
    const result = await call<{ readonly codes: readonly string[] }>('PUT', '/api/me/totp', {
      body: { code: code.trim() },
    })
    if (result.ok) onCodes(result.data.codes)
    else setFailure(result.failure)
  }
  return (
    <Dialog title="Set up an authenticator app" onClose={onClose}>
      <p>Scan this with an authenticator app, or type the secret into it.</p>
      <Picture text={start.uri} />
      <Copyable text={start.secret} label="Secret for the authenticator app" />
      <Form label="Confirm the second factor" onSend={send}>
        <TextField
          label="Code"
          hint="The six digits that the app shows now."
          value={code}
          onValue={setCode}
          inputMode="numeric"
          autoComplete="one-time-code"
          error={problemOf(failure, 'code')}
        />
        {failure === undefined || failure.fields.length > 0 ? null : <Failure failure={failure} />}
        <button type="submit" class="button button-main">
          Confirm
        </button>
      </Form>
    </Dialog>
  )
}

/** A QR code as one path: no picture that would have to be loaded from somewhere. */
function Picture({ text }: { readonly text: string }) {
  const { size, data } = encode(text)
  const path = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join('')
  return (
    <svg class="qr" viewBox={`-2 -2 ${size + 4} ${size + 4}`} role="img" aria-label="QR code for the authenticator app">
      <rect x={-2} y={-2} width={size + 4} height={size + 4} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  )
}

function Codes({ codes, onClose }: { readonly codes: readonly string[]; readonly onClose: () => void }) {
  return (
    <Dialog title="Your recovery codes" onClose={onClose} isSticky>
      <p>
        Keep them where you would look on the day you lose the app. Each works once in place of a code. They are shown
        only now.
      </p>
      <ul class="codes mono">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div class="actions">
        <CopyButton text={codes.join('\n')} label="Copy all" />
        <button type="button" class="button button-main" onClick={onClose}>
          I have kept them
        </button>
      </div>
    </Dialog>
  )
}

function Proof({
  what,
  onClose,
  onCodes,
  onRemoved,
}: {
  readonly what: 'removal' | 'codes'
  readonly onClose: () => void
  readonly onCodes: (codes: readonly string[]) => void
  readonly onRemoved: () => void
}) {
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [failure, setFailure] = useState<ApiFailure>()
  const send = async (): Promise<void> => {
    const path = what === 'removal' ? '/api/me/totp/removal' : '/api/me/recovery-codes'
    const result = await call<{ readonly codes: readonly string[] } | null>('POST', path, { body: { password, code } })
    if (!result.ok) return setFailure(result.failure)
    return result.data === null ? onRemoved() : onCodes(result.data.codes)
  }
  return (
    <Dialog title={what === 'removal' ? 'Remove the second factor' : 'New recovery codes'} onClose={onClose}>
      <Form label="Prove that it is you" onSend={send}>
        <TextField
          label="Password"
          type="password"
          value={password}
          onValue={setPassword}
          autoComplete="current-password"
        />
        <TextField
          label="Code"
          hint="Of the app, or a recovery code."
          value={code}
          onValue={setCode}
          autoComplete="one-time-code"
        />
        {failure === undefined ? null : <Failure failure={failure} />}
        <button type="submit" class={what === 'removal' ? 'button button-bad' : 'button button-main'}>
          {what === 'removal' ? 'Remove' : 'Make new codes'}
        </button>
      </Form>
    </Dialog>
  )
}
