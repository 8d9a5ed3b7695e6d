/** The overview of one tenant. Pure. */
import { documentedTime } from '../model/time.ts'
import { bucketMs, type Refusal } from '../observe/traffic.ts'
import { percentile, type Bucket } from '../observe/traffic-bucket.ts'
import { refusalJson } from './present.ts'

const maxCodes = 12

export function trafficJson(buckets: readonly Bucket[], refusals: readonly Refusal[], sinceMs: number) {
  const sum = (key: 'requests' | 'passed' | 'refused' | 'limited' | 'failed'): number =>
    buckets.reduce((total, bucket) => total + bucket[key], 0)
  const codes = new Map<string, number>()
  for (const bucket of buckets) {
    for (const [code, count] of bucket.codes) codes.set(code, (codes.get(code) ?? 0) + count)
  }
  return {
    since: documentedTime(sinceMs),
    buckets: buckets.map(bucketJson),
    totals: {
      requests: sum('requests'),
      passed: sum('passed'),
      refused: sum('refused'),
      limited: sum('limited'),
      failed: sum('failed'),
      ...percentiles(buckets),
    },
    codes: [...codes]
      .map(([code, count]) => ({ code, count }))
      .toSorted((one, other) => other.count - one.count)
      .slice(0, maxCodes),
    refusals: refusals.map(refusalJson),
  }
}

const percentiles = (buckets: readonly Bucket[]) => ({
  p50_ms: percentile(buckets, 0.5) ?? null,
  p95_ms: percentile(buckets, 0.95) ?? null,
})

const bucketJson = (bucket: Bucket) => ({
  at: documentedTime(bucket.at),
  seconds: bucketMs / 1000,
  requests: bucket.requests,
  passed: bucket.passed,
  refused: bucket.refused,
  limited: bucket.limited,
  failed: bucket.failed,
  ...percentiles([bucket]),
})
