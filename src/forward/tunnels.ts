/** The WebSockets that are open: who opened each, so that it can be judged anew, and ended. */
import type { Gate } from '../context.ts'
import type { Tunnel } from './tunnel.ts'

export interface OpenTunnel {
  /** As it was when it was allowed. */
  readonly gate: Gate
  readonly tunnel: Tunnel
}

export interface Tunnels {
  add(open: OpenTunnel): void
  remove(open: OpenTunnel): void
  all(): readonly OpenTunnel[]
  /** Ends all that are open, and each that opens from now on. */
  close(): void
}

export function createTunnels(): Tunnels {
  const open = new Set<OpenTunnel>()
  let isClosed = false
  const end = ({ tunnel }: OpenTunnel): void => tunnel.close(1001, 'the gateway is shutting down')
  return {
    add(each) {
      open.add(each)
      if (isClosed) end(each)
    },
    remove: (each) => void open.delete(each),
    all: () => [...open],
    close() {
      isClosed = true
      for (const each of open) end(each)
    },
  }
}
