/** How a tenant's backend is, as the overview shows it. */
import type { Static } from 'typebox'
import type { UpstreamHealth } from '../model/ports.ts'
import { documentedTime } from '../model/time.ts'
import type { overview } from './schemas/overview.ts'

type Shown = Static<typeof overview>['upstream']

export function upstreamJson({ inFlight, queued, held, tunnels, members }: UpstreamHealth): Shown {
  return {
    state: stateOf(members),
    in_flight: inFlight,
    queued,
    held,
    tunnels,
    members: members.map((member) => ({
      url: member.url,
      state: member.state,
      since: documentedTime(member.sinceMs),
      in_flight: member.inFlight,
      last_failure: member.lastFailure === undefined ? null : failureJson(member.lastFailure),
    })),
  }
}

const failureJson = ({ code, proxyError, atMs }: NonNullable<UpstreamHealth['members'][number]['lastFailure']>) => ({
  code,
  proxy_error: proxyError,
  at: documentedTime(atMs),
})

function stateOf(members: UpstreamHealth['members']): Shown['state'] {
  const healthy = members.filter(({ state }) => state === 'healthy').length
  if (healthy === members.length) return 'healthy'
  return healthy === 0 ? 'down' : 'degraded'
}
