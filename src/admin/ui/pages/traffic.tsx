/** Traffic as a chart, with its numbers as a table. */
import { useMemo } from 'preact/hooks'
import type { Overview } from '../../schemas/overview.ts'
import { Chart, type Series } from '../components/chart.tsx'
import { exactTime } from '../components/time-text.ts'
import { Section, Wide } from '../components/page.tsx'

type Bucket = Overview['buckets'][number]

const kinds = [
  ['passed', 'passed', '--good'],
  ['refused', 'refused', '--bad'],
  ['limited', 'limited', '--warn'],
  ['failed', 'failed', '--accent'],
] as const

/** Requests a second since `since`; where there is no bucket, nothing came. */
function seriesOf(
  buckets: readonly Bucket[],
  since: string,
): { readonly times: readonly number[]; readonly series: readonly Series[] } {
  const known = new Map(buckets.map((bucket) => [Math.round(Date.parse(bucket.at) / 1000), bucket]))
  const seconds = buckets[0]?.seconds ?? 10
  const last = Math.max(...known.keys())
  const begins = Math.round(Date.parse(since) / 1000)
  const first = last - Math.floor((last - begins) / seconds) * seconds
  const times = Array.from({ length: Math.floor((last - first) / seconds) + 1 }, (_, at) => first + at * seconds)
  return {
    times,
    series: kinds.map(([key, label, colour]) => ({
      label,
      colour,
      values: times.map((time) => (known.get(time)?.[key] ?? 0) / seconds),
    })),
  }
}

export function Traffic({ overview }: { readonly overview: Overview }) {
  const { times, series } = useMemo(() => seriesOf(overview.buckets, overview.since), [overview])
  const { totals } = overview
  return (
    <Section title="Requests a second">
      <ul class="legend" aria-hidden="true">
        {kinds.map(([key, label]) => (
          <li key={key} class={`legend-${key}`}>
            {label}
          </li>
        ))}
      </ul>
      <Chart
        times={times}
        series={series}
        label={`Requests a second over the last hour: ${totals.passed} passed, ${totals.refused} refused, ${totals.limited} limited, ${totals.failed} failed. The table below has the numbers.`}
      />
      <details>
        <summary>As a table</summary>
        <Wide label="Requests in pieces of ten seconds">
          <table>
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col">Requests</th>
                {kinds.map(([key, label]) => (
                  <th key={key} scope="col">
                    {label}
                  </th>
                ))}
                <th scope="col">95 % within</th>
              </tr>
            </thead>
            <tbody>
              {overview.buckets
                .slice(-30)
                .toReversed()
                .map((bucket) => (
                  <tr key={bucket.at}>
                    <th scope="row">{exactTime(bucket.at)}</th>
                    <td>{bucket.requests}</td>
                    {kinds.map(([key]) => (
                      <td key={key}>{bucket[key]}</td>
                    ))}
                    <td>{bucket.p95_ms === null ? '–' : `${bucket.p95_ms} ms`}</td>
                  </tr>
                ))}
            </tbody>
          </table>
        </Wide>
      </details>
    </Section>
  )
}
