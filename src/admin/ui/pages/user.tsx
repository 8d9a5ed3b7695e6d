/** One user: tokens, roles, lists, what all of that comes to, and what they were refused lately. */
import { useState } from 'preact/hooks'
import type { Static } from 'typebox'
import type { User, userChange } from '../../schemas/users.ts'
import { call, type ApiFailure } from '../api/client.ts'
import { useResource } from '../api/use-resource.ts'
import { Badge, Time } from '../components/bits.tsx'
import { Confirm } from '../components/dialog.tsx'
import { Failure } from '../components/failure.tsx'
import { Page, Section } from '../components/page.tsx'
import { ResourceView } from '../components/resource-view.tsx'
import { navigate } from '../state/router.ts'
import { can, inTenant, me } from '../state/session.ts'
import { tell } from '../state/toasts.ts'
import { Conflict } from './conflict.tsx'
import { LinkDialog } from './new-user.tsx'
import { UserDetails } from './user-details.tsx'
import { UserLists } from './user-lists.tsx'
import { UserRefusals } from './user-refusals.tsx'
import { UserRights } from './user-rights.tsx'
import { UserRoles } from './user-roles-of.tsx'
import { UserTokens } from './user-tokens.tsx'
import { UserUse } from './user-use.tsx'

export type UserChange = Static<typeof userChange>

/** Changes the user as they are on the screen; tells what happened, with a way back. */
export type ChangeUser = (change: UserChange, told: string, undo?: UserChange) => Promise<ApiFailure | undefined>

export function UserPage({ name }: { readonly name: string }) {
  const path = inTenant(`users/${encodeURIComponent(name)}`)
  const user = useResource<User>(path)
  const back = { href: '/users', label: 'Users' }
  if (user.kind !== 'ready') {
    return (
      <Page title={name} back={back}>
        <ResourceView resource={user} what={name}>
          {() => null}
        </ResourceView>
      </Page>
    )
  }
  return <Known key={user.data.version} path={path} user={user.data} etag={user.etag} reload={user.reload} />
}

interface KnownProps {
  readonly path: string
  readonly user: User
  readonly etag: string | undefined
  readonly reload: () => void
}

function Known({ path, user, etag, reload }: KnownProps) {
  const [conflict, setConflict] = useState<{ readonly mine: UserChange; readonly theirs: User }>()
  const change: ChangeUser = async (mine, told, undo) => {
    const result = await call<User>('PATCH', path, { body: mine, etag })
    if (!result.ok) {
      const { code, current } = result.failure
      if (code !== 'precondition-failed' || current === undefined) return result.failure
      setConflict({ mine, theirs: current as User })
      return undefined
    }
    const back = undo === undefined ? undefined : async (): Promise<void> => undoChange(path, undo, reload)
    tell(told, back)
    reload()
    return undefined
  }
  const isPerson = user.kind === 'person'
  return (
    <Page
      title={user.name}
      back={{ href: '/users', label: 'Users' }}
      lead={
        <>
          {isPerson ? 'Person' : 'API user'} of tenant {user.tenant}{' '}
          {user.status === 'enabled' ? <Badge tone="good">enabled</Badge> : <Badge tone="bad">disabled</Badge>} · made{' '}
          <Time at={user.created_at} />
        </>
      }
      actions={can('users:manage') ? <Acts path={path} user={user} etag={etag} change={change} /> : undefined}
    >
      {conflict === undefined ? null : (
        <Conflict
          mine={conflict.mine}
          theirs={conflict.theirs}
          onTheirs={reload}
          onMine={async () => {
            const result = await call('PATCH', path, { body: conflict.mine, etag: '*' })
            if (result.ok) tell('Your change is saved over the other one.')
            reload()
          }}
        />
      )}
      {isPerson ? <PersonActs path={path} user={user} /> : <UserTokens path={path} user={user} />}
      <UserRoles user={user} change={change} />
      {isPerson ? null : <UserLists path={path} user={user} reload={reload} />}
      <UserRights path={path} />
      {isPerson ? null : <UserUse path={path} />}
      {isPerson ? null : <UserRefusals path={path} user={user.name} />}
      <UserDetails user={user} change={change} />
    </Page>
  )
}

