/** List roles: on which lists. */
import type { ListRole } from '../../schemas/roles.ts'
import { withQuery } from '../api/client.ts'
import { listLabel, useLists, type BackendList } from '../api/lists.ts'
import { listRoleHref } from '../api/paths.ts'
import { useResource } from '../api/use-resource.ts'
import { Empty, Page, Wide } from '../components/page.tsx'
import { ResourceView } from '../components/resource-view.tsx'
import { can, inTenant } from '../state/session.ts'
import { ManagedIn } from './managed-in.tsx'
import { RetiredLists } from './retired-lists.tsx'

export function ListRolesPage() {
  const roles = useResource<{ readonly results: readonly ListRole[] }>(inTenant('list-roles'))
  const lists = useLists()
  const known = lists.kind === 'ready' ? lists.data.results : []
  return (
    <Page
      title="List roles"
      lead="A list role says for each list whether it may be read (get) and changed (manage), if wanted until a date."
      actions={
        can('roles:manage') ? (
          <a class="button button-main" href="/list-roles/new/role">
            New list role
          </a>
        ) : undefined
      }
    >
      <ResourceView resource={roles} what="list roles">
        {({ results }) =>
          results.length === 0 ? (
            <Empty title="There are no list roles yet.">
              <p>Make one for a team that works on the same lists; or give lists to single users on their own pages.</p>
            </Empty>
          ) : (
            <RoleTable roles={results} lists={known} />
          )
        }
      </ResourceView>
      <RetiredLists onChanged={lists.reload} />
    </Page>
  )
}

function RoleTable({ roles, lists }: { readonly roles: readonly ListRole[]; readonly lists: readonly BackendList[] }) {
  return (
    <Wide label="List roles">
      <table>
        <thead>
          <tr>
            <th scope="col">Role</th>
            <th scope="col">Lists</th>
            <th scope="col">Held by</th>
            <th scope="col">Managed in</th>
          </tr>
        </thead>
        <tbody>
          {roles.map((role) => (
            <tr key={role.name}>
              <th scope="row">
                <a href={listRoleHref(role.name)}>{role.name}</a>
                {role.description === '' ? null : <div class="muted small">{role.description}</div>}
              </th>
              <td>
                {role.grants.slice(0, 4).map(({ list, get, manage }) => (
                  <span key={list} class="name">
                    {listLabel(list, lists)}{' '}
                    <span class="muted small">
                      {[get ? 'get' : '', manage ? 'manage' : ''].filter((each) => each !== '').join(', ')}
                    </span>
                  </span>
                ))}
                {role.grants.length > 4 ? <span class="muted">and {role.grants.length - 4} more</span> : null}
              </td>
              <td>
                {role.holders === 0 ? (
                  <span class="muted">nobody</span>
                ) : (
                  <a href={withQuery('/users', { list_role: role.name })}>
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
  )
}
