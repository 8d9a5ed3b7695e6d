/** The port `Upstream` over undici: own connections, own limits, a queue with a bound. */
import { readFileSync } from 'node:fs'
import { isIP, type LookupFunction } from 'node:net'
import { buildConnector, type Client } from 'undici'
import type { UpstreamConfig } from '../config/config.ts'
import type { Upstream, UpstreamFailure } from '../model/ports.ts'
import type { Clock } from '../model/time.ts'
import { createTimekeeper } from './deadlines.ts'
import { createExchange, type ExchangeHost, type QueuedExchange } from './exchange.ts'
import { createLanes } from './lanes.ts'
import { afterRequest, emptyBudget, spendRetry } from './retry.ts'

export interface UpstreamOptions {
  readonly name: string
  readonly clock: Clock
  /** Resolves the backend's name; the system's resolver when absent. */
  readonly lookup?: LookupFunction
}

/** Exchanges that may wait for a connection, for each connection there may be. Beyond, the answer is `overloaded`. */
const queuePerConnection = 4
/** Below the idle limit of common servers (Node 5 s; Go and nginx longer): a connection is best closed from here. */
const keepAliveTimeoutMs = 4_000
const closeGraceMs = 60_000
const maxHeadBytes = 16_384

/** Opens nothing yet. Throws when `config.caFile` cannot be read. */
export function createUpstream(config: UpstreamConfig, options: UpstreamOptions): Upstream {
  const { clock } = options
  const lanes = createLanes(config.url, clientOptions(config, options.lookup), config.connections)
  const maxQueued = config.connections * queuePerConnection
  const queue = new Set<QueuedExchange>()
  let budget = emptyBudget
  let closing: Promise<void> | undefined

  const startNext = (): void => {
    for (const next of queue) {
      const lane = lanes.take()
      if (lane === undefined) return
      queue.delete(next)
      next.startOn(lane)
    }
  }

  const host: ExchangeHost = {
    deadlines: createTimekeeper(clock),
    limits: config,
    leaveQueue: (exchange) => void queue.delete(exchange),
    release(lane) {
      lanes.give(lane)
      startNext()
    },
    discard(lane, reason) {
      lanes.discard(lane, reason)
      startNext()
    },
    spendRetry() {
      const rest = spendRetry(budget, clock.monotonicMs())
      if (rest !== undefined) budget = rest
      return rest !== undefined
    },
  }

  return {
    name: options.name,
    exchange(request, sink) {
      budget = afterRequest(budget, clock.monotonicMs())
      const exchange = createExchange(request, sink, host)
      const lane = closing === undefined ? lanes.take() : undefined
      if (lane !== undefined) exchange.startOn(lane)
      else if (closing === undefined && queue.size < maxQueued) queue.add(exchange)
      else exchange.refuse(notTried)
      return exchange
    },
    close() {
      for (const exchange of queue) exchange.refuse(notTried)
      queue.clear()
      closing ??= lanes.close(closeGraceMs)
      return closing
    },
  }
}

const notTried: UpstreamFailure = Object.freeze({
  code: 'overloaded',
  proxyError: 'connection_limit_reached',
  phase: 'queue',
  cause: undefined,
})

function clientOptions(config: UpstreamConfig, lookup: LookupFunction | undefined): Client.Options {
  const { hostname } = new URL(config.url)
  const connect = buildConnector({
    // Off only by a named and logged option; undici and Node verify by default, reply-from does not.
    rejectUnauthorized: config.verifyTls,
    ...(config.caFile === undefined ? {} : { ca: readFileSync(config.caFile, 'utf8') }),
    ...(lookup === undefined ? {} : { lookup }),
    allowH2: false,
    timeout: config.connectTimeoutMs,
  })
  return {
    // undici takes the name to verify from the Host header; ours may be another than the backend's own.
    connect: (opts, done) => {
      connect({ ...opts, servername: isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : '' }, done)
    },
    allowH2: false,
    pipelining: 1,
    keepAliveTimeout: keepAliveTimeoutMs,
    // What the backend announces may shorten, and lengthen within reason; the threshold keeps us ahead of its own clock.
    keepAliveMaxTimeout: 60_000,
    keepAliveTimeoutThreshold: 2_000,
    maxHeaderSize: maxHeadBytes,
    headersTimeout: 0,
    bodyTimeout: 0,
    strictContentLength: true,
  }
}
