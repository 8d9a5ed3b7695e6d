/** The users of a tenant: found by name, kind, status and role. */
import type { User } from '../../schemas/users.ts'
import { withQuery } from '../api/client.ts'
import { listRoleHref, userHref, userRoleHref } from '../api/paths.ts'
import { usePages } from '../api/use-pages.ts'
import { Badge, Names, Time } from '../components/bits.tsx'
import { Failure } from '../components/failure.tsx'
import { SelectField, TextField } from '../components/fields.tsx'
import { Empty, Loading, Page, Wide } from '../components/page.tsx'
import { navigate, place } from '../state/router.ts'
import { can, inTenant, tenant } from '../state/session.ts'

interface UserPageJson {
  readonly results: readonly User[]
  readonly next: string | null
  readonly total: number
}

const kinds = [
  { value: '', label: 'All kinds' },
  { value: 'api', label: 'API users' },
  { value: 'person', label: 'People' },
]
const statuses = [
  { value: '', label: 'Any status' },
  { value: 'enabled', label: 'Enabled' },
  { value: 'disabled', label: 'Disabled' },
]
const orders = [
  { value: 'name', label: 'By name' },
  { value: '-created_at', label: 'Newest first' },
  { value: '-updated_at', label: 'Last changed first' },
]

/** What is asked for stands in the address, so that it can be kept and sent. */
const filterNames = ['search', 'kind', 'status', 'role', 'list_role', 'plan', 'sort'] as const
type FilterName = (typeof filterNames)[number]

export function UsersPage() {
  const filter = Object.fromEntries(filterNames.map((name) => [name, place.value.query.get(name) ?? ''])) as Record<
    FilterName,
    string
  >
  const set = (name: FilterName, value: string): void =>
    navigate(withQuery('/users', { ...filter, [name]: value }), 'replace')
  const isFiltered = filterNames.some((name) => name !== 'sort' && filter[name] !== '')
  return (
    <Page
      title="Users"
      lead="API users call the gateway with tokens; people sign in to these pages."
      actions={
        can('users:manage') ? (
          <a class="button button-main" href="/users/new/user">
            New user
          </a>
        ) : undefined
      }
    >
      <form class="filters" role="search" aria-label="Users" onSubmit={(event) => event.preventDefault()}>
        <TextField
          label="Search"
          type="search"
          value={filter.search}
          onValue={(value) => set('search', value)}
          placeholder="Name, address, note"
        />
        <SelectField label="Kind" value={filter.kind} onValue={(value) => set('kind', value)} options={kinds} />
        <SelectField
          label="Status"
          value={filter.status}
          onValue={(value) => set('status', value)}
          options={statuses}
        />
        <SelectField
          label="Order"
          value={filter.sort === '' ? 'name' : filter.sort}
          onValue={(value) => set('sort', value)}
          options={orders}
        />
        {(['role', 'list_role', 'plan'] as const).map((name) =>
          filter[name] === '' ? null : (
            <button key={name} type="button" class="button button-small" onClick={() => set(name, '')}>
              {name.replace('_', ' ')}: {filter[name]} ×<span class="unseen"> remove this filter</span>
            </button>
          ),
        )}
      </form>
      <Found query={withQuery(inTenant('users'), filter)} isFiltered={isFiltered} key={tenant.value} />
    </Page>
  )
}

function Found({ query, isFiltered }: { readonly query: string; readonly isFiltered: boolean }) {
  const { pages, failure, more, again } = usePages<UserPageJson>(query)
  if (failure !== undefined) return <Failure failure={failure} retry={again} />
  const last = pages?.at(-1)
  if (pages === undefined || last === undefined) return <Loading what="users" />
  const users = pages.flatMap(({ results }) => results)
  if (users.length === 0) return <Nobody isFiltered={isFiltered} />
  return (
    <>
      <p class="muted small" role="status">
        {users.length} of {last.total} users
      </p>
      <UserTable users={users} />
      {more === undefined ? null : (
        <p>
          <button type="button" class="button" onClick={more}>
            Show more
          </button>
        </p>
      )}
    </>
  )
}

function Nobody({ isFiltered }: { readonly isFiltered: boolean }) {
  return isFiltered ? (
    <Empty title="Nobody is like that.">
      <p>Take a filter away to see others.</p>
    </Empty>
  ) : (
    <Empty title="There are no users yet.">
      <p>Make the first one: a name, what they may do, on which lists, and a token. It takes a minute.</p>
      <p>
        <a class="button button-main" href="/users/new/user">
          New user
        </a>
      </p>
    </Empty>
  )
}

function UserTable({ users }: { readonly users: readonly User[] }) {
  return (
    <Wide label="Users">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Kind</th>
            <th scope="col">User roles</th>
            <th scope="col">Lists</th>
            <th scope="col">Plan</th>
            <th scope="col">Changed</th>
          </tr>
        </thead>
        <tbody>
          {users.map((user) => (
            <tr key={user.id} class={user.status === 'disabled' ? 'off' : undefined}>
              <th scope="row">
                <a href={userHref(user.name)}>{user.name}</a>{' '}
                {user.status === 'disabled' ? <Badge tone="bad">disabled</Badge> : null}
                {user.note === '' ? null : <div class="muted small clip">{user.note}</div>}
              </th>
              <td>{user.kind === 'api' ? 'API' : 'person'}</td>
              <td>
                <Names names={user.roles} href={userRoleHref} />
              </td>
              <td>
                <Names names={user.list_roles} href={listRoleHref} none={user.list_grants.length === 0 ? 'none' : ''} />
                {user.list_grants.length === 0 ? null : (
                  <span class="muted small"> + {user.list_grants.length} of their own</span>
                )}
              </td>
              <td>{user.plan ?? <span class="muted">tenant’s</span>}</td>
              <td>
                <Time at={user.updated_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  )
}
