/** A new user in one go: a name, what they may do, on which lists, and for a program a token at once. */
import { useState } from 'preact/hooks'
import type { ShownToken } from '../../schemas/tokens.ts'
import type { UserRole } from '../../schemas/roles.ts'
import { call, newOnceKey, type ApiFailure } from '../api/client.ts'
import { useLists } from '../api/lists.ts'
import { userHref } from '../api/paths.ts'
import { useResource } from '../api/use-resource.ts'
import { Copyable } from '../components/bits.tsx'
import { Choices } from '../components/choices.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Failure } from '../components/failure.tsx'
import { CheckField, Form, problemOf, SelectField, TextField } from '../components/fields.tsx'
import { ListGrid, type Grant } from '../components/list-grid.tsx'
import { Page, Section } from '../components/page.tsx'
import { navigate } from '../state/router.ts'
import { can, inTenant } from '../state/session.ts'
import { tell } from '../state/toasts.ts'
import { expiryOf, LifetimeFields, SecretDialog, type Lifetime } from './token-dialogs.tsx'

const kinds = [
  { value: 'api', label: 'A program: it calls the gateway with tokens' },
  { value: 'person', label: 'A person: signs in to these pages' },
]

type Made = { readonly kind: 'token'; readonly made: ShownToken } | { readonly kind: 'link'; readonly url: string }

export function NewUserPage() {
  const roles = useResource<{ readonly results: readonly UserRole[] }>(inTenant('user-roles'))
  const lists = useLists()
  const [name, setName] = useState('')
  const [kind, setKind] = useState<'api' | 'person'>('api')
  const [email, setEmail] = useState('')
  const [note, setNote] = useState('')
  const [chosen, setChosen] = useState<readonly string[]>([])
  const [grants, setGrants] = useState<readonly Grant[]>([])
  const [hasToken, setHasToken] = useState(true)
  const [lifetime, setLifetime] = useState<Lifetime>({ choice: '90', until: '' })
  const [failure, setFailure] = useState<ApiFailure>()
  const [isBusy, setBusy] = useState(false)
  const [made, setMade] = useState<Made>()
  const [onceKey, setOnceKey] = useState(newOnceKey)

  const send = async (): Promise<void> => {
    setBusy(true)
    const steps = {
      name,
      kind,
      email,
      note,
      chosen,
      grants,
      expires: hasToken ? expiryOf(lifetime) : undefined,
      onceKey,
    }
    const outcome = await make(steps)
    setBusy(false)
    // Another try is another act: what was wrong is changed.
    setOnceKey(newOnceKey())
    if ('failure' in outcome) return setFailure(outcome.failure)
    if (outcome.made === undefined) return leave(name)
    return setMade(outcome.made)
  }
  const all = roles.kind === 'ready' ? roles.data.results : []
  return (
    <Page title="New user" back={{ href: '/users', label: 'Users' }}>
      <Form label="New user" onSend={send}>
        <Section title="Who">
          <div class="row">
            <TextField
              label="Name"
              hint="Letters, digits and _ . @ - ; it is the first half of the credential."
              value={name}
              onValue={setName}
              required
              autoFocus
              autoComplete="off"
              error={problemOf(failure, 'name')}
            />
            <SelectField
              label="Kind"
              value={kind}
              onValue={(value) => setKind(value === 'person' ? 'person' : 'api')}
              options={kinds}
            />
            {kind === 'person' ? (
              <TextField
                label="E-mail address"
                type="email"
                hint="For signing in through an identity provider. May be empty."
                value={email}
                onValue={setEmail}
                autoComplete="off"
                error={problemOf(failure, 'email')}
              />
            ) : null}
            <TextField
              label="Note"
              hint="What it is for."
              value={note}
              onValue={setNote}
              error={problemOf(failure, 'note')}
            />
          </div>
        </Section>
        <Section title="What they may do" lead="User roles open routes. Which lists they may be used on stands below.">
          <Choices
            legend="User roles"
            choices={all.map((role) => ({ value: role.name, label: role.name, detail: opensText(role) }))}
            chosen={chosen}
            onChosen={setChosen}
            none="There is no user role yet."
            error={problemOf(failure, 'roles')}
          />
        </Section>
        {kind === 'api' ? (
          <Section
            title="On which lists"
            lead="Get is reading, manage is changing; manage does not include get. List roles, which several users share, can be given afterwards."
          >
            {lists.kind === 'failed' ? (
              <p class="muted">
                The backend does not tell its lists now ({lists.failure.message}): add lists by their ids.
              </p>
            ) : null}
            <ListGrid lists={lists.kind === 'ready' ? lists.data.results : []} grants={grants} onGrants={setGrants} />
          </Section>
        ) : null}
        {kind === 'api' && can('tokens:manage') ? (
          <Section title="Token">
            <CheckField label="Make a token at once" checked={hasToken} onChecked={setHasToken} />
            {hasToken ? (
              <LifetimeFields lifetime={lifetime} onLifetime={setLifetime} error={problemOf(failure, 'expires_at')} />
            ) : null}
          </Section>
        ) : null}
        {failure === undefined ? null : <Failure failure={failure} />}
        <div class="actions">
          <button type="submit" class="button button-main" disabled={isBusy}>
            {kind === 'api' && hasToken ? 'Make the user and a token' : 'Make the user'}
          </button>
          <a class="button" href="/users">
            Cancel
          </a>
        </div>
      </Form>
      {made?.kind === 'token' ? <SecretDialog user={name} made={made.made} onClose={() => leave(name)} /> : null}
      {made?.kind === 'link' ? <LinkDialog name={name} url={made.url} onClose={() => leave(name)} /> : null}
    </Page>
  )
}

