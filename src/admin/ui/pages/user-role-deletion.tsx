/** What deleting a user role takes away, and the way back. */
import type { UserRole } from '../../schemas/roles.ts'
import { call } from '../api/client.ts'
import { userRoleHref } from '../api/paths.ts'
import { Confirm } from '../components/dialog.tsx'
import { navigate } from '../state/router.ts'
import { inTenant } from '../state/session.ts'
import { tell } from '../state/toasts.ts'

interface DeletionProps {
  readonly role: UserRole
  readonly path: string
  readonly etag: string | undefined
  readonly onClose: () => void
}

export function UserRoleDeletion({ role, path, etag, onClose }: DeletionProps) {
  return (
    <Confirm
      title={`Delete ${role.name}?`}
      verb="Delete"
      act={() => call('DELETE', path, { etag: etag ?? '*' })}
      onDone={() => {
        tell(`${role.name} is deleted.`, async () => {
          const { name, description, permissions, admin } = role
          const result = await call('POST', inTenant('user-roles'), { body: { name, description, permissions, admin } })
          tell(
            result.ok ? `${name} is there again, and nobody holds it yet.` : result.failure.message,
            undefined,
            result.ok ? 'done' : 'failed',
          )
          navigate(userRoleHref(name))
        })
        navigate('/user-roles')
      }}
      onClose={onClose}
    >
      <p>
        {role.holders === 0
          ? 'Nobody holds it.'
          : `${role.holders} ${role.holders === 1 ? 'user loses' : 'users lose'} what it opens, at once.`}
      </p>
    </Confirm>
  )
}
