/** Counts of ten seconds. Durations are kept as a histogram, from which percentiles are read. Pure but for the bucket it is given. */

/** Upper bounds in milliseconds; the last class has none. */
const bounds: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000]

export interface Bucket {
  /** When it began, epoch milliseconds. */
  readonly at: number
  requests: number
  /** Answered, whatever the backend said below 500. */
  passed: number
  /** Refused here: 4xx but 429. */
  refused: number
  limited: number
  /** 5xx, whoever failed. */
  failed: number
  upstreamFailures: number
  /** By `data.code`. */
  readonly codes: Map<string, number>
  readonly durations: number[]
}

export const emptyBucket = (at: number): Bucket => ({
  at,
  requests: 0,
  passed: 0,
  refused: 0,
  limited: 0,
  failed: 0,
  upstreamFailures: 0,
  codes: new Map(),
  durations: Array.from({ length: bounds.length + 1 }, () => 0),
})

export function addDuration(bucket: Bucket, ms: number): void {
  const at = bounds.findIndex((bound) => ms <= bound)
  const index = at === -1 ? bounds.length : at
  bucket.durations[index] = (bucket.durations[index] ?? 0) + 1
}

/** The bound in milliseconds under which the share `of` (0 to 1) of all durations lies; `undefined` where there are none. */
export function percentile(buckets: readonly Bucket[], of: number): number | undefined {
  const sums = Array.from({ length: bounds.length + 1 }, (_, index) =>
    buckets.reduce((sum, { durations }) => sum + (durations[index] ?? 0), 0),
  )
  const total = sums.reduce((sum, each) => sum + each, 0)
  if (total === 0) return undefined
  let seen = 0
  for (const [index, each] of sums.entries()) {
    seen += each
    if (seen >= total * of) return bounds[index] ?? bounds.at(-1)
  }
  return bounds.at(-1)
}
