/** How many connections each address has open, so that one of them cannot take all there are. */
import type { Server, Socket } from 'node:net'
import type { Clock } from '../model/time.ts'
import { addressKey } from './address.ts'

export interface ConnectionRule {
  /** Connections that one address may have open at once; an IPv6 /64 is one. */
  readonly most: number
  /** Addresses that stand for many callers: proxies that the operator trusts. */
  readonly isExempt: (address: string) => boolean
  readonly clock: Clock
  /** Told what was refused, at most once in ten seconds. */
  readonly warn: (facts: object, message: string) => void
}

/** Milliseconds between two warnings. */
const warnEveryMs = 10_000

/** Ends what comes beyond the bound as it is accepted, before anything is read of it; TLS handshakes count as well. */
export function boundConnections(server: Server, rule: ConnectionRule): void {
  const open = new Map<string, number>()
  const tellTooMany = seldom(rule, 'more connections from one address than it may have: refused')
  const tellFull = seldom(rule, 'more connections than there may be: refused')

  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress
    // Without an address it is gone already.
    if (address === undefined || rule.isExempt(address)) return
    const key = addressKey(address)
    const count = (open.get(key) ?? 0) + 1
    if (count > rule.most) {
      socket.destroy()
      return tellTooMany({ client_ip: address })
    }
    open.set(key, count)
    socket.once('close', () => {
      const left = (open.get(key) ?? 0) - 1
      if (left > 0) open.set(key, left)
      else open.delete(key)
    })
  })
  // Node ends these itself and says nothing (`maxConnections`).
  server.on('drop', () => tellFull({}))
}

/** Says how many there were since it said something last. */
function seldom({ clock, warn }: ConnectionRule, message: string): (facts: object) => void {
  let refused = 0
  let saidAtMs = Number.NEGATIVE_INFINITY
  return (facts) => {
    refused++
    const nowMs = clock.monotonicMs()
    if (nowMs - saidAtMs < warnEveryMs) return
    warn({ ...facts, refused }, message)
    saidAtMs = nowMs
    refused = 0
  }
}
