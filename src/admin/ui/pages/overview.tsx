/** What happens now. */
import { useState } from 'preact/hooks'
import type { Overview } from '../../schemas/overview.ts'
import type { Token } from '../../schemas/tokens.ts'
import { userHref } from '../api/paths.ts'
import { useEvents } from '../api/use-events.ts'
import { useResource } from '../api/use-resource.ts'
import { Badge, Time } from '../components/bits.tsx'
import { Failure } from '../components/failure.tsx'
import { Empty, Loading, Page, Section, Wide } from '../components/page.tsx'
import { ResourceView } from '../components/resource-view.tsx'
import { can, inTenant } from '../state/session.ts'
import { RefusalTable } from './refusal-table.tsx'
import { Traffic } from './traffic.tsx'
import { UpstreamSection, upstreamSays, upstreamTones } from './upstream.tsx'

const states = {
  live: ['good', 'live'],
  asking: ['warn', 'asked every few seconds'],
  paused: ['plain', 'paused'],
} as const

export function OverviewPage() {
  const [isPaused, setPaused] = useState(false)
  const { data, failure, state } = useEvents<Overview>(inTenant('overview'), isPaused)
  const [tone, word] = states[state]
  return (
    <Page
      title="Overview"
      lead="The last hour of this process. The log has everything."
      actions={
        <>
          <Badge tone={tone}>{word}</Badge>
          <button type="button" class="button" onClick={() => setPaused(!isPaused)}>
            {isPaused ? 'Go on' : 'Pause'}
          </button>
        </>
      }
    >
      {failure === undefined ? null : <Failure failure={failure} />}
      {data === undefined && failure === undefined ? <Loading what="the overview" /> : null}
      {data === undefined ? null : <Known overview={data} />}
    </Page>
  )
}

function Known({ overview }: { readonly overview: Overview }) {
  const { totals, upstream, codes, refusals } = overview
  const percent = (count: number): string =>
    totals.requests === 0 ? '' : `${Math.round((count / totals.requests) * 100)} %`
  return (
    <>
      <dl class="figures">
        <Figure name="Requests" value={totals.requests} />
        <Figure name="Passed" value={totals.passed} detail={percent(totals.passed)} />
        <Figure name="Refused" value={totals.refused} detail={percent(totals.refused)} />
        <Figure name="Limited (429)" value={totals.limited} detail={percent(totals.limited)} />
        <Figure name="Failed (5xx)" value={totals.failed} detail={percent(totals.failed)} />
        <Figure name="Half within" value={totals.p50_ms === null ? '–' : `${totals.p50_ms} ms`} />
        <Figure name="95 % within" value={totals.p95_ms === null ? '–' : `${totals.p95_ms} ms`} />
        <div class="figure">
          <dt>Backend</dt>
          <dd>
            <Badge tone={upstreamTones[upstream.state]}>{upstream.state}</Badge>
          </dd>
          <dd class="muted small">{upstreamSays(upstream)}</dd>
        </div>
      </dl>
      {totals.requests === 0 ? (
        <Empty title="Nothing has come in yet.">
          <p>Make a user and a token, and call the gateway with it.</p>
          {can('users:manage') ? (
            <p>
              <a class="button button-main" href="/users/new/user">
                New user
              </a>
            </p>
          ) : null}
        </Empty>
      ) : (
        <Traffic overview={overview} />
      )}
      <UpstreamSection upstream={upstream} />
      <Section title="Refusals and failures by reason">
        {codes.length === 0 ? <p class="muted">None in the last hour.</p> : <Codes codes={codes} />}
      </Section>
      <Section title="Latest refusals">
        {refusals.length === 0 ? <p class="muted">None.</p> : <RefusalTable refusals={refusals.slice(0, 15)} hasUser />}
      </Section>
      {can('users:get') ? <Expiring count={overview.expiring_tokens} /> : null}
    </>
  )
}

function Figure({
  name,
  value,
  detail = '',
}: {
  readonly name: string
  readonly value: string | number
  readonly detail?: string
}) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd class="figure-value">{typeof value === 'number' ? value.toLocaleString() : value}</dd>
      <dd class="muted small">{detail}</dd>
    </div>
  )
}

function Codes({ codes }: { readonly codes: Overview['codes'] }) {
  const most = Math.max(...codes.map(({ count }) => count))
  return (
    <Wide label="Refusals and failures by reason">
      <table>
        <thead>
          <tr>
            <th scope="col">Reason</th>
            <th scope="col">Count</th>
          </tr>
        </thead>
        <tbody>
          {codes.map(({ code, count }) => (
            <tr key={code}>
              <th scope="row" class="mono">
                {code}
              </th>
              <td>
                <meter min={0} max={most} value={count} aria-label={`${count}`} /> {count}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  )
}

function Expiring({ count }: { readonly count: number }) {
  const tokens = useResource<{ readonly results: readonly Token[] }>(
    count === 0 ? undefined : inTenant('tokens/expiring'),
  )
  return (
    <Section
      title="Tokens that end within two weeks"
      lead="Rotate them in time: the old one goes on beside the new one for a while."
    >
      {count === 0 ? (
        <p class="muted">None.</p>
      ) : (
        <ResourceView resource={tokens} what="tokens">
          {({ results }) => (
            <Wide label="Tokens that end soon">
              <table>
                <thead>
                  <tr>
                    <th scope="col">User</th>
                    <th scope="col">Token</th>
                    <th scope="col">Ends</th>
                    <th scope="col">Last used</th>
                  </tr>
                </thead>
                <tbody>
                  {results.map((token) => (
                    <tr key={token.id}>
                      <th scope="row">
                        <a href={userHref(token.user)}>{token.user}</a>
                      </th>
                      <td>{token.label === '' ? `id ${token.id}` : token.label}</td>
                      <td>
                        <Time at={token.expires_at} />
                      </td>
                      <td>
                        <Time at={token.last_used_at} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Wide>
          )}
        </ResourceView>
      )}
    </Section>
  )
}
