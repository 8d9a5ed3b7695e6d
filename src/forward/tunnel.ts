/** A WebSocket between a caller and a backend: frames pass as they come, no faster than they are taken, and within rules. */
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { Timekeeper } from './deadlines.ts'
import { closeFrame, createFrameReader, type FrameReader } from './frames.ts'

export interface TunnelOptions {
  readonly caller: Duplex
  readonly backend: Duplex
  readonly deadlines: Timekeeper
  /** The longest silence of both sides; 0 is none. */
  readonly idleMs: number
  readonly maxMessageBytes: number
  /** Told of all that passes on. */
  readonly onBytes: (from: 'caller' | 'backend', count: number) => void
  /** It is being ended from here. */
  readonly onClose: (end: TunnelEnd) => void
  /** Both connections are gone. */
  readonly onEnd: () => void
}

export interface TunnelEnd {
  /** Of RFC 6455 §7.4, or one from 4000 on. */
  readonly code: number
  readonly reason: string
  /** Who broke a rule; `time`: nobody said anything for too long; `gateway`: it was told to. */
  readonly by: 'caller' | 'backend' | 'time' | 'gateway'
}

export interface Tunnel {
  /** Tells both sides and ends it: a code of RFC 6455 §7.4, or one from 4000 on. */
  close(code: number, reason: string): void
}

/** How long the sides have to take their last frame. */
const lingerMs = 1_000

export function createTunnel(options: TunnelOptions): Tunnel {
  const { caller, backend, idleMs, maxMessageBytes, onBytes } = options
  const up = createFrameReader({ isMasked: true, maxMessageBytes })
  const down = createFrameReader({ isMasked: false, maxMessageBytes })
  let isClosing = false
  let open = 2
  let linger: NodeJS.Timeout | undefined
  const deadlines = options.deadlines(() => close({ code: 1001, reason: 'idle', by: 'time' }))

  const carry = (from: Duplex, to: Duplex, reader: FrameReader, side: 'caller' | 'backend'): void => {
    from.on('data', (chunk: Buffer) => {
      if (isClosing) return
      deadlines.start('gap', idleMs)
      const { passed, problem } = reader.read(chunk)
      onBytes(side, passed.length)
      const isTaken = passed.length === 0 || to.write(passed)
      if (problem !== undefined) close({ code: problem.code, reason: problem.why, by: side })
      // INVARIANT: nothing is read that cannot be written: what one side does not take, the other one has to keep.
      else if (!isTaken) from.pause()
    })
    to.on('drain', () => from.resume())
    from.on('end', () => to.end())
    from.on('error', () => from.destroy())
    from.on('close', () => {
      if (--open === 0) return end()
      // Nobody is there any more to whom anything could be said.
      if (!from.readableEnded) return void to.destroy()
      return destroyLater()
    })
  }

  function close(end: TunnelEnd): void {
    if (isClosing) return
    isClosing = true
    options.onClose(end)
    const { code, reason } = end
    part(caller, down, closeFrame(code, reason))
    part(backend, up, closeFrame(code === 4401 ? 1001 : code, '', randomBytes(4)))
    destroyLater()
  }

  function destroyLater(): void {
    linger ??= setTimeout(() => {
      caller.destroy()
      backend.destroy()
    }, lingerMs).unref()
  }

  function end(): void {
    clearTimeout(linger)
    deadlines.stop()
    options.onEnd()
  }

  deadlines.start('gap', idleMs)
  carry(caller, backend, up, 'caller')
  carry(backend, caller, down, 'backend')
  return { close: (code, reason) => close({ code, reason, by: 'gateway' }) }
}

/** Says goodbye where the other side can hear it: not in the middle of a frame, nor twice. */
function part(to: Duplex, reader: FrameReader, frame: Buffer): void {
  if (!reader.isBetweenFrames()) return void to.destroy()
  // What still comes is thrown away, so that the end is seen.
  to.resume()
  return void (reader.sawClose() ? to.end() : to.end(frame))
}
