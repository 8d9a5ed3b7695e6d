/** Sessions as a table, each with a way to end it. */
import { call } from '../api/client.ts'
import { Badge, Time } from '../components/bits.tsx'
import { Wide } from '../components/page.tsx'
import { loadSession } from '../state/session.ts'
import { tell } from '../state/toasts.ts'

export interface SessionRow {
  readonly id: number
  readonly tenant: string
  readonly user: string
  readonly method: 'password' | 'oidc' | 'link'
  readonly second_factor: boolean
  readonly address: string
  readonly agent: string
  readonly created_at: string
  readonly seen_at: string
  readonly expires_at: string
  readonly is_current: boolean
}

const methods = { password: 'password', oidc: 'identity provider', link: 'one-time link' } as const

export function SessionTable({
  rows,
  onEnded,
  canEnd,
  hasUser,
}: {
  readonly rows: readonly SessionRow[]
  readonly onEnded: () => void
  readonly canEnd: (row: SessionRow) => boolean
  readonly hasUser: boolean
}) {
  const end = async (row: SessionRow): Promise<void> => {
    const result = await call('DELETE', `/api/sessions/${row.id}`)
    if (row.is_current) return loadSession()
    if (result.ok) tell(`The session of ${row.user} has ended.`)
    else tell(result.failure.message, undefined, 'failed')
    return onEnded()
  }
  return (
    <Wide label="Sessions">
      <table>
        <thead>
          <tr>
            {hasUser ? <th scope="col">Person</th> : null}
            <th scope="col">From</th>
            <th scope="col">Browser</th>
            <th scope="col">Signed in by</th>
            <th scope="col">Since</th>
            <th scope="col">Last seen</th>
            <th scope="col">Ends</th>
            <th scope="col">
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              {hasUser ? (
                <td>
                  {row.user} <span class="muted small">{row.tenant}</span>
                </td>
              ) : null}
              <td class="mono">{row.address}</td>
              <td class="clip" title={row.agent}>
                {browserOf(row.agent)}
              </td>
              <td>
                {methods[row.method]} {row.second_factor ? <Badge tone="good">second factor</Badge> : null}
              </td>
              <td>
                <Time at={row.created_at} />
              </td>
              <td>
                <Time at={row.seen_at} />
              </td>
              <td>
                <Time at={row.expires_at} />
              </td>
              <td class="cell-actions">
                {row.is_current ? <Badge tone="good">this one</Badge> : null}
                {canEnd(row) && !row.is_current ? (
                  <button type="button" class="button button-small" onClick={() => void end(row)}>
                    End
                  </button>
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  )
}

/** The few words of a user agent that people know. */
function browserOf(agent: string): string {
  const name = ['Edg', 'Firefox', 'Chrome', 'Safari', 'curl'].find((word) => agent.includes(word)) ?? agent.slice(0, 30)
  const system = ['Windows', 'Android', 'iPhone', 'Mac OS', 'Linux'].find((word) => agent.includes(word))
  return `${name === 'Edg' ? 'Edge' : name}${system === undefined ? '' : ` on ${system}`}`
}
