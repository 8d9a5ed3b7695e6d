/**
 * The connections to one backend: one undici Client a connection, each busy with one exchange at most. A Pool would do
 * the same, but hides which connection a request is on (the retry rule asks whether it was used before) and queues
 * without a bound.
 */
import { Client, type Dispatcher } from 'undici'

export interface Lane {
  /** Open now: nothing has to be connected first. */
  isConnected(): boolean
  /** The open connection has carried an exchange before. */
  isReused(): boolean
  send(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void
  /** An exchange came to its end on the open connection. */
  served(): void
}

export interface Lanes {
  /** A free connection, or `undefined` when all are busy. */
  take(): Lane | undefined
  give(lane: Lane): void
  /** Gives a lane up whose connecting takes too long; the exchange on it ends with `reason`. */
  discard(lane: Lane, reason: Error): void
  /** Waits for the exchanges under way, for `graceMs` at most. */
  close(graceMs: number): Promise<void>
}

export function createLanes(origin: string, options: Client.Options, max: number): Lanes {
  const clients = new Map<Lane, Client>()
  // Last in, first out: the fewest connections stay open, and those least likely to have been closed by the other side.
  const free: Lane[] = []

  return {
    take() {
      const lane = free.pop()
      if (lane !== undefined) return lane
      if (clients.size >= max) return undefined
      const client = new Client(origin, options)
      const made = laneOn(client)
      clients.set(made, client)
      return made
    },
    give(lane) {
      if (clients.has(lane)) free.push(lane)
    },
    discard(lane, reason) {
      const client = clients.get(lane)
      clients.delete(lane)
      void client?.destroy(reason)
    },
    async close(graceMs) {
      const all = [...clients.values()]
      const force = setTimeout(() => {
        for (const client of all) void client.destroy()
      }, graceMs)
      await Promise.all(all.map(async (client) => client.close()))
      clearTimeout(force)
    },
  }
}

function laneOn(client: Client): Lane {
  let connected = false
  let exchanges = 0
  client.on('connect', () => {
    connected = true
    exchanges = 0
  })
  client.on('disconnect', () => {
    connected = false
    exchanges = 0
  })
  return {
    isConnected: () => connected,
    isReused: () => exchanges > 0,
    send: (options, handler) => void client.dispatch(options, handler),
    served: () => void exchanges++,
  }
}