function leave(name: string): void {
  tell(`${name} is made.`)
  navigate(userHref(name))
}

const opensText = ({ permissions, admin, description }: UserRole): string => {
  if (description !== '') return description
  const opens = [...permissions, ...admin.map((each) => `admin ${each}`)]
  return opens.length > 4 ? `${opens.slice(0, 4).join(', ')} and ${opens.length - 4} more` : opens.join(', ')
}

interface Steps {
  readonly name: string
  readonly kind: 'api' | 'person'
  readonly email: string
  readonly note: string
  readonly chosen: readonly string[]
  readonly grants: readonly Grant[]
  /** `null`: a token without end; `undefined`: no token. */
  readonly expires: string | null | undefined
  readonly onceKey: string
}

/** The user first, then their lists, then a token: what fails later leaves a user who can do less, and is told. */
async function make({ name, kind, email, note, chosen, grants, expires, onceKey }: Steps) {
  const person = kind === 'person' && email !== '' ? { email } : {}
  const body = { name, kind, roles: chosen, note, ...person }
  const created = await call('POST', inTenant('users'), { body, onceKey })
  if (!created.ok) return { failure: created.failure }
  const path = inTenant(`users/${encodeURIComponent(name)}`)
  if (kind === 'person') {
    const link = await call<{ readonly url: string }>('POST', `${path}/link`)
    return link.ok ? { made: { kind: 'link', url: link.data.url } as const } : { failure: link.failure }
  }
  for (const { list, get, manage, until } of grants) {
    const granted = await call('PUT', `${path}/lists/${list}`, { body: { get, manage, until } })
    if (!granted.ok) return { failure: granted.failure }
  }
  if (expires === undefined) return { made: undefined }
  const token = await call<ShownToken>('POST', `${path}/tokens`, {
    body: { label: 'first', expires_at: expires },
    onceKey: `${onceKey}-token`,
  })
  return token.ok ? { made: { kind: 'token', made: token.data } as const } : { failure: token.failure }
}

/** With which a person chooses a password. */
export function LinkDialog({
  name,
  url,
  onClose,
}: {
  readonly name: string
  readonly url: string
  readonly onClose: () => void
}) {
  return (
    <Dialog title={`A link for ${name}`} onClose={onClose} isSticky>
      <p>
        Send this to {name}. Whoever opens it chooses the password: it works once, within three days, and makes links of
        before void. <strong>It is shown only this once.</strong>
      </p>
      <Copyable text={url} label="One-time link" />
      <div class="actions">
        <button type="button" class="button button-main" onClick={onClose}>
          I have copied it
        </button>
      </div>
    </Dialog>
  )
}
