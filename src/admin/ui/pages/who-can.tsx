/** Which users may send the request, and through which roles. */
import { useState } from 'preact/hooks'
import type { Static } from 'typebox'
import type { whoCan } from '../../schemas/policies.ts'
import { call, type ApiFailure } from '../api/client.ts'
import { listRoleHref, userHref, userRoleHref } from '../api/paths.ts'
import { Badge, Names, type Tone } from '../components/bits.tsx'
import { Failure } from '../components/failure.tsx'
import { Section, Wide } from '../components/page.tsx'
import { inTenant } from '../state/session.ts'

type Answer = Static<typeof whoCan>
type Verdict = Answer['groups'][number]['verdict']

const verdicts: Readonly<Record<Verdict, readonly [Tone, string]>> = {
  may: ['good', 'may'],
  partly: ['warn', 'may, partly'],
  depends: ['warn', 'depends on the stored thing'],
  'may-not': ['bad', 'may not'],
}

interface Props {
  readonly method: string
  readonly target: string
  readonly body: { readonly type: string; readonly text: string } | null
}

export function WhoCan({ method, target, body }: Props) {
  const [answer, setAnswer] = useState<Answer>()
  const [failure, setFailure] = useState<ApiFailure>()
  const ask = async (): Promise<void> => {
    const result = await call<Answer>('POST', inTenant('who-can'), { body: { method, target, body } })
    setFailure(result.ok ? undefined : result.failure)
    setAnswer(result.ok ? result.data : undefined)
  }
  return (
    <Section
      title="Who can?"
      lead={`Everybody who may send ${method} ${target}, and through which roles.`}
      actions={
        <button type="button" class="button" onClick={() => void ask()}>
          Look
        </button>
      }
    >
      <div aria-live="polite">
        {failure === undefined ? null : <Failure failure={failure} />}
        {answer === undefined ? null : <Groups answer={answer} />}
      </div>
    </Section>
  )
}

function Groups({ answer: { anonymous, counts, groups } }: { readonly answer: Answer }) {
  return (
    <>
      <p>
        {anonymous === 'may' ? 'Anybody may, also without credentials. ' : ''}
        {counts.may} may, {counts.partly} partly, {counts.depends} depending on a stored thing, {counts.may_not} may
        not; {counts.disabled} are disabled.
      </p>
      <Wide label="Who can">
        <table>
          <thead>
            <tr>
              <th scope="col">Verdict</th>
              <th scope="col">User roles</th>
              <th scope="col">List roles</th>
              <th scope="col">Users</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {groups.map((group) => (
              <tr key={JSON.stringify([group.roles, group.list_roles, group.verdict, group.users])}>
                <td>
                  <Badge tone={verdicts[group.verdict][0]}>{verdicts[group.verdict][1]}</Badge>
                </td>
                <td>
                  <Names names={group.roles} href={userRoleHref} />
                </td>
                <td>
                  <Names names={group.list_roles} href={listRoleHref} />
                </td>
                <td>
                  {group.count}: <Names names={group.users} href={userHref} />
                  {group.count > group.users.length ? ` and ${group.count - group.users.length} more` : ''}
                </td>
                <td class="small">
                  {[
                    group.code,
                    group.reason?.replaceAll('-', ' '),
                    group.permission === null ? null : `${group.permission} of ${String(group.role)}`,
                    group.by === null ? null : `lists by ${group.by}`,
                    ...group.things.map((thing) => `the lists of ${thing}`),
                  ]
                    .filter((each) => each !== null && each !== undefined)
                    .join('; ')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </>
  )
}
