/** Lists × get and manage, to be ticked: by id and name, with a search, and until when. */
import { useState } from 'preact/hooks'
import type { BackendList } from '../api/lists.ts'
import { Wide } from './page.tsx'
import { fromLocal, toLocal } from './time-text.ts'

export interface Grant {
  readonly list: number
  readonly get: boolean
  readonly manage: boolean
  readonly until: string | null
}

export interface ListGridProps {
  readonly lists: readonly BackendList[]
  readonly grants: readonly Grant[]
  readonly onGrants: (grants: readonly Grant[]) => void
  readonly isReadOnly?: boolean
  readonly hasUntil?: boolean
}

const maxShown = 200

export function ListGrid({ lists, grants, onGrants, isReadOnly = false, hasUntil = true }: ListGridProps) {
  const [search, setSearch] = useState('')
  const [id, setId] = useState('')
  const byList = new Map(grants.map((grant) => [grant.list, grant]))
  const known = new Map<number, BackendList>(lists.map((list) => [list.id, list]))
  for (const { list } of grants)
    if (!known.has(list)) known.set(list, { id: list, name: null, retired: null, roles: [] })
  const wanted = search.trim().toLowerCase()
  const rows = [...known.values()].filter((list) => {
    if (isReadOnly && !byList.has(list.id)) return false
    return wanted === '' || `${list.id} ${list.name ?? ''}`.toLowerCase().includes(wanted)
  })
  const change = (list: number, next: Partial<Grant>): void => {
    const grant = { list, get: false, manage: false, until: null, ...byList.get(list), ...next }
    const others = grants.filter((each) => each.list !== list)
    onGrants(grant.get || grant.manage ? [...others, grant].toSorted((a, b) => a.list - b.list) : others)
  }
  const add = (): void => {
    const list = Number(id)
    if (!Number.isInteger(list) || list < 1 || list > 2_147_483_647) return
    change(list, { get: true })
    setId('')
  }
  return (
    <div class="grid">
      <div class="filters">
        {known.size < 8 ? null : (
          <label class="field">
            <span>Search lists</span>
            <input type="search" value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
          </label>
        )}
        {isReadOnly ? null : (
          <span class="add-id">
            <label class="field">
              <span>Add a list by its id</span>
              <input inputMode="numeric" value={id} onInput={(event) => setId(event.currentTarget.value)} />
            </label>
            <button type="button" class="button" onClick={add}>
              Add
            </button>
          </span>
        )}
      </div>
      <Wide label="Lists">
        <table>
          <thead>
            <tr>
              <th scope="col">List</th>
              <th scope="col" class="tick">
                Get
              </th>
              <th scope="col" class="tick">
                Manage
              </th>
              {hasUntil ? <th scope="col">Until</th> : null}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, maxShown).map((list) => {
              const grant = byList.get(list.id)
              const label = list.name === null || list.name === '' ? `list ${list.id}` : list.name
              return (
                <tr key={list.id}>
                  <th scope="row">
                    {label} <span class="muted small">id {list.id}</span>
                    {list.retired === null ? null : <span class="badge badge-warn">deleted</span>}
                  </th>
                  {(['get', 'manage'] as const).map((need) => (
                    <td key={need} class="tick">
                      <input
                        type="checkbox"
                        aria-label={`${need} ${label} (${list.id})`}
                        checked={grant?.[need] === true}
                        disabled={isReadOnly}
                        onChange={(event) => change(list.id, { [need]: event.currentTarget.checked })}
                      />
                    </td>
                  ))}
                  {hasUntil ? (
                    <td>
                      {grant === undefined ? null : (
                        <input
                          type="datetime-local"
                          aria-label={`Until when, ${label} (${list.id}); empty: for good`}
                          value={toLocal(grant.until)}
                          disabled={isReadOnly}
                          onChange={(event) => change(list.id, { until: fromLocal(event.currentTarget.value) ?? null })}
                        />
                      )}
                    </td>
                  ) : null}
                </tr>
              )
            })}
          </tbody>
        </table>
      </Wide>
      {rows.length > maxShown ? (
        <p class="muted">
          The first {maxShown} of {rows.length}: search to see others.
        </p>
      ) : null}
      {rows.length === 0 ? <p class="muted">No list. {isReadOnly ? '' : 'Add one by its id.'}</p> : null}
    </div>
  )
}
