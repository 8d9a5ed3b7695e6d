/** How the backend is, member by member. */
import type { Overview } from '../../schemas/overview.ts'
import { Badge, Time, type Tone } from '../components/bits.tsx'
import { Section, Wide } from '../components/page.tsx'

type Upstream = Overview['upstream']
type State = Upstream['members'][number]['state']

export const upstreamTones: Readonly<Record<Upstream['state'], Tone>> = {
  healthy: 'good',
  degraded: 'warn',
  down: 'bad',
}

const memberTones: Readonly<Record<State, Tone>> = {
  healthy: 'good',
  ejected: 'bad',
  open: 'bad',
  'half-open': 'warn',
}

const meanings: Readonly<Record<State, string>> = {
  healthy: 'asked',
  ejected: 'left alone: its answers to probes are bad',
  open: 'left alone: requests to it failed',
  'half-open': 'one request finds out whether it is well again',
}

/** One line under the figure. */
export function upstreamSays({ in_flight: inFlight, queued, held, tunnels }: Upstream): string {
  const waiting = queued + held
  return [
    `${inFlight} under way`,
    ...(waiting === 0 ? [] : [`${waiting} waiting`]),
    ...(tunnels === 0 ? [] : [`${tunnels} WebSockets`]),
  ].join(', ')
}

export function UpstreamSection({ upstream }: { readonly upstream: Upstream }) {
  return (
    <Section title="Backend">
      <Wide label="Members of the backend">
        <table>
          <thead>
            <tr>
              <th scope="col">Member</th>
              <th scope="col">State</th>
              <th scope="col">Since</th>
              <th scope="col">Under way</th>
              <th scope="col">Last failure</th>
            </tr>
          </thead>
          <tbody>
            {upstream.members.map((member) => (
              <tr key={member.url}>
                <th scope="row" class="mono">
                  {member.url}
                </th>
                <td>
                  <Badge tone={memberTones[member.state]}>{member.state}</Badge>{' '}
                  <span class="muted small">{meanings[member.state]}</span>
                </td>
                <td>
                  <Time at={member.since} />
                </td>
                <td>{member.in_flight}</td>
                <td>
                  {member.last_failure === null ? (
                    <span class="muted">none</span>
                  ) : (
                    <>
                      <span class="mono">{member.last_failure.code}</span> <Time at={member.last_failure.at} />
                    </>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </Section>
  )
}
