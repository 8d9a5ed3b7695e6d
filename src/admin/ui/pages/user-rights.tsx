/** What a user may do in the end: lists by get and manage, each with the role that gives it. */
import type { Rights } from '../../schemas/users.ts'
import { listLabel, useLists } from '../api/lists.ts'
import { listRoleHref, userRoleHref } from '../api/paths.ts'
import { useResource } from '../api/use-resource.ts'
import { Badge, Time } from '../components/bits.tsx'
import { Section, Wide } from '../components/page.tsx'
import { ResourceView } from '../components/resource-view.tsx'

export function UserRights({ path }: { readonly path: string }) {
  const rights = useResource<Rights>(`${path}/rights`)
  return (
    <Section
      title="Effective rights"
      lead="What all roles and lists come to at this moment, and where each right comes from."
    >
      <ResourceView resource={rights} what="rights">
        {(data) => (
          <>
            {data.missing_roles.length === 0 ? null : (
              <p class="notice notice-warn">
                Nothing defines {data.missing_roles.join(', ')} any more: it gives nothing.
              </p>
            )}
            <Matrix rights={data} />
            <Permissions rights={data} />
            {data.changes_at === null ? null : (
              <p class="muted">
                Something of this ends <Time at={data.changes_at} />.
              </p>
            )}
          </>
        )}
      </ResourceView>
    </Section>
  )
}

function Matrix({ rights }: { readonly rights: Rights }) {
  const lists = useLists()
  const known = lists.kind === 'ready' ? lists.data.results : []
  const { every_list: every } = rights
  return (
    <Wide label="Lists by get and manage">
      <table class="matrix">
        <thead>
          <tr>
            <th scope="col">List</th>
            <th scope="col">Get</th>
            <th scope="col">Manage</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Every list</th>
            <Cell source={every.get} isUserRole />
            <Cell source={every.manage} isUserRole />
          </tr>
          {rights.lists.map(({ list, get, manage, retired }) => (
            <tr key={list}>
              <th scope="row">
                {listLabel(list, known)} <span class="muted small">id {list}</span>{' '}
                {retired ? <Badge tone="warn">deleted: list roles give nothing</Badge> : null}
              </th>
              <Cell source={get} />
              <Cell source={manage} />
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  )
}

function Cell({ source, isUserRole = false }: { readonly source: string | null; readonly isUserRole?: boolean }) {
  if (source === null) return <td class="no">no</td>
  return (
    <td class="yes">
      yes{' '}
      <span class="small">
        {source === 'own grant' ? (
          'their own'
        ) : (
          <a href={isUserRole ? userRoleHref(source) : listRoleHref(source)}>{source}</a>
        )}
      </span>
    </td>
  )
}

function Permissions({ rights }: { readonly rights: Rights }) {
  const all = [
    ...rights.permissions.map(({ permission, role }) => ({ permission, role, kind: 'backend' })),
    ...rights.admin.map(({ permission, role }) => ({ permission, role, kind: 'admin pages' })),
  ]
  if (all.length === 0) return <p class="muted">No permission: only routes that are open to everybody who is known.</p>
  return (
    <details>
      <summary>{all.length} permissions</summary>
      <Wide label="Permissions">
        <table>
          <thead>
            <tr>
              <th scope="col">Permission</th>
              <th scope="col">Of</th>
              <th scope="col">From</th>
            </tr>
          </thead>
          <tbody>
            {all.map(({ permission, role, kind }) => (
              <tr key={`${kind} ${permission}`}>
                <th scope="row" class="mono">
                  {permission}
                </th>
                <td>{kind}</td>
                <td>
                  <a href={userRoleHref(role)}>{role}</a>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </details>
  )
}
