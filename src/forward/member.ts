/** One member of a backend: its connections, its circuit, and what probes say of it. */
import type { Client } from 'undici'
import type { UpstreamConfig } from '../config/config.ts'
import type { MemberChange, MemberFailure, MemberHealth, MemberState, UpstreamFailure } from '../model/ports.ts'
import type { Clock } from '../model/time.ts'
import {
  type Admittance,
  admittance,
  afterAnswer,
  afterConnectFailure,
  afterConnection,
  afterFailure,
  afterProbeBegan,
  afterProbeGivenUp,
  awaitedUntilMs,
  type Circuit,
  closedCircuit,
} from './circuit.ts'
import type { Connector } from './connector.ts'
import type { Lane } from './lane.ts'
import { createLanes } from './lanes.ts'
import { createProber } from './prober.ts'
import { afterProbe, upVerdict } from './probing.ts'
import { createReconnector } from './reconnector.ts'
import { mayPass } from './retry.ts'

/** What an exchange tells of its attempt on a lane, and asks. */
export interface Member {
  readonly url: string
  readonly connector: Connector
  readonly underWay: number
  admittance(nowMs: number): Admittance
  /** A free connection: an attempt on it has begun. `undefined`: all are busy. */
  take(nowMs: number): Lane | undefined
  /** The attempt is over. */
  give(lane: Lane): void
  connected(): void
  /** These three without a lane: of a connection that is none of the lanes. */
  unreachable(lane: Lane | undefined, failure: UpstreamFailure): void
  answered(lane: Lane | undefined): void
  failed(lane: Lane | undefined, failure: UpstreamFailure): void
  /** It failed, and the request is sent again: only what comes of that counts, but for the probe of a half-open circuit. */
  stumbled(lane: Lane, failure: UpstreamFailure): void
  /** An answer says that its connection closes, as it was told to. */
  proved(): void
  spokeFirst(): void
  /** How the next request goes out: on a kept connection, on one of its own, or so that only a marked answer counts. */
  trust(): 'proven' | 'unproven' | 'distrusted'
  /** Until when a request that is safe to repeat may wait for it. */
  awaitedUntilMs(nowMs: number, waitMs: number): number
  /** In how many milliseconds it may be asked again. */
  backInMs(nowMs: number): number
  health(): MemberHealth
  close(): Promise<void>
}

export interface MemberOptions {
  readonly upstream: string
  readonly url: string
  readonly config: UpstreamConfig
  readonly connector: Connector
  readonly client: Client.Options
  readonly clock: Clock
  /** It may be asked again. */
  readonly onBack: () => void
  readonly onChange: (change: MemberChange) => void
  /** It sent bytes that nobody had asked for. */
  readonly onUnasked: () => void
}

/** A member that does so may do it at each request: it is told of now and then. */
const unaskedEveryMs = 60_000

