/** Permissions to choose from: what each opens, and whether who looks could give it. */
import type { Static } from 'typebox'
import type { permissions } from '../../schemas/roles.ts'
import { me } from '../state/session.ts'

interface GroupProps {
  readonly group: Static<typeof permissions>['groups'][number]
  readonly chosen: readonly string[]
  readonly onChosen: (chosen: readonly string[]) => void
  readonly isReadOnly: boolean
}

export function PermissionGroup({ group, chosen, onChosen, isReadOnly }: GroupProps) {
  return (
    <fieldset class="permission-group">
      <legend>{group.group}</legend>
      {group.permissions.map(({ permission, opens, supersedes }) => (
        <Permission
          key={permission}
          permission={permission}
          detail={
            supersedes === null
              ? `opens ${opens.length} ${opens.length === 1 ? 'route' : 'routes'}`
              : `every list, ${supersedes}; opens ${opens.length} routes`
          }
          routes={opens}
          isChosen={chosen.includes(permission)}
          isReadOnly={isReadOnly}
          isHeld={me.value?.permissions.includes(permission) === true}
          onToggle={(isOn) => onChosen(isOn ? [...chosen, permission] : chosen.filter((each) => each !== permission))}
        />
      ))}
    </fieldset>
  )
}

interface PermissionProps {
  readonly permission: string
  readonly detail: string
  readonly routes?: readonly string[]
  readonly isChosen: boolean
  readonly isReadOnly: boolean
  readonly isHeld: boolean
  readonly onToggle: (isOn: boolean) => void
}

export function Permission({
  permission,
  detail,
  routes = [],
  isChosen,
  isReadOnly,
  isHeld,
  onToggle,
}: PermissionProps) {
  const id = `permission-${permission}`
  return (
    <div class="check">
      <input
        id={id}
        type="checkbox"
        checked={isChosen}
        disabled={isReadOnly || (!isHeld && !isChosen)}
        onChange={(event) => onToggle(event.currentTarget.checked)}
      />
      <label for={id}>
        <span class="mono">{permission}</span> <span class="muted small">{detail}</span>
        {isReadOnly || isHeld ? null : <span class="muted small"> · you do not hold it</span>}
      </label>
      {routes.length === 0 ? null : (
        <details class="routes-of">
          <summary>
            Routes<span class="unseen"> of {permission}</span>
          </summary>
          <ul class="mono small">
            {routes.map((route) => (
              <li key={route}>{route}</li>
            ))}
          </ul>
        </details>
      )}
    </div>
  )
}