async function undoChange(path: string, undo: UserChange, reload: () => void): Promise<void> {
  const now = await call<User>('GET', path)
  const result = now.ok ? await call('PATCH', path, { body: undo, etag: now.etag }) : now
  if (result.ok) tell('It is as it was.')
  else tell(`It could not be undone: ${result.failure.message}`, undefined, 'failed')
  reload()
}

interface ActsProps {
  readonly path: string
  readonly user: User
  readonly etag: string | undefined
  readonly change: ChangeUser
}

function Acts({ path, user, etag, change }: ActsProps) {
  const [isDeleting, setDeleting] = useState(false)
  const [failure, setFailure] = useState<ApiFailure>()
  const isEnabled = user.status === 'enabled'
  const isSelf = me.value?.name === user.name && me.value.tenant === user.tenant
  const toggle = async (): Promise<void> => {
    const [next, before] = isEnabled ? (['disabled', 'enabled'] as const) : (['enabled', 'disabled'] as const)
    setFailure(await change({ status: next }, `${user.name} is ${next}.`, { status: before }))
  }
  return (
    <>
      {failure === undefined ? null : <Failure failure={failure} />}
      <button type="button" class="button" onClick={() => void toggle()} disabled={isSelf}>
        {isEnabled ? 'Disable' : 'Enable'}
      </button>
      <button type="button" class="button button-bad" onClick={() => setDeleting(true)} disabled={isSelf}>
        Delete …
      </button>
      {isDeleting ? (
        <Confirm
          title={`Delete ${user.name}?`}
          verb="Delete for good"
          typed={user.name}
          act={() => call('DELETE', path, { etag: etag ?? '*' })}
          onDone={() => {
            tell(`${user.name} is deleted.`)
            navigate('/users')
          }}
          onClose={() => setDeleting(false)}
        >
          <p>
            {user.kind === 'api'
              ? 'Every token of theirs is refused from now on, and never works again.'
              : 'Every session of theirs ends now.'}{' '}
            Roles and lists of their own go with them. This cannot be undone; to stop somebody for a while, disable
            them.
          </p>
        </Confirm>
      ) : null}
    </>
  )
}

function PersonActs({ path, user }: { readonly path: string; readonly user: User }) {
  const [link, setLink] = useState<string>()
  const [failure, setFailure] = useState<ApiFailure>()
  const makeLink = async (): Promise<void> => {
    const result = await call<{ readonly url: string }>('POST', `${path}/link`)
    if (result.ok) setLink(result.data.url)
    else setFailure(result.failure)
  }
  const act = async (what: 'sessions' | 'second-factor', told: string): Promise<void> => {
    const result = await call('DELETE', `${path}/${what}`)
    if (result.ok) tell(told)
    else setFailure(result.failure)
  }
  return (
    <Section
      title="Signing in"
      lead={
        user.email === null
          ? 'With a name and a password.'
          : `With a password, or through the identity provider as ${user.email}.`
      }
    >
      {failure === undefined ? null : <Failure failure={failure} />}
      <div class="actions">
        {can('users:manage') ? (
          <>
            <button type="button" class="button" onClick={() => void makeLink()}>
              Make a one-time link
            </button>
            <button
              type="button"
              class="button"
              onClick={() =>
                void act('second-factor', `The second factor of ${user.name} is removed, if there was one.`)
              }
            >
              Reset the second factor
            </button>
          </>
        ) : null}
        {can('sessions:manage') ? (
          <button
            type="button"
            class="button"
            onClick={() => void act('sessions', `Every session of ${user.name} has ended.`)}
          >
            End every session
          </button>
        ) : null}
      </div>
      {link === undefined ? null : <LinkDialog name={user.name} url={link} onClose={() => setLink(undefined)} />}
    </Section>
  )
}
