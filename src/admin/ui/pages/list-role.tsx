/** One list role: a grid of lists with get and manage. */
import { useState } from 'preact/hooks'
import type { ListRole } from '../../schemas/roles.ts'
import { call, newOnceKey, withQuery, type ApiFailure } from '../api/client.ts'
import { useLists } from '../api/lists.ts'
import { listRoleHref } from '../api/paths.ts'
import { useResource } from '../api/use-resource.ts'
import { Confirm } from '../components/dialog.tsx'
import { Failure } from '../components/failure.tsx'
import { problemOf, TextField } from '../components/fields.tsx'
import { ListGrid, type Grant } from '../components/list-grid.tsx'
import { Page, Section } from '../components/page.tsx'
import { ResourceView } from '../components/resource-view.tsx'
import { navigate } from '../state/router.ts'
import { can, inTenant } from '../state/session.ts'
import { tell } from '../state/toasts.ts'
import { Conflict } from './conflict.tsx'
import { ReadOnly } from './managed-in.tsx'

const empty: ListRole = {
  name: '',
  description: '',
  managed_in: 'store',
  at: null,
  version: 0,
  holders: 0,
  updated_at: null,
  grants: [],
}
const back = { href: '/list-roles', label: 'List roles' }

/** `undefined`: a new one. */
export function ListRolePage({ name }: { readonly name: string | undefined }) {
  const path = name === undefined ? undefined : inTenant(`list-roles/${encodeURIComponent(name)}`)
  const role = useResource<ListRole>(path)
  if (name === undefined) return <Editor role={empty} etag={undefined} reload={() => undefined} />
  if (role.kind !== 'ready') {
    return (
      <Page title={name} back={back}>
        <ResourceView resource={role} what={name}>
          {() => null}
        </ResourceView>
      </Page>
    )
  }
  return <Editor key={role.data.version} role={role.data} etag={role.etag} reload={role.reload} />
}

interface EditorProps {
  readonly role: ListRole
  readonly etag: string | undefined
  readonly reload: () => void
}

function Editor({ role, etag, reload }: EditorProps) {
  const lists = useLists()
  const isNew = role.name === ''
  const isReadOnly = role.managed_in !== 'store' || !can('roles:manage')
  const [name, setName] = useState(role.name)
  const [description, setDescription] = useState(role.description)
  const [grants, setGrants] = useState<readonly Grant[]>(role.grants)
  const [failure, setFailure] = useState<ApiFailure>()
  const [theirs, setTheirs] = useState<ListRole>()
  const [isDeleting, setDeleting] = useState(false)
  const [onceKey, setOnceKey] = useState(newOnceKey)
  const path = inTenant(`list-roles/${encodeURIComponent(role.name)}`)
  const mine = { description, grants }

  const save = async (over?: string): Promise<void> => {
    const result = isNew
      ? await call<ListRole>('POST', inTenant('list-roles'), { body: { name, ...mine }, onceKey })
      : await call<ListRole>('PUT', path, { body: mine, etag: over ?? etag })
    setOnceKey(newOnceKey())
    if (!result.ok) {
      if (result.failure.code === 'precondition-failed') setTheirs(result.failure.current as ListRole)
      return setFailure(result.failure)
    }
    const before = { description: role.description, grants: role.grants }
    tell(
      isNew ? `${name} is made.` : `${role.name} is changed.`,
      isNew ? undefined : () => restore(path, before, reload),
    )
    return isNew ? navigate(listRoleHref(name)) : reload()
  }
  return (
    <Page
      title={isNew ? 'New list role' : role.name}
      back={back}
      lead={
        isNew ? undefined : (
          <>
            Held by{' '}
            {role.holders === 0 ? (
              'nobody'
            ) : (
              <a href={withQuery('/users', { list_role: role.name })}>
                {role.holders} {role.holders === 1 ? 'user' : 'users'}
              </a>
            )}
            .
          </>
        )
      }
      actions={
        isNew || isReadOnly ? undefined : (
          <button type="button" class="button button-bad" onClick={() => setDeleting(true)}>
            Delete …
          </button>
        )
      }
    >
      <ReadOnly managedIn={role.managed_in} at={role.at} />
      {theirs === undefined ? null : (
        <Conflict mine={mine} theirs={theirs} onTheirs={reload} onMine={() => save('*')} />
      )}
      <form
        aria-label="List role"
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        {isReadOnly ? null : (
          <Section title="Role">
            <div class="row">
              {isNew ? (
                <TextField
                  label="Name"
                  value={name}
                  onValue={setName}
                  required
                  autoFocus
                  error={problemOf(failure, 'name')}
                />
              ) : null}
              <TextField
                label="Description"
                hint="What it is for."
                value={description}
                onValue={setDescription}
                error={problemOf(failure, 'description')}
              />
            </div>
          </Section>
        )}
        <Section
          title="Lists"
          lead="Get is reading, manage is changing; manage does not include get. Empty until: for good."
        >
          {lists.kind === 'failed' ? (
            <p class="notice notice-warn">
              The backend does not tell its lists now ({lists.failure.message}): add lists by their ids.
            </p>
          ) : null}
          <ListGrid
            lists={lists.kind === 'ready' ? lists.data.results : []}
            grants={grants}
            onGrants={setGrants}
            isReadOnly={isReadOnly}
          />
        </Section>
        {failure === undefined || failure.code === 'precondition-failed' ? null : <Failure failure={failure} />}
        {isReadOnly ? null : (
          <div class="actions">
            <button type="submit" class="button button-main">
              {isNew ? 'Make the role' : 'Save for everybody who holds it'}
            </button>
            <a class="button" href="/list-roles">
              Cancel
            </a>
          </div>
        )}
      </form>
      {isDeleting ? <Deletion role={role} path={path} etag={etag} onClose={() => setDeleting(false)} /> : null}
    </Page>
  )
}

async function restore(path: string, before: object, reload: () => void): Promise<void> {
  const now = await call('GET', path)
  const result = now.ok ? await call('PUT', path, { body: before, etag: now.etag }) : now
  tell(
    result.ok ? 'It is as it was.' : `It could not be undone: ${result.failure.message}`,
    undefined,
    result.ok ? 'done' : 'failed',
  )
  reload()
}

interface DeletionProps {
  readonly role: ListRole
  readonly path: string
  readonly etag: string | undefined
  readonly onClose: () => void
}

function Deletion({ role, path, etag, onClose }: DeletionProps) {
  return (
    <Confirm
      title={`Delete ${role.name}?`}
      verb="Delete"
      act={() => call('DELETE', path, { etag: etag ?? '*' })}
      onDone={() => {
        tell(`${role.name} is deleted.`, async () => {
          const { name, description, grants } = role
          const result = await call('POST', inTenant('list-roles'), { body: { name, description, grants } })
          tell(
            result.ok ? `${name} is there again, and nobody holds it yet.` : result.failure.message,
            undefined,
            result.ok ? 'done' : 'failed',
          )
          navigate(listRoleHref(name))
        })
        navigate('/list-roles')
      }}
      onClose={onClose}
    >
      <p>
        {role.holders === 0
          ? 'Nobody holds it.'
          : `${role.holders} ${role.holders === 1 ? 'user loses' : 'users lose'} these lists, at once.`}
      </p>
    </Confirm>
  )
}
