/** One connection to a member, over one undici Client, busy with one exchange at most. */
import type { Socket } from 'node:net'
import { Client, type Dispatcher } from 'undici'
import type { FlatHeaders } from '../model/ports.ts'
import type { Connector } from './connector.ts'

export interface Lane {
  /** Open now: nothing has to be connected first. */
  isConnected(): boolean
  /** The open connection has carried an exchange before. */
  isReused(): boolean
  /** Connects; `done` is called later, once. Returns how to give it up. */
  open(done: (error: Error | undefined) => void): () => void
  /** `closes`: the member is told to close the connection behind its answer. */
  send(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler, closes: boolean): void
  /** The handler's `onRequestStart` is called, and nothing is written yet. */
  started(): void
  /** Whether this head says that the connection closes; `unasked`: nobody was told to close. */
  mark(headers: FlatHeaders): 'unasked' | 'given' | 'missing'
  /** An exchange came to its end on the open connection. */
  served(): void
  /** Closes a connection that was made and then not used. */
  dropUnused(): void
  /** Closes the connection, if there is one; the lane stays. */
  cut(): void
  close(): Promise<void>
}

/**
 * How a connection ended. `unasked`: by bytes that nobody had asked for. `told`: the member closed it, as it was told to, and
 * sent nothing behind its answer.
 */
export type LaneEnd = 'unasked' | 'told' | 'otherwise'

export interface LaneEvents {
  closed(how: LaneEnd): void
}

export function createLane(url: string, options: Client.Options, connector: Connector, events: LaneEvents): Lane {
  let ready: Socket | undefined
  let socket: Socket | undefined
  let connected = false
  let exchanges = 0
  let isBusy = false
  let closes = false

  const client = new Client(url, {
    ...options,
    connect: (_where, done) => {
      const opened = ready
      ready = undefined
      const give = (given: Socket): void => {
        socket = given
        done(null, given)
      }
      // Never at once: undici sends nothing on what it is given while it asks.
      if (opened !== undefined) return queueMicrotask(() => give(opened))
      connector.open((error, given) => (given === null ? done(error ?? new Error('no socket'), null) : give(given)))
    },
  })
  client.on('connect', () => {
    connected = true
    exchanges = 0
  })
  client.on('disconnect', (_url, _targets, error) => {
    const how = isBusy ? 'otherwise' : endOf(error, closes)
    connected = false
    exchanges = 0
    socket = undefined
    events.closed(how)
  })

  const isConnected = (): boolean => ready !== undefined || (connected && socket?.destroyed === false)

  return {
    isConnected,
    isReused: () => exchanges > 0,
    open: (done) =>
      connector.open((error, opened) => {
        ready = opened ?? undefined
        done(opened === null ? (error ?? new Error('no socket')) : undefined)
      }),
    send(dispatch, handler, isLast) {
      isBusy = true
      closes = isLast
      client.dispatch(dispatch, handler)
    },
    started() {
      if (!closes) return
      // undici writes `connection: close` now; it must not close by itself, for what comes behind the answer tells.
      client.pipelining = 0
      queueMicrotask(() => (client.pipelining = 1))
    },
    mark(headers) {
      if (!closes) return 'unasked'
      return saysClose(headers) ? 'given' : 'missing'
    },
    served() {
      isBusy = false
      exchanges++
    },
    dropUnused() {
      ready?.destroy()
      ready = undefined
    },
    cut: () => void socket?.destroy(),
    async close() {
      await client.destroy()
    },
  }
}

/** Of a connection on which nothing is under way: undici's own words, and those of its parser for what is no HTTP. */
function endOf(error: Error, wasTold: boolean): LaneEnd {
  if (error.message === 'bad response' || error.name === 'HTTPParserError') return 'unasked'
  return wasTold && error.message === 'other side closed' ? 'told' : 'otherwise'
}

/** RFC 9112 §9.6: who is told to close says so in its last answer. */
function saysClose(headers: FlatHeaders): boolean {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? ''
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue
    if (/(?:^|,)[ \t]*close[ \t]*(?:,|$)/i.test(headers[at + 1] ?? '')) return true
  }
  return false
}
