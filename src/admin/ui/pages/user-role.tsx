/** One user role: permissions in groups, what each opens, and who holds it. */
import { useState } from 'preact/hooks'
import type { Static } from 'typebox'
import type { permissions as permissionsSchema, UserRole } from '../../schemas/roles.ts'
import { call, newOnceKey, withQuery, type ApiFailure } from '../api/client.ts'
import { userRoleHref } from '../api/paths.ts'
import { useResource } from '../api/use-resource.ts'
import { Failure } from '../components/failure.tsx'
import { problemOf, TextField } from '../components/fields.tsx'
import { Loading, Page, Section } from '../components/page.tsx'
import { ResourceView } from '../components/resource-view.tsx'
import { navigate } from '../state/router.ts'
import { can, inTenant, me } from '../state/session.ts'
import { tell } from '../state/toasts.ts'
import { Conflict } from './conflict.tsx'
import { ReadOnly } from './managed-in.tsx'
import { Permission, PermissionGroup } from './permission-choices.tsx'
import { UserRoleDeletion } from './user-role-deletion.tsx'

type Permissions = Static<typeof permissionsSchema>

const empty: UserRole = {
  name: '',
  description: '',
  managed_in: 'store',
  at: null,
  version: 0,
  holders: 0,
  updated_at: null,
  permissions: [],
  admin: [],
  unknown_permissions: [],
}
const back = { href: '/user-roles', label: 'User roles' }

/** `undefined`: a new one. */
export function UserRolePage({ name }: { readonly name: string | undefined }) {
  const path = name === undefined ? undefined : inTenant(`user-roles/${encodeURIComponent(name)}`)
  const role = useResource<UserRole>(path)
  const known = useResource<Permissions>(inTenant('permissions'))
  if (name === undefined)
    return known.kind === 'ready' ? (
      <Editor role={empty} etag={undefined} known={known.data} reload={() => undefined} />
    ) : (
      <Loading what="permissions" />
    )
  if (role.kind !== 'ready' || known.kind !== 'ready') {
    return (
      <Page title={name} back={back}>
        <ResourceView resource={role} what={name}>
          {() => (
            <ResourceView resource={known} what="permissions">
              {() => null}
            </ResourceView>
          )}
        </ResourceView>
      </Page>
    )
  }
  return <Editor key={role.data.version} role={role.data} etag={role.etag} known={known.data} reload={role.reload} />
}

interface EditorProps {
  readonly role: UserRole
  readonly etag: string | undefined
  readonly known: Permissions
  readonly reload: () => void
}

function Editor({ role, etag, known, reload }: EditorProps) {
  const isNew = role.name === ''
  const isReadOnly = role.managed_in !== 'store' || !can('roles:manage')
  const [name, setName] = useState(role.name)
  const [description, setDescription] = useState(role.description)
  const [permissions, setPermissions] = useState<readonly string[]>(role.permissions)
  const [admin, setAdmin] = useState<readonly string[]>(role.admin)
  const [failure, setFailure] = useState<ApiFailure>()
  const [theirs, setTheirs] = useState<UserRole>()
  const [isDeleting, setDeleting] = useState(false)
  const [onceKey, setOnceKey] = useState(newOnceKey)
  const path = inTenant(`user-roles/${encodeURIComponent(role.name)}`)
  const mine = { description, permissions, admin }

  const save = async (over?: string): Promise<void> => {
    const result = isNew
      ? await call<UserRole>('POST', inTenant('user-roles'), { body: { name, ...mine }, onceKey })
      : await call<UserRole>('PUT', path, { body: mine, etag: over ?? etag })
    setOnceKey(newOnceKey())
    if (!result.ok) {
      if (result.failure.code === 'precondition-failed') setTheirs(result.failure.current as UserRole)
      return setFailure(result.failure)
    }
    const before = { description: role.description, permissions: role.permissions, admin: role.admin }
    tell(
      isNew ? `${name} is made.` : `${role.name} is changed.`,
      isNew ? undefined : () => restore(path, before, reload),
    )
    return isNew ? navigate(userRoleHref(name)) : reload()
  }
  return (
    <Page
      title={isNew ? 'New user role' : role.name}
      back={back}
      lead={
        isNew ? undefined : (
          <>
            Held by{' '}
            {role.holders === 0 ? (
              'nobody'
            ) : (
              <a href={withQuery('/users', { role: role.name })}>
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
        aria-label="User role"
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
          title="Permissions of the backend"
          lead="Each opens the routes behind it. Get and manage of single lists come from list roles."
        >
          <div class="permission-groups">
            {known.groups.map((group) => (
              <PermissionGroup
                key={group.group}
                group={group}
                chosen={permissions}
                onChosen={setPermissions}
                isReadOnly={isReadOnly}
              />
            ))}
          </div>
          {role.unknown_permissions.length === 0 ? null : (
            <p class="notice notice-warn">
              The policy does not know {role.unknown_permissions.join(', ')}: they give nothing.
            </p>
          )}
        </Section>
        <Section title="Admin pages and API" lead="What holders may see and do here.">
          <fieldset class="permission-group">
            <legend class="unseen">Admin permissions</legend>
            {known.admin.map(({ permission, opens }) => (
              <Permission
                key={permission}
                permission={permission}
                detail={opens}
                isChosen={admin.includes(permission)}
                isReadOnly={isReadOnly}
                isHeld={me.value?.admin.includes(permission) === true}
                onToggle={(isOn) =>
                  setAdmin(isOn ? [...admin, permission] : admin.filter((each) => each !== permission))
                }
              />
            ))}
          </fieldset>
        </Section>
        {failure === undefined || failure.code === 'precondition-failed' ? null : <Failure failure={failure} />}
        {isReadOnly ? null : (
          <div class="actions">
            <button type="submit" class="button button-main">
              {isNew ? 'Make the role' : 'Save for everybody who holds it'}
            </button>
            <a class="button" href="/user-roles">
              Cancel
            </a>
          </div>
        )}
      </form>
      {isDeleting ? <UserRoleDeletion role={role} path={path} etag={etag} onClose={() => setDeleting(false)} /> : null}
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