export function createMember(options: MemberOptions): Member {
  const { url, config, connector, client, clock, onBack, onChange } = options
  const rule = config.breaker
  let circuit: Circuit = closedCircuit(clock.monotonicMs())
  let verdict = upVerdict
  let probing: Lane | undefined
  let underWay = 0
  let sinceMs = clock.epochMs()
  let last: { readonly failure: UpstreamFailure; readonly atMs: number } | undefined
  let due: NodeJS.Timeout | undefined
  let toldUnaskedMs = -Infinity

  const stateNow = (): MemberState => {
    if (!verdict.isUp) return 'ejected'
    return circuit.state === 'closed' ? 'healthy' : circuit.state
  }

  const lanes = createLanes({
    url,
    client,
    connector,
    most: config.connections,
    clock,
    onUnasked: () => {
      const nowMs = clock.monotonicMs()
      if (nowMs < toldUnaskedMs + unaskedEveryMs) return
      toldUnaskedMs = nowMs
      options.onUnasked()
    },
  })

  /** Does `work`, and tells what changed by it. */
  function change(work: () => void): void {
    const from = stateNow()
    const before = circuit
    work()
    const to = stateNow()
    if (circuit !== before && circuit.state === 'open') awaitDue(circuit.untilMs)
    if (from === to) return
    sinceMs = clock.epochMs()
    const failure = to === 'open' ? last?.failure : undefined
    onChange({ upstream: options.upstream, member: url, from, to, failure })
    if (to === 'healthy' || to === 'half-open') onBack()
  }

  const move = (next: Circuit): void => {
    if (next === circuit) return
    // The way of every answered request: nothing to tell.
    if (next.state === 'closed' && circuit.state === 'closed') circuit = next
    else change(() => (circuit = next))
  }

  function awaitDue(atMs: number): void {
    clearTimeout(due)
    due = setTimeout(onBack, Math.max(1, atMs - clock.monotonicMs())).unref()
  }

  const reconnector = createReconnector(connector, () => {
    const wasFailing = circuit.state === 'closed'
    move(afterConnection(circuit))
    if (wasFailing) onBack()
  })

  const prober = createProber({ url, probe: config.probe, host: config.host, client, connector }, (isGood, probe) => {
    change(() => (verdict = afterProbe(verdict, isGood, probe)))
    if (isGood) move(afterConnection(circuit))
  })

  function note(failure: UpstreamFailure): void {
    last = { failure, atMs: clock.epochMs() }
  }

  /** Whether the attempt on this lane was the probe of a half-open circuit; it is no more. */
  function wasProbe(lane: Lane | undefined): boolean {
    if (lane === undefined || probing !== lane) return false
    probing = undefined
    return true
  }

  return {
    url,
    connector,
    get underWay() {
      return underWay
    },
    admittance: (nowMs) => (verdict.isUp ? admittance(circuit, nowMs) : 'no'),
    take(nowMs) {
      const lane = lanes.take()
      if (lane === undefined) return undefined
      underWay++
      if (admittance(circuit, nowMs) === 'probe') {
        probing = lane
        move(afterProbeBegan(circuit))
      }
      return lane
    },
    give(lane) {
      underWay--
      const isUntold = wasProbe(lane)
      lanes.give(lane)
      if (!isUntold) return
      move(afterProbeGivenUp(circuit))
      onBack()
    },
    connected: () => move(afterConnection(circuit)),
    unreachable(lane, failure) {
      note(failure)
      move(afterConnectFailure(circuit, wasProbe(lane), clock.monotonicMs(), rule))
      if (failure.code === 'upstream-refused') lanes.isAbsent()
      if (mayPass(failure)) reconnector.start()
    },
    answered(lane) {
      move(afterAnswer(circuit, wasProbe(lane), clock.monotonicMs(), rule))
    },
    failed(lane, failure) {
      note(failure)
      move(afterFailure(circuit, wasProbe(lane), clock.monotonicMs(), rule))
    },
    stumbled(lane, failure) {
      note(failure)
      if (wasProbe(lane)) move(afterFailure(circuit, true, clock.monotonicMs(), rule))
    },
    proved: () => lanes.proved(),
    spokeFirst: () => lanes.spokeFirst(),
    trust: () => lanes.trust().kind,
    awaitedUntilMs: (nowMs, waitMs) => (verdict.isUp ? awaitedUntilMs(circuit, nowMs, waitMs) : -Infinity),
    backInMs(nowMs) {
      if (!verdict.isUp) return config.probe?.intervalMs ?? 0
      return circuit.state === 'open' ? Math.max(0, circuit.untilMs - nowMs) : 0
    },
    health: () => ({
      url,
      state: stateNow(),
      sinceMs,
      inFlight: underWay,
      keepsConnections: lanes.trust().kind === 'proven',
      lastFailure: last === undefined ? undefined : described(last),
    }),
    async close() {
      clearTimeout(due)
      reconnector.close()
      prober.close()
      await lanes.close()
    },
  }
}

const described = ({ failure, atMs }: { readonly failure: UpstreamFailure; readonly atMs: number }): MemberFailure => ({
  code: failure.code,
  proxyError: failure.proxyError,
  atMs,
})
