/**
 * Whether a member of a backend may be asked, as far as its requests tell: closed, open after failures, half-open for one
 * request. Pure: time comes in, the next state goes out. No status is a failure: what answers, works.
 */
import type { BreakerConfig } from '../config/config.ts'

export type Circuit = Closed | Open | HalfOpen

interface Closed {
  readonly state: 'closed'
  /** Connections in a row that did not come about, and when the first of them failed. */
  readonly connectFailures: number
  readonly failingSinceMs: number | undefined
  readonly counts: Counts
}

/** Requests since a window began, and those of the window before it. */
interface Counts {
  readonly startMs: number
  readonly answers: number
  readonly failures: number
  readonly lastAnswers: number
  readonly lastFailures: number
}

type Cause = 'connect' | 'failures'

interface Open {
  readonly state: 'open'
  readonly because: Cause
  /** When the trouble began. */
  readonly sinceMs: number
  readonly untilMs: number
}

interface HalfOpen {
  readonly state: 'half-open'
  readonly because: Cause
  readonly sinceMs: number
  /** The one request is under way. */
  readonly isProbing: boolean
}

/** What the next request may do. */
export type Admittance = 'free' | 'probe' | 'no'

export const closedCircuit = (nowMs: number): Circuit => ({
  state: 'closed',
  connectFailures: 0,
  failingSinceMs: undefined,
  counts: { startMs: nowMs, answers: 0, failures: 0, lastAnswers: 0, lastFailures: 0 },
})

export function admittance(circuit: Circuit, nowMs: number): Admittance {
  switch (circuit.state) {
    case 'closed':
      return 'free'
    case 'open':
      return nowMs >= circuit.untilMs ? 'probe' : 'no'
    case 'half-open':
      return circuit.isProbing ? 'no' : 'probe'
  }
}

/** A request begins that was admitted as the probe. */
export function afterProbeBegan(circuit: Circuit): Circuit {
  if (circuit.state === 'closed') return circuit
  return { state: 'half-open', because: circuit.because, sinceMs: circuit.sinceMs, isProbing: true }
}

/** The head of a valid answer came. An attempt from before the circuit opened tells nothing about now. */
export function afterAnswer(circuit: Circuit, wasProbe: boolean, nowMs: number, rule: BreakerConfig): Circuit {
  if (circuit.state !== 'closed') return wasProbe && isProbing(circuit) ? closedCircuit(nowMs) : circuit
  const { startMs, answers, failures, lastAnswers, lastFailures } = countsAt(circuit.counts, nowMs, rule.windowMs)
  const counts = { startMs, answers: answers + 1, failures, lastAnswers, lastFailures }
  return { state: 'closed', connectFailures: circuit.connectFailures, failingSinceMs: circuit.failingSinceMs, counts }
}

/** The member was reached, and gave no valid answer. */
export function afterFailure(circuit: Circuit, wasProbe: boolean, nowMs: number, rule: BreakerConfig): Circuit {
  if (circuit.state !== 'closed') return wasProbe ? reopened(circuit, nowMs, rule) : circuit
  const counts = counted(circuit, nowMs, rule)
  return isTooMany(counts, nowMs, rule) ? opened('failures', nowMs, nowMs, rule) : { ...circuit, counts }
}

/** No connection came about. */
export function afterConnectFailure(circuit: Circuit, wasProbe: boolean, nowMs: number, rule: BreakerConfig): Circuit {
  if (circuit.state !== 'closed') return wasProbe ? reopened(circuit, nowMs, rule) : circuit
  const connectFailures = circuit.connectFailures + 1
  const failingSinceMs = circuit.failingSinceMs ?? nowMs
  const counts = counted(circuit, nowMs, rule)
  if (connectFailures >= rule.connectFailures || isTooMany(counts, nowMs, rule))
    return opened('connect', failingSinceMs, nowMs, rule)
  return { state: 'closed', connectFailures, failingSinceMs, counts }
}

/** A connection came about: one that is open because none did need not wait any longer. */
export function afterConnection(circuit: Circuit): Circuit {
  if (circuit.state === 'closed') {
    return circuit.connectFailures === 0 ? circuit : { ...circuit, connectFailures: 0, failingSinceMs: undefined }
  }
  if (circuit.state !== 'open' || circuit.because !== 'connect') return circuit
  return { state: 'half-open', because: 'connect', sinceMs: circuit.sinceMs, isProbing: false }
}

/** The probe ended without telling anything: its caller left. The next request takes its place. */
export function afterProbeGivenUp(circuit: Circuit): Circuit {
  return isProbing(circuit) ? { ...circuit, isProbing: false } : circuit
}

/** Until when it is worth waiting for a member that fails: `waitMs` from when the trouble began. */
export function awaitedUntilMs(circuit: Circuit, nowMs: number, waitMs: number): number {
  switch (circuit.state) {
    case 'closed':
      return circuit.failingSinceMs === undefined ? -Infinity : circuit.failingSinceMs + waitMs
    case 'open':
      return circuit.sinceMs + waitMs
    case 'half-open':
      // It answers any moment now, or is left alone again.
      return nowMs + waitMs
  }
}

const isProbing = (circuit: Circuit): circuit is HalfOpen => circuit.state === 'half-open' && circuit.isProbing

function reopened(circuit: Open | HalfOpen, nowMs: number, rule: BreakerConfig): Circuit {
  return isProbing(circuit) ? opened(circuit.because, circuit.sinceMs, nowMs, rule) : circuit
}

const opened = (because: Cause, sinceMs: number, nowMs: number, rule: BreakerConfig): Open => ({
  state: 'open',
  because,
  sinceMs,
  untilMs: nowMs + rule.openMs,
})

function counted(circuit: Closed, nowMs: number, rule: BreakerConfig): Counts {
  const counts = countsAt(circuit.counts, nowMs, rule.windowMs)
  return { ...counts, failures: counts.failures + 1 }
}

function countsAt(counts: Counts, nowMs: number, windowMs: number): Counts {
  const ageMs = nowMs - counts.startMs
  if (ageMs < windowMs) return counts
  const { startMs, answers, failures } = counts
  if (ageMs < 2 * windowMs)
    return { startMs: startMs + windowMs, answers: 0, failures: 0, lastAnswers: answers, lastFailures: failures }
  return { startMs: nowMs, answers: 0, failures: 0, lastAnswers: 0, lastFailures: 0 }
}

/** The window before counts as far as it reaches into the last `windowMs`. */
function isTooMany(counts: Counts, nowMs: number, rule: BreakerConfig): boolean {
  const weight = Math.max(0, 1 - (nowMs - counts.startMs) / rule.windowMs)
  const failures = counts.failures + counts.lastFailures * weight
  const all = failures + counts.answers + counts.lastAnswers * weight
  return all >= rule.minRequests && failures * 100 >= all * rule.failurePercent
}
