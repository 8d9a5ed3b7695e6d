/** Refusals, each with a way to have it explained. */
import type { RefusalJson } from '../../schemas/users.ts'
import { explainHref, ruleHref, userHref } from '../api/paths.ts'
import { Badge, Time } from '../components/bits.tsx'
import { Wide } from '../components/page.tsx'
import { can } from '../state/session.ts'

export function RefusalTable({
  refusals,
  hasUser,
}: {
  readonly refusals: readonly RefusalJson[]
  readonly hasUser: boolean
}) {
  return (
    <Wide label="Refusals">
      <table>
        <thead>
          <tr>
            <th scope="col">When</th>
            {hasUser ? <th scope="col">Who</th> : null}
            <th scope="col">Asked</th>
            <th scope="col">Answer</th>
            <th scope="col">Why</th>
            <th scope="col">
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {refusals.map((refusal) => (
            <tr key={refusal.request_id}>
              <td>
                <Time at={refusal.at} />
              </td>
              {hasUser ? (
                <td>
                  {refusal.user === null ? (
                    <span class="muted">unknown</span>
                  ) : (
                    <a href={userHref(refusal.user)}>{refusal.user}</a>
                  )}{' '}
                  <span class="muted small mono">{refusal.address}</span>
                </td>
              ) : null}
              <td class="mono">
                {refusal.method} {refusal.path ?? '?'}
              </td>
              <td>
                <Badge tone={refusal.status === 429 ? 'warn' : 'bad'}>{refusal.status}</Badge> {refusal.code}
              </td>
              <td class="small">{why(refusal)}</td>
              <td class="cell-actions">
                {refusal.path !== null && can('policies:get') ? (
                  <a
                    class="button button-small"
                    href={explainHref({ method: refusal.method, target: refusal.path, as: refusal.user })}
                  >
                    Explain
                    <span class="unseen">
                      {' '}
                      {refusal.method} {refusal.path}
                    </span>
                  </a>
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  )
}

function why({ reason, permissions, lists, rule }: RefusalJson) {
  return (
    <>
      {reason === null ? null : `${reason.replaceAll('-', ' ')} `}
      {permissions.length === 0 ? null : `takes ${permissions.join(' or ')} `}
      {lists.length === 0 ? null : `lists ${lists.join(', ')} `}
      {rule === null ? null : <a href={ruleHref(rule)}>{rule}</a>}
    </>
  )
}
