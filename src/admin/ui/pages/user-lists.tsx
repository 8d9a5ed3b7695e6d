/** Lists that a user holds by themselves, beside list roles. */
import { useState } from 'preact/hooks'
import type { User } from '../../schemas/users.ts'
import { call, type ApiFailure } from '../api/client.ts'
import { listLabel, useLists } from '../api/lists.ts'
import { Badge, Time } from '../components/bits.tsx'
import { Failure } from '../components/failure.tsx'
import { ListGrid, type Grant } from '../components/list-grid.tsx'
import { Section, Wide } from '../components/page.tsx'
import { can } from '../state/session.ts'
import { tell } from '../state/toasts.ts'

interface Props {
  readonly path: string
  readonly user: User
  readonly reload: () => void
}

export function UserLists({ path, user, reload }: Props) {
  const lists = useLists()
  const known = lists.kind === 'ready' ? lists.data.results : []
  const [grants, setGrants] = useState<readonly Grant[]>()
  const [failure, setFailure] = useState<ApiFailure>()
  const save = async (): Promise<void> => {
    const failed = await write(path, user.list_grants, grants ?? [])
    if (failed !== undefined) return setFailure(failed)
    const before = user.list_grants
    const after = grants ?? []
    setGrants(undefined)
    setFailure(undefined)
    tell(`The lists of ${user.name} are changed.`, async () => {
      const back = await write(path, after, before)
      tell(back === undefined ? 'It is as it was.' : back.message, undefined, back === undefined ? 'done' : 'failed')
      reload()
    })
    return reload()
  }
  return (
    <Section
      title="Lists of their own"
      lead="Beside list roles, for this user alone: what they made themselves, and what is given here."
      actions={
        can('users:manage') && grants === undefined ? (
          <button type="button" class="button" onClick={() => setGrants(user.list_grants)}>
            Change lists
          </button>
        ) : undefined
      }
    >
      {grants === undefined ? (
        <Own user={user} label={(id) => listLabel(id, known)} />
      ) : (
        <>
          <ListGrid lists={known} grants={grants} onGrants={setGrants} />
          {failure === undefined ? null : <Failure failure={failure} />}
          <div class="actions">
            <button type="button" class="button button-main" onClick={() => void save()}>
              Save
            </button>
            <button type="button" class="button" onClick={() => setGrants(undefined)}>
              Cancel
            </button>
          </div>
        </>
      )}
    </Section>
  )
}

function Own({ user, label }: { readonly user: User; readonly label: (id: number) => string }) {
  if (user.list_grants.length === 0) return <p class="muted">None.</p>
  return (
    <Wide label="Lists of their own">
      <table>
        <thead>
          <tr>
            <th scope="col">List</th>
            <th scope="col">May</th>
            <th scope="col">Until</th>
          </tr>
        </thead>
        <tbody>
          {user.list_grants.map(({ list, get, manage, until }) => (
            <tr key={list}>
              <th scope="row">
                {label(list)} <span class="muted small">id {list}</span>
              </th>
              <td>
                {get ? <Badge tone="good">get</Badge> : null} {manage ? <Badge tone="good">manage</Badge> : null}
              </td>
              <td>
                <Time at={until} none="for good" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  )
}

/** One call a list that differs; the first failure ends it, and is told. */
async function write(path: string, before: readonly Grant[], after: readonly Grant[]): Promise<ApiFailure | undefined> {
  const textOf = (grant: Grant): string => JSON.stringify([grant.list, grant.get, grant.manage, grant.until])
  const was = new Set(before.map(textOf))
  const changed = after.filter((grant) => !was.has(textOf(grant)))
  const gone = before.filter(({ list }) => !after.some((grant) => grant.list === list))
  for (const { list, get, manage, until } of changed) {
    const result = await call('PUT', `${path}/lists/${list}`, { body: { get, manage, until } })
    if (!result.ok) return result.failure
  }
  for (const { list } of gone) {
    const result = await call('DELETE', `${path}/lists/${list}`)
    if (!result.ok) return result.failure
  }
  return undefined
}
