/**
 * The connections to one member: lanes, each busy with one exchange at most. A Pool would do the same, but hides which
 * connection a request is on (the retry rule asks whether it was used before) and queues without a bound.
 */
import type { Client } from 'undici'
import type { Clock } from '../model/time.ts'
import type { Connector } from './connector.ts'
import { createLane, type Lane } from './lane.ts'
import { afterAbsence, afterProof, afterSpeech, afterSurplus, type Trust, trustAt, unproven } from './trust.ts'

export interface Lanes {
  /** A free connection, or `undefined` when all are busy. */
  take(): Lane | undefined
  give(lane: Lane): void
  trust(): Trust
  /** The answer on a lane says that its connection closes, as it was told to. */
  proved(): void
  /** The member spoke on a new connection before it was asked. */
  spokeFirst(): void
  /** Nobody listens. */
  isAbsent(): void
  /** Ends what is still under way. */
  close(): Promise<void>
}

export interface LanesOptions {
  readonly url: string
  readonly client: Client.Options
  readonly connector: Connector
  readonly most: number
  readonly clock: Clock
  /** Bytes came that nobody had asked for. */
  readonly onUnasked: () => void
}

/** How long a member has to close a connection that it was told to close. */
const closingMs = 1_000

export function createLanes({ url, client, connector, most, clock, onUnasked }: LanesOptions): Lanes {
  const all: Lane[] = []
  // Last in, first out: the fewest connections stay open, and those least likely to have been closed by the other side.
  const free: Lane[] = []
  let trust: Trust = unproven
  /** A connection that is only looked at, for what comes behind its answer. */
  let watched: { readonly lane: Lane; readonly timer: NodeJS.Timeout } | undefined

  function doubt(next: Trust): void {
    trust = next
    // Whatever is on its way on the others is nobody's.
    for (const lane of free) lane.cut()
    onUnasked()
  }

  function endWatch(): void {
    clearTimeout(watched?.timer)
    watched = undefined
  }

  function watch(lane: Lane): void {
    const timer = setTimeout(() => {
      endWatch()
      lane.cut()
      free.push(lane)
    }, closingMs)
    watched = { lane, timer: timer.unref() }
  }

  function makeLane(): Lane {
    const lane: Lane = createLane(url, client, connector, {
      closed(how) {
        const wasWatched = watched?.lane === lane
        if (wasWatched) endWatch()
        if (how === 'unasked') doubt(afterSurplus(trust))
        if (how === 'told') trust = afterProof(trust)
        if (wasWatched) free.push(lane)
      },
    })
    all.push(lane)
    return lane
  }

  return {
    take() {
      const lane = free.pop()
      if (lane !== undefined) return lane
      if (all.length < most) return makeLane()
      // Better asked on a new connection than not asked.
      const taken = watched?.lane
      endWatch()
      taken?.cut()
      return taken
    },
    give(lane) {
      lane.dropUnused()
      if (trust.kind === 'proven' || !lane.isConnected()) return void free.push(lane)
      if (trust.kind === 'unproven' && watched === undefined) return watch(lane)
      lane.cut()
      return void free.push(lane)
    },
    trust() {
      if (trust.kind === 'distrusted') trust = trustAt(trust, clock.monotonicMs())
      return trust
    },
    proved() {
      trust = afterProof(trust)
    },
    spokeFirst: () => doubt(afterSpeech(clock.monotonicMs())),
    isAbsent() {
      trust = afterAbsence(trust)
    },
    async close() {
      endWatch()
      await Promise.all(all.map((lane) => lane.close()))
    },
  }
}
