/** Makes what an upstream's configuration says of failing backends: queue, retries, breaker and probes. */
import type { BreakerConfig, ProbeConfig, UpstreamConfig } from './config.ts'
import { parseStatusRange, spanOrNone } from './formats.ts'
import { upstreamDefaults as defaults, type UpstreamWords } from './language-upstream.ts'

/** `own`, the tenant's words, win over `top`, those of the top level, key by key. */
export function buildFailing(
  own: UpstreamWords,
  top: UpstreamWords,
): Pick<UpstreamConfig, 'inFlight' | 'queue' | 'retry' | 'breaker' | 'probe'> {
  const queue = { ...defaults.queue, ...top.queue, ...own.queue }
  const retry = { ...defaults.retry, ...top.retry, ...own.retry }
  return {
    inFlight: own.in_flight ?? top.in_flight ?? defaults.in_flight,
    queue: { size: queue.size, waitMs: spanOrNone(queue.wait) ?? 0 },
    retry: { budgetPercent: retry.budget, waitMs: spanOrNone(retry.wait) ?? 0, held: retry.held },
    breaker: breakerFrom(own, top),
    probe: probeFrom(own, top),
  }
}

function breakerFrom(own: UpstreamWords, top: UpstreamWords): BreakerConfig {
  const words = { ...defaults.breaker, ...top.health?.breaker, ...own.health?.breaker }
  return {
    connectFailures: words.connect_failures,
    failurePercent: words.failures,
    minRequests: words.requests,
    windowMs: spanOrNone(words.window) ?? 0,
    openMs: spanOrNone(words.open) ?? 0,
  }
}

function probeFrom(own: UpstreamWords, top: UpstreamWords): ProbeConfig | undefined {
  const words = { ...defaults.health, ...top.health, ...own.health }
  if (words.path === undefined) return undefined
  return {
    path: words.path,
    intervalMs: spanOrNone(words.interval) ?? 0,
    timeoutMs: spanOrNone(words.timeout) ?? 0,
    healthy: words.healthy,
    unhealthy: words.unhealthy,
    statuses: words.status.flatMap((range) => parseStatusRange(range) ?? []),
  }
}
