/** User roles: what may be done. */
import type { UserRole } from '../../schemas/roles.ts'
import { withQuery } from '../api/client.ts'
import { userRoleHref } from '../api/paths.ts'
import { useResource } from '../api/use-resource.ts'
import { Badge } from '../components/bits.tsx'
import { Page, Wide } from '../components/page.tsx'
import { ResourceView } from '../components/resource-view.tsx'
import { can, inTenant } from '../state/session.ts'
import { ManagedIn } from './managed-in.tsx'

export function UserRolesPage() {
  const roles = useResource<{ readonly results: readonly UserRole[] }>(inTenant('user-roles'))
  return (
    <Page
      title="User roles"
      lead="A user role is a set of permissions: of the backend’s, and of these pages’. A user may hold several."
      actions={
        can('roles:manage') ? (
          <a class="button button-main" href="/user-roles/new/role">
            New user role
          </a>
        ) : undefined
      }
    >
      <ResourceView resource={roles} what="user roles">
        {({ results }) => (
          <Wide label="User roles">
            <table>
              <thead>
                <tr>
                  <th scope="col">Role</th>
                  <th scope="col">Permissions</th>
                  <th scope="col">Admin</th>
                  <th scope="col">Held by</th>
                  <th scope="col">Managed in</th>
                </tr>
              </thead>
              <tbody>
                {results.map((role) => (
                  <tr key={role.name}>
                    <th scope="row">
                      <a href={userRoleHref(role.name)}>{role.name}</a>
                      {role.description === '' ? null : <div class="muted small">{role.description}</div>}
                    </th>
                    <td>
                      {role.permissions.length}{' '}
                      {role.unknown_permissions.length === 0 ? null : (
                        <Badge tone="warn">{role.unknown_permissions.length} unknown</Badge>
                      )}
                    </td>
                    <td>{role.admin.length === 0 ? <span class="muted">none</span> : role.admin.length}</td>
                    <td>
                      {role.holders === 0 ? (
                        <span class="muted">nobody</span>
                      ) : (
                        <a href={withQuery('/users', { role: role.name })}>
                          {role.holders} {role.holders === 1 ? 'user' : 'users'}
                        </a>
                      )}
                    </td>
                    <td>
                      <ManagedIn managedIn={role.managed_in} at={role.at} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Wide>
        )}
      </ResourceView>
    </Page>
  )
}
