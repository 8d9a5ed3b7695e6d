/** The configuration of an upstream with what a test needs to say of it. */
import type { UpstreamConfig } from '../../src/config/config.ts'

/** To one member without a credential; patient, and with the defaults of the file for what fails. */
export const upstreamConfig = (url: string, more: Partial<UpstreamConfig> = {}): UpstreamConfig => ({
  urls: [url],
  credential: { kind: 'none' },
  host: undefined,
  caFile: undefined,
  verifyTls: true,
  connections: 4,
  inFlight: 256,
  queue: { size: 16, waitMs: 5_000 },
  connectTimeoutMs: 5_000,
  headersTimeoutMs: 5_000,
  bodyTimeoutMs: 5_000,
  totalTimeoutMs: 0,
  idleTimeoutMs: 0,
  retry: { budgetPercent: 10, waitMs: 2_500, held: 1_024 },
  breaker: { connectFailures: 5, failurePercent: 50, minRequests: 20, windowMs: 10_000, openMs: 1_000 },
  probe: undefined,
  ...more,
})
