/** Ends requests whose body comes so slowly that it is only meant to hold a connection. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

export interface SlowBodyRule {
  /** What a body must come at on average, after five seconds. */
  readonly minBytesPerSecond: number
  readonly tooSlow: (socket: Socket) => void
}

export interface SlowBodies {
  /** Watches until the body is whole, or the request is over. */
  watch(message: IncomingMessage): void
  close(): void
}

interface Watched {
  readonly message: IncomingMessage
  readonly bytesBefore: number
  /** How often it was looked at while the gateway was reading. */
  looks: number
}

const lookEveryMs = 1_000
const graceLooks = 5

/** One timer for all, which runs while there is a body to watch. */
export function slowBodies({ minBytesPerSecond, tooSlow }: SlowBodyRule): SlowBodies {
  const watched = new Set<Watched>()
  let timer: NodeJS.Timeout | undefined

  const look = (): void => {
    for (const each of watched) {
      const { message } = each
      if (message.complete || message.destroyed) watched.delete(each)
      // Nobody reads at the moment: the backend takes it slowly, and the caller cannot help it.
      else if (message.readableFlowing === true) {
        each.looks++
        const least = (each.looks * lookEveryMs * minBytesPerSecond) / 1000
        if (each.looks >= graceLooks && message.socket.bytesRead - each.bytesBefore < least) tooSlow(message.socket)
      }
    }
    if (watched.size === 0) stop()
  }
  const stop = (): void => {
    clearInterval(timer)
    timer = undefined
  }

  return {
    watch(message) {
      watched.add({ message, bytesBefore: message.socket.bytesRead, looks: 0 })
      timer ??= setInterval(look, lookEveryMs).unref()
    },
    close: stop,
  }
}
