/** The port `Upstream` over undici: members, a cap on what is under way at them, a line before it, and what is tried again. */
import type { LookupFunction } from 'node:net'
import type { Client } from 'undici'
import type { UpstreamConfig } from '../config/config.ts'
import type { MemberChange, Upstream, UpstreamFailure } from '../model/ports.ts'
import type { Clock } from '../model/time.ts'
import { type Admitted, createAdmission } from './admission.ts'
import { createConnector } from './connector.ts'
import { createTimekeeper } from './deadlines.ts'
import { overloaded } from './failures.ts'
import { createExchange, type ExchangeHost, type WaitingExchange } from './exchange.ts'
import { createHeld, type Tried } from './held.ts'
import { createMember, type Member } from './member.ts'
import { createMembers } from './members.ts'
import { createUpgrades } from './upgrade.ts'
import { afterRequest, emptyBudget, mayPass, spendRetry } from './retry.ts'

export interface UpstreamOptions {
  readonly name: string
  readonly clock: Clock
  /** Resolves the backend's name; the system's resolver when absent. */
  readonly lookup?: LookupFunction
  /** From 0 up to 1: which members are looked at. */
  readonly random?: () => number
  readonly onChange?: (change: MemberChange) => void
  /** A member sent bytes that nobody had asked for; told once a minute at most. */
  readonly onUnasked?: (upstream: string, member: string) => void
}

/** How long what is under way may last after `close`. */
const closeGraceMs = 60_000
/** Between an attempt that broke on a new connection and the next one on the same member. */
const backoffMs = 50

const clientOptions: Client.Options = {
  allowH2: false,
  pipelining: 1,
  // Below the idle limit of common servers (Node 5 s; Go and nginx longer): a connection is best closed from here.
  keepAliveTimeout: 4_000,
  // What the backend announces may shorten, and lengthen within reason; the threshold keeps us ahead of its own clock.
  keepAliveMaxTimeout: 60_000,
  keepAliveTimeoutThreshold: 2_000,
  maxHeaderSize: 16_384,
  headersTimeout: 0,
  bodyTimeout: 0,
  strictContentLength: true,
}

/** Opens nothing yet, but for probes. Throws when `config.caFile` cannot be read. */
export function createUpstream(config: UpstreamConfig, options: UpstreamOptions): Upstream {
  const { name, clock, random = Math.random } = options
  const memberAt = (url: string): Member => {
    const connector = createConnector(url, config, options.lookup)
    return createMember({
      ...{ upstream: name, url, config, connector, clock, client: clientOptions },
      onBack: () => held.wake(),
      onChange: (change) => options.onChange?.(change),
      onUnasked: () => options.onUnasked?.(name, url),
    })
  }
  const members = createMembers(config.urls.map(memberAt), random)
  const admission = createAdmission<WaitingExchange>({
    most: config.inFlight,
    mostWaiting: config.queue.size,
    start: (exchange) => members.start(exchange, clock.monotonicMs()),
    onDown: (exchange) => void hold(exchange),
  })
  const held = createHeld<WaitingExchange>(config.retry.held, (exchange) => {
    exchange.forgetTried()
    return place(exchange)
  })
  /** Waiting a moment before they are sent again. */
  const resting = new Set<WaitingExchange>()
  const budgetRule = { percent: config.retry.budgetPercent, floor: config.connections }
  let budget = emptyBudget
  let closing: PromiseWithResolvers<void> | undefined

  const place = (exchange: WaitingExchange): Tried => placed(exchange, admission.admit(exchange))

  function placed(exchange: WaitingExchange, outcome: Admitted): Tried {
    if (outcome === 'waits') exchange.wait(config.queue.waitMs, waitedTooLong)
    return outcome === 'down' || outcome === 'full' ? outcome : 'taken'
  }

  /** Lets it wait for a member where that is worth while; else it ends, with `failure` where it failed before. */
  function hold(exchange: WaitingExchange, failure?: UpstreamFailure): boolean {
    const nowMs = clock.monotonicMs()
    const { waitMs } = config.retry
    const untilMs = exchange.isSafe
      ? Math.min(exchange.patientUntilMs(nowMs, waitMs), members.awaitedUntilMs(nowMs, waitMs))
      : nowMs
    if (untilMs > nowMs && held.join(exchange)) {
      exchange.wait(untilMs - nowMs, failure ?? unavailable())
      return true
    }
    if (failure === undefined) exchange.refuse(unavailable())
    return false
  }

  const unavailable = (): UpstreamFailure => ({
    ...noMember,
    retryAfterSeconds: Math.max(1, Math.ceil(members.backInMs(clock.monotonicMs()) / 1000)),
  })

  function settle(): void {
    if (closing === undefined || admission.underWay + admission.waiting + held.size + resting.size > 0) return
    closing.resolve()
  }

  const host: ExchangeHost = {
    deadlines: createTimekeeper(clock),
    limits: config,
    leave(exchange) {
      admission.forget(exchange)
      held.leave(exchange)
      resting.delete(exchange)
      settle()
    },
    place(exchange) {
      resting.delete(exchange)
      const outcome = place(exchange)
      if (outcome === 'down') hold(exchange)
      else if (outcome === 'full') exchange.refuse(overloaded)
    },
    release({ member, lane }) {
      member.give(lane)
      admission.ended()
      held.afterRoom()
      settle()
    },
    elsewhere(exchange, { member, lane }, failure) {
      member.give(lane)
      return placed(exchange, admission.restart(exchange)) === 'taken' || (mayPass(failure) && hold(exchange, failure))
    },
    again(exchange, { place: at, wasReused }) {
      const hasOther = members.hasOther(exchange, clock.monotonicMs())
      // The connection was closed under our hands: this opens a new one.
      if (!hasOther && wasReused) return exchange.startOn(at)
      at.member.give(at.lane)
      if (!hasOther) admission.ended()
      else if (placed(exchange, admission.restart(exchange)) === 'taken') return undefined
      exchange.forgetTried()
      resting.add(exchange)
      return exchange.wait(backoffMs, 'again')
    },
    spendRetry() {
      const rest = spendRetry(budget, clock.monotonicMs(), budgetRule)
      if (rest !== undefined) budget = rest
      return rest !== undefined
    },
  }

  const upgrades = createUpgrades(config.inFlight, {
    ...{ client: clientOptions, deadlines: host.deadlines, limits: config, unavailable },
    pick: (tried) => members.pick(tried, clock.monotonicMs()),
  })

  return {
    name,
    exchange(request, sink) {
      budget = afterRequest(budget, clock.monotonicMs())
      const exchange = createExchange(request, sink, host)
      if (closing === undefined) host.place(exchange)
      else exchange.refuse(overloaded)
      return exchange
    },
    upgrade: (request, sink) => upgrades.start(request, sink, closing === undefined),
    health: () => ({
      name,
      inFlight: admission.underWay,
      queued: admission.waiting,
      held: held.size,
      tunnels: upgrades.open,
      members: members.health(),
    }),
    async close() {
      closing ??= Promise.withResolvers<void>()
      settle()
      const force = setTimeout(closing.resolve, closeGraceMs).unref()
      await closing.promise
      clearTimeout(force)
      await members.close()
    },
  }
}

const waitedTooLong: UpstreamFailure = Object.freeze({ ...overloaded, cause: 'it waited for its turn too long' })

const noMember: UpstreamFailure = Object.freeze({
  code: 'upstream-unavailable',
  proxyError: 'destination_unavailable',
  phase: 'queue',
  cause: undefined,
})
