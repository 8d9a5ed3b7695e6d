/** Asks one member after the other for an upgrade, each on a connection of its own that the caller of this has in the end. */
import { Client } from 'undici'
import type { UpgradeSink, UpstreamFailure, UpstreamRequest } from '../model/ports.ts'
import type { Deadlines, Timekeeper } from './deadlines.ts'
import type { ExchangeLimits } from './exchange.ts'
import { isMembersOwn, limitPassed, overloaded, type Phase, upstreamFailure } from './failures.ts'
import { flatHeaders } from './flat-headers.ts'
import type { Member } from './member.ts'
import { nextStep } from './retry.ts'

export interface UpgradeHost {
  readonly client: Client.Options
  readonly deadlines: Timekeeper
  readonly limits: ExchangeLimits
  /** The next member that may be asked, of those that were not tried. */
  pick(tried: ReadonlySet<Member>): Member | undefined
  /** What it means that nobody may be asked. */
  unavailable(): UpstreamFailure
}

export interface Upgrades {
  /** The sink is never called before this function has returned. Returns how to give it up. */
  start(request: UpstreamRequest, sink: UpgradeSink, mayStart: boolean): () => void
  /** How many are open, those that are being asked for among them. */
  readonly open: number
}

export function createUpgrades(most: number, host: UpgradeHost): Upgrades {
  let open = 0
  const counted = (sink: UpgradeSink): UpgradeSink => ({
    opened(headers, socket, member) {
      socket.once('close', () => open--)
      sink.opened(headers, socket, member)
    },
    failed(failure) {
      open--
      sink.failed(failure)
    },
  })
  return {
    start(request, sink, mayStart) {
      if (!mayStart || open >= most) {
        queueMicrotask(() => sink.failed(overloaded))
        return () => {}
      }
      open++
      const stop = startUpgrade(request, counted(sink), host)
      return () => {
        if (stop()) open--
      }
    },
    get open() {
      return open
    },
  }
}

/** Returns how to give it up: false when the sink has heard of it. */
function startUpgrade(request: UpstreamRequest, sink: UpgradeSink, host: UpgradeHost): () => boolean {
  const tried = new Set<Member>()
  let isOver = false
  let attempt: { stop(): void } | undefined
  const deadlines: Deadlines = host.deadlines((limit) => {
    if (limit !== 'wait') fail(limitPassed(limit, 'wait'))
  })
  deadlines.start('headers', host.limits.headersTimeoutMs)

  function stop(): boolean {
    if (isOver) return false
    isOver = true
    deadlines.stop()
    return true
  }

  function fail(failure: UpstreamFailure): void {
    if (!stop()) return
    attempt?.stop()
    sink.failed(failure)
  }

  function askNext(last?: UpstreamFailure): void {
    if (isOver) return
    const member = host.pick(tried)
    if (member === undefined) return fail(last ?? host.unavailable())
    tried.add(member)
    attempt = ask(member, request, host.client, {
      opened(headers, socket) {
        if (stop()) sink.opened(headers, socket, member.url)
        else socket.destroy()
      },
      failed(failure, wasSent) {
        if (isOver) return
        if (wasSent && isMembersOwn(failure)) member.failed(undefined, failure)
        const step = nextStep(request, { wasSent, sawAnyByte: wasSent, isRepeat: false }, failure)
        if (step !== 'elsewhere') return fail(failure)
        member.unreachable(undefined, failure)
        return askNext(failure)
      },
    })
  }

  queueMicrotask(() => askNext())
  return () => {
    const wasUnderWay = stop()
    if (wasUnderWay) attempt?.stop()
    return wasUnderWay
  }
}

interface AskEvents {
  opened(headers: Parameters<UpgradeSink['opened']>[0], socket: Parameters<UpgradeSink['opened']>[1]): void
  failed(failure: UpstreamFailure, wasSent: boolean): void
}

function ask(member: Member, request: UpstreamRequest, options: Client.Options, events: AskEvents): { stop(): void } {
  let phase: Phase = 'connect'
  const client = new Client(member.url, {
    ...options,
    connect: (_where, done) => void member.connector.open(done as never),
  })
  // Not from inside its callbacks.
  const stop = (): void => queueMicrotask(() => void client.destroy())
  const { target: path, method, headers } = request
  client.dispatch(
    { path, method, headers: headers as string[], upgrade: 'websocket', headersTimeout: 0, bodyTimeout: 0 },
    {
      onRequestStart() {
        phase = 'wait'
        member.connected()
      },
      onRequestUpgrade(controller, _status, _headers, socket) {
        stop()
        member.answered(undefined)
        const { rawHeaders } = controller
        events.opened(Array.isArray(rawHeaders) ? flatHeaders(rawHeaders) : [], socket)
      },
      onResponseStart(_controller, status) {
        if (status < 200) return
        stop()
        member.answered(undefined)
        const cause = new Error(`the backend answers an upgrade with status ${status}`)
        events.failed({ code: 'upstream-protocol', proxyError: 'http_upgrade_failed', phase, cause }, true)
      },
      onResponseData() {},
      onResponseEnd() {},
      onResponseError(_controller, error) {
        stop()
        events.failed(upstreamFailure(error, phase), phase !== 'connect')
      },
    },
  )
  return { stop }
}
