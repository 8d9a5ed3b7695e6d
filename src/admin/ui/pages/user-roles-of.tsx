/** Which roles a user holds: ticked, saved at once, with a way back. */
import { useState } from 'preact/hooks'
import type { ListRole, UserRole } from '../../schemas/roles.ts'
import type { User } from '../../schemas/users.ts'
import type { ApiFailure } from '../api/client.ts'
import { listLabel, useLists, type BackendList } from '../api/lists.ts'
import { listRoleHref, userRoleHref } from '../api/paths.ts'
import { useResource } from '../api/use-resource.ts'
import { Names } from '../components/bits.tsx'
import { Choices, type Choice } from '../components/choices.tsx'
import { Failure } from '../components/failure.tsx'
import { problemOf } from '../components/fields.tsx'
import { Section } from '../components/page.tsx'
import { can, inTenant, me } from '../state/session.ts'
import type { ChangeUser } from './user.tsx'

export function UserRoles({ user, change }: { readonly user: User; readonly change: ChangeUser }) {
  const [isEditing, setEditing] = useState(false)
  return (
    <Section
      title="Roles"
      lead="User roles say what may be done, list roles on which lists."
      actions={
        can('users:manage') && can('roles:get') && !isEditing ? (
          <button type="button" class="button" onClick={() => setEditing(true)}>
            Change roles
          </button>
        ) : undefined
      }
    >
      {isEditing ? (
        <Editor user={user} change={change} onClose={() => setEditing(false)} />
      ) : (
        <dl class="facts">
          <dt>User roles</dt>
          <dd>
            <Names names={user.roles} href={userRoleHref} />
          </dd>
          {user.kind === 'person' ? null : (
            <>
              <dt>List roles</dt>
              <dd>
                <Names names={user.list_roles} href={listRoleHref} />
              </dd>
            </>
          )}
        </dl>
      )}
    </Section>
  )
}

function Editor({
  user,
  change,
  onClose,
}: {
  readonly user: User
  readonly change: ChangeUser
  readonly onClose: () => void
}) {
  const userRoles = useResource<{ readonly results: readonly UserRole[] }>(inTenant('user-roles'))
  const listRoles = useResource<{ readonly results: readonly ListRole[] }>(inTenant('list-roles'))
  const lists = useLists()
  const [roles, setRoles] = useState<readonly string[]>(user.roles)
  const [listRoleNames, setListRoleNames] = useState<readonly string[]>(user.list_roles)
  const [failure, setFailure] = useState<ApiFailure>()
  const known = lists.kind === 'ready' ? lists.data.results : []
  const save = async (): Promise<void> => {
    const mine = { roles: [...roles], list_roles: [...listRoleNames] }
    const undo = { roles: [...user.roles], list_roles: [...user.list_roles] }
    const failed = await change(mine, `The roles of ${user.name} are changed.`, undo)
    if (failed === undefined) onClose()
    setFailure(failed)
  }
  return (
    <form
      aria-label="Roles"
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <div class="row">
        <Choices
          legend="User roles"
          choices={withHeld(userRoles.kind === 'ready' ? userRoles.data.results.map(roleChoice) : [], roles)}
          chosen={roles}
          onChosen={setRoles}
          none="There is no user role yet."
          error={problemOf(failure, 'roles')}
        />
        {user.kind === 'person' ? null : (
          <Choices
            legend="List roles"
            choices={withHeld(
              listRoles.kind === 'ready' ? listRoles.data.results.map((role) => listRoleChoice(role, known)) : [],
              listRoleNames,
            )}
            chosen={listRoleNames}
            onChosen={setListRoleNames}
            none="There is no list role yet."
            error={problemOf(failure, 'list_roles')}
          />
        )}
      </div>
      {failure === undefined ? null : <Failure failure={failure} />}
      <div class="actions">
        <button type="submit" class="button button-main">
          Save
        </button>
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
      </div>
    </form>
  )
}

/** Names that nothing defines any more can be taken away, too. */
function withHeld(choices: readonly Choice[], held: readonly string[]): readonly Choice[] {
  const gone = held.filter((name) => !choices.some(({ value }) => value === name))
  return [
    ...choices,
    ...gone.map((name) => ({ value: name, label: name, detail: 'nothing defines it: it gives nothing' })),
  ]
}

function roleChoice({ name, permissions, admin, description }: UserRole): Choice {
  const beyond = [
    ...permissions.filter((each) => me.value?.permissions.includes(each) !== true),
    ...admin.filter((each) => me.value?.admin.includes(each) !== true),
  ]
  const opens = [...permissions, ...admin.map((each) => `admin ${each}`)]
  const detail = description === '' ? `${opens.slice(0, 3).join(', ')}${opens.length > 3 ? ', …' : ''}` : description
  return { value: name, label: name, detail, locked: beyond.length === 0 ? undefined : 'holds more than you do' }
}

const listRoleChoice = ({ name, grants, description }: ListRole, lists: readonly BackendList[]): Choice => ({
  value: name,
  label: name,
  detail:
    description === ''
      ? grants
          .slice(0, 3)
          .map(
            ({ list, get, manage }) =>
              `${listLabel(list, lists)}: ${[get ? 'get' : '', manage ? 'manage' : ''].filter(Boolean).join(' and ')}`,
          )
          .join('; ') + (grants.length > 3 ? '; …' : '')
      : description,
})
